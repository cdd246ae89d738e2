// Many small tables that grow on demand, in memory of one pool: blocks of 4, 8, 16 ... entries from free lists.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/huge_pages.hpp"

namespace parley::agentic {

// A table of one owner; its entries live in a TablePool.
struct TableHandle {
    std::uint32_t block = 0;
    std::uint16_t size = 0;
    std::uint8_t size_class = 0;  // 0: no block yet; else capacity 2 << size_class
};

template <class Entry>
class TablePool {
   public:
    std::span<Entry> view(const TableHandle& table) {
        if (table.size == 0) return {};
        return {address(table.size_class, table.block), table.size};
    }

    void prefetch(const TableHandle& table) {
        if (table.size == 0) return;
        const auto* first = reinterpret_cast<const std::byte*>(address(table.size_class, table.block));
        for (std::size_t at = 0; at < table.size * sizeof(Entry); at += 64) __builtin_prefetch(first + at, 1);
    }

    // Adds an entry at the end.
    Entry& append(TableHandle& table, const Entry& entry) {
        if (table.size_class == 0 || table.size == capacity(table.size_class)) enlarge(table);
        Entry* entries = address(table.size_class, table.block);
        entries[table.size] = entry;
        return entries[table.size++];
    }

    // The entries of a table, to a checkpoint or back into an empty table.
    template <class Archive>
    void transfer(Archive& archive, TableHandle& table) {
        std::uint16_t size = table.size;
        archive(size);
        if constexpr (Archive::reading) {
            for (; size > 0; --size) {
                Entry entry{};
                archive(entry);
                append(table, entry);
            }
        } else {
            for (Entry& entry : view(table)) archive(entry);
        }
    }

    std::size_t bytes() const {
        std::size_t total = 0;
        for (std::size_t c = 0; c < arenas_.size(); ++c) {
            total += arenas_[c].chunks.size() * blocks_a_chunk * capacity(static_cast<std::uint8_t>(c)) * sizeof(Entry);
        }
        return total;
    }

   private:
    static constexpr std::uint32_t blocks_a_chunk = 256;
    struct Arena {
        std::vector<Entry*> chunks;
        std::vector<std::uint32_t> free;
        std::uint32_t next = 0;
    };

    static constexpr std::uint32_t capacity(std::uint8_t size_class) { return 2U << size_class; }

    Entry* address(std::uint8_t size_class, std::uint32_t block) {
        return arenas_[size_class].chunks[block / blocks_a_chunk] +
               static_cast<std::size_t>(block % blocks_a_chunk) * capacity(size_class);
    }

    void enlarge(TableHandle& table) {
        TableHandle larger{0, table.size, static_cast<std::uint8_t>(table.size_class + 1)};
        larger.block = take_block(larger.size_class);
        if (table.size_class > 0) {
            const Entry* old = address(table.size_class, table.block);
            std::copy(old, old + table.size, address(larger.size_class, larger.block));
            arenas_[table.size_class].free.push_back(table.block);
        }
        table = larger;
    }

    std::uint32_t take_block(std::uint8_t size_class) {
        if (arenas_.size() <= size_class) arenas_.resize(size_class + 1U);
        Arena& arena = arenas_[size_class];
        if (!arena.free.empty()) {
            const std::uint32_t block = arena.free.back();
            arena.free.pop_back();
            return block;
        }
        if (arena.next % blocks_a_chunk == 0) {
            const std::size_t bytes = std::size_t{blocks_a_chunk} * capacity(size_class) * sizeof(Entry);
            arena.chunks.push_back(static_cast<Entry*>(memory_.allocate(bytes, 64)));
        }
        return arena.next++;
    }

    static constexpr std::size_t first_allocation = 65536;
    std::pmr::monotonic_buffer_resource memory_{first_allocation, &huge_pages()};
    std::vector<Arena> arenas_;
};

}  // namespace parley::agentic
