// Memory of pending events: chains of fixed-size pages, filled in order of arrival.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/event.hpp"

namespace parley {

// Fixed-size pages in large slabs. Last in, first out: the page handed out next is the one read last, which is
// still in the cache.
class PagePool {
   public:
    struct Page {
        Page* next;
        std::uint32_t used;  // bytes of records; valid once the page is closed
        std::uint32_t unused;
        std::byte* records() { return reinterpret_cast<std::byte*>(this + 1); }
        const std::byte* records() const { return reinterpret_cast<const std::byte*>(this + 1); }
    };

    explicit PagePool(std::size_t page_bytes) : page_bytes_(page_bytes) {}
    std::size_t room() const { return page_bytes_ - sizeof(Page); }
    Page* take() {
        if (free_ == nullptr) add_slab();
        Page* page = free_;
        free_ = page->next;
        page->next = nullptr;
        return page;
    }
    void give_back(Page* page) {
        page->next = free_;
        free_ = page;
    }
    std::size_t reserved_bytes() const { return reserved_bytes_; }

   private:
    struct SlabDeleter {
        void operator()(std::byte* slab) const;
    };
    void add_slab();

    std::size_t page_bytes_;
    std::size_t reserved_bytes_ = 0;
    Page* free_ = nullptr;
    std::vector<std::unique_ptr<std::byte, SlabDeleter>> slabs_;
};

// A bag of events. Append, then close, then iterate.
class EventChain {
   public:
    std::uint32_t events() const { return events_; }

    // Room for one more record of `bytes`, to be written at once.
    std::byte* append(std::uint32_t bytes, PagePool& pool) {
        if (room_ < bytes) grow(pool);
        std::byte* at = write_;
        write_ += bytes;
        room_ -= bytes;
        ++events_;
        return at;
    }
    void insert(const EventHeader& event, PagePool& pool) {
        std::memcpy(append(event.bytes, pool), &event, event.bytes);
    }

    void close() {
        if (tail_ != nullptr) tail_->used = static_cast<std::uint32_t>(write_ - tail_->records());
    }

    // Of a closed chain: calls `visit(const EventHeader&)` for each record, in order of arrival.
    template <class Visitor>
    void for_each(Visitor&& visit) const {
        for (const PagePool::Page* page = head_; page != nullptr; page = page->next) visit_page(*page, visit);
    }
    // The same, giving each page back as soon as it has been read.
    template <class Visitor>
    void consume(PagePool& pool, Visitor&& visit) {
        for (PagePool::Page* page = head_; page != nullptr;) {
            visit_page(*page, visit);
            PagePool::Page* next = page->next;
            pool.give_back(page);
            page = next;
        }
        *this = EventChain{};
    }
    // Gives all pages back.
    void release(PagePool& pool) {
        for (PagePool::Page* page = head_; page != nullptr;) {
            PagePool::Page* next = page->next;
            pool.give_back(page);
            page = next;
        }
        *this = EventChain{};
    }

   private:
    template <class Visitor>
    static void visit_page(const PagePool::Page& page, Visitor& visit) {
        const std::byte* at = page.records();
        const std::byte* end = at + page.used;
        while (at != end) {
            const auto* header = reinterpret_cast<const EventHeader*>(at);
            at += header->bytes;
            visit(*header);
        }
    }
    void grow(PagePool& pool) {
        PagePool::Page* page = pool.take();
        close();
        (tail_ == nullptr ? head_ : tail_->next) = page;
        tail_ = page;
        write_ = page->records();
        room_ = static_cast<std::uint32_t>(pool.room());
    }

    PagePool::Page* head_ = nullptr;
    PagePool::Page* tail_ = nullptr;
    std::byte* write_ = nullptr;
    std::uint32_t room_ = 0;
    std::uint32_t events_ = 0;
};

}  // namespace parley
