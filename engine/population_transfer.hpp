// The entities of all ranks to a checkpoint and back.
//
// Kind after kind, block after block of ids, entity after entity: the order of entities does not depend on who lived
// where. Padding of events, and what a state keeps in order of arrival, may.
// One block at a time is on its way to the root, or from it, so little memory is needed beside the state itself.
//
//   section "entities/KIND":  a block: its bytes (64 bit), then an entity after the other
//     an entity: bytes of its record (32 bit), its count of sent events, what State::transfer lists, its pending events
//     in the order of handling: bytes (64 bit), records as in memory
//   section "sums":           a partition: bytes (64 bit), what State::transfer_sums lists
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "engine/checkpoint.hpp"
#include "engine/pending_index.hpp"
#include "engine/population.hpp"

namespace parley {

// `out` and `in`: of the root, nullptr elsewhere. Collective.
template <class Model>
class PopulationTransfer {
   public:
    PopulationTransfer(const EntityDirectory& directory, Population<Model>& population, Transport& transport)
        : directory_(directory),
          population_(population),
          transport_(transport),
          partitions_per_rank_(directory.partition_count() / static_cast<std::uint32_t>(transport.size())),
          first_local_(partitions_per_rank_ * static_cast<std::uint32_t>(transport.rank())) {}

    void save(CheckpointWriter* out) {
        std::vector<PendingIndex> pending;
        pending.reserve(partitions_per_rank_);
        for (std::uint32_t i = 0; i < partitions_per_rank_; ++i) {
            pending.emplace_back(directory_, first_local_ + i, population_.partition(i).calendar());
        }
        for (std::size_t k = 0; k < directory_.kind_count(); ++k) {
            if (out != nullptr) out->begin(section_of(k));
            for_each_block(k, [&](IdRange block) { save_block(k, block, pending, out); });
        }
        save_sums(out);
    }

    void restore(CheckpointReader* in) {
        for (std::size_t k = 0; k < directory_.kind_count(); ++k) {
            if (in != nullptr) in->open(section_of(k));
            for_each_block(k, [&](IdRange block) { restore_block(k, block, in); });
            if (in != nullptr) expect_state(in->rest() == 0);
        }
        restore_sums(in);
    }

   private:
    static constexpr std::uint32_t most_ids = 4096;
    static constexpr std::uint32_t load_a_block = 32768;

    std::string section_of(std::size_t k) const { return "entities/" + directory_.kind(k).name; }
    int rank_of(std::uint32_t partition) const { return static_cast<int>(partition / partitions_per_rank_); }
    bool is_local(std::uint32_t partition) const { return partition - first_local_ < partitions_per_rank_; }
    Partition<Model>& local(std::uint32_t partition) { return population_.partition(partition - first_local_); }

    // Kinds that handle more events also have more state and more pending events.
    template <class Visit>
    void for_each_block(std::size_t k, Visit&& visit) const {
        const EntityKind& kind = directory_.kind(k);
        const std::uint32_t ids = std::clamp(load_a_block / std::max(1U, kind.relative_load), 1U, most_ids);
        const std::uint32_t first = directory_.first_of_kind(k);
        for (std::uint32_t done = 0; done < kind.count; done += std::min(ids, kind.count - done)) {
            visit(IdRange{first + done, first + done + std::min(ids, kind.count - done)});
        }
    }
    // Calls `visit(partition, ids)` for the parts of a block in order of ids.
    template <class Visit>
    void for_each_part(std::size_t k, IdRange block, Visit&& visit) const {
        const std::uint32_t last = directory_.partition_of(EntityId{block.end - 1});
        for (std::uint32_t p = directory_.partition_of(EntityId{block.begin}); p <= last; ++p) {
            const IdRange own = directory_.range(p, k);
            const IdRange part{std::max(own.begin, block.begin), std::min(own.end, block.end)};
            if (part.begin < part.end) visit(p, part);
        }
    }

    void save_block(std::size_t k, IdRange block, const std::vector<PendingIndex>& pending, CheckpointWriter* out) {
        Bytes whole;
        for_each_part(k, block, [&](std::uint32_t p, IdRange ids) {
            if (is_local(p)) {
                Bytes part = bytes_of(local(p), ids, pending[p - first_local_]);
                if (out == nullptr) return transport_.send(0, part);
                whole.insert(whole.end(), part.begin(), part.end());
            } else if (out != nullptr) {
                const Bytes part = transport_.receive(rank_of(p));
                whole.insert(whole.end(), part.begin(), part.end());
            }
        });
        if (out != nullptr) append_sized(*out, whole);
    }

    static void append_sized(CheckpointWriter& out, const Bytes& bytes) {
        const std::uint64_t size = bytes.size();
        out.append(std::as_bytes(std::span(&size, 1)));
        out.append(bytes);
    }
    static Bytes read_sized(CheckpointReader& in) {
        std::uint64_t size = 0;
        in.read(std::as_writable_bytes(std::span(&size, 1)));
        expect_state(size <= in.rest());
        Bytes bytes(size);
        in.read(bytes);
        return bytes;
    }

    static Bytes bytes_of(Partition<Model>& partition, IdRange ids, const PendingIndex& pending) {
        ArchiveWriter archive;
        for (std::uint32_t id = ids.begin; id < ids.end; ++id) {
            std::uint32_t size = 0;
            const std::size_t at = archive.bytes().size();
            archive(size, partition.state().sequence(EntityId{id}));
            partition.state().transfer(archive, EntityId{id});
            append_events(archive, pending.of(EntityId{id}));
            size = static_cast<std::uint32_t>(archive.bytes().size() - at - sizeof size);
            std::memcpy(archive.bytes().data() + at, &size, sizeof size);
        }
        return std::move(archive.bytes());
    }

    static void append_events(ArchiveWriter& archive, std::span<const EventHeader* const> events) {
        std::uint64_t size = 0;
        for (const EventHeader* event : events) size += event->bytes;
        archive(size);
        for (const EventHeader* event : events) {
            archive.append({reinterpret_cast<const std::byte*>(event), event->bytes});
        }
    }

    void restore_block(std::size_t k, IdRange block, CheckpointReader* in) {
        Bytes whole;
        int last_sent = 0;
        if (in != nullptr) {
            whole = read_sized(*in);
            expect_state(!whole.empty());
        }
        for_each_part(k, block, [&](std::uint32_t p, IdRange ids) {
            if (is_local(p)) {
                if (whole.empty()) whole = transport_.receive(0);
                take(local(p), block, ids, whole);
            } else if (in != nullptr && rank_of(p) != last_sent) {
                last_sent = rank_of(p);
                transport_.send(last_sent, whole);
            }
        });
    }

    // The entities `ids` of a block that `bytes` holds all of.
    static void take(Partition<Model>& partition, IdRange block, IdRange ids, const Bytes& bytes) {
        ArchiveReader all(bytes);
        for (std::uint32_t id = block.begin; id < ids.end; ++id) {
            std::uint32_t size = 0;
            all(size);
            const auto record = all.take(size);
            if (id < ids.begin) continue;
            ArchiveReader archive(record);
            archive(partition.state().sequence(EntityId{id}));
            partition.state().transfer(archive, EntityId{id});
            std::uint64_t events = 0;
            archive(events);
            partition.insert_pending(archive.take(events));
            archive.expect_end();
        }
    }

    void save_sums(CheckpointWriter* out) {
        if (out != nullptr) out->begin("sums");
        for (std::uint32_t p = 0; p < directory_.partition_count(); ++p) {
            if (is_local(p)) {
                ArchiveWriter archive;
                local(p).state().transfer_sums(archive);
                if (out == nullptr) {
                    transport_.send(0, archive.bytes());
                } else {
                    append_sized(*out, archive.bytes());
                }
            } else if (out != nullptr) {
                append_sized(*out, transport_.receive(rank_of(p)));
            }
        }
    }

    // It is sums that partitions hold: all of them go to the first.
    void restore_sums(CheckpointReader* in) {
        if (in == nullptr) return;
        for (in->open("sums"); in->rest() > 0;) {
            const Bytes bytes = read_sized(*in);
            ArchiveReader archive(bytes);
            population_.partition(0).state().transfer_sums(archive);
            archive.expect_end();
        }
    }

    const EntityDirectory& directory_;
    Population<Model>& population_;
    Transport& transport_;
    std::uint32_t partitions_per_rank_;
    std::uint32_t first_local_;
};

}  // namespace parley
