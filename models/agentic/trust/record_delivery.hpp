// Records that partitions send each other at a boundary, each to the partition that owns what it is about.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/entity_id.hpp"
#include "engine/transport.hpp"

namespace parley::agentic {

// Which partition owns an id, for one kind of entities.
class OwnerTable {
   public:
    OwnerTable() = default;
    // `mine`: the ranges of this rank's partitions, in order; every rank has as many. Collective.
    OwnerTable(std::span<const IdRange> mine, Transport& transport) {
        std::vector<std::uint32_t> begins;
        for (const IdRange& range : mine) begins.push_back(range.begin);
        const auto bytes = std::as_bytes(std::span(begins));
        for (const Bytes& theirs : transport.gather_all({bytes.begin(), bytes.end()})) {
            const std::size_t known = begins_.size();
            begins_.resize(known + theirs.size() / sizeof(std::uint32_t));
            std::memcpy(begins_.data() + known, theirs.data(), theirs.size());
        }
    }

    // Counted over all ranks.
    std::uint32_t partition_of(std::uint32_t id) const {
        return static_cast<std::uint32_t>(std::upper_bound(begins_.begin(), begins_.end(), id) - begins_.begin() - 1);
    }

   private:
    std::vector<std::uint32_t> begins_;
};

// `Record`: trivially copyable.
template <class Record>
class RecordDelivery {
   public:
    // `partitions`: of each rank.
    RecordDelivery(std::size_t partitions, Transport& transport)
        : transport_(transport),
          partitions_(partitions),
          first_(partitions * static_cast<std::size_t>(transport.rank())),
          here_(partitions, std::vector<std::vector<Record>>(partitions)),
          elsewhere_(partitions, std::vector<std::vector<Record>>(static_cast<std::size_t>(transport.size()))) {}

    // From a partition of this rank, counted from 0, to one of any rank, counted over all. Partitions may add at the
    // same time.
    void add(std::size_t from, std::uint32_t to, const Record& record) {
        if (to - first_ < partitions_) {
            here_[from][to - first_].push_back(record);
        } else {
            elsewhere_[from][to / partitions_].push_back(record);
        }
    }

    // Collective.
    void exchange() {
        if (transport_.size() == 1) return;
        Outgoing outgoing(transport_.size());
        for (auto& lists : elsewhere_) {
            for (std::size_t rank = 0; rank < lists.size(); ++rank) {
                if (lists[rank].empty()) continue;
                const auto bytes = std::as_bytes(std::span(lists[rank]));
                std::memcpy(outgoing.append(rank, bytes.size()), bytes.data(), bytes.size());
                lists[rank] = {};
            }
        }
        transport_.exchange(outgoing, incoming_, 0);
    }

    // Calls `visit(record)` for all that partition `to` of this rank got, in any order; `owns(record)` tells which of
    // the records from other ranks are its own.
    template <class Owns, class Visit>
    void for_each(std::size_t to, Owns&& owns, Visit&& visit) const {
        for (const auto& lists : here_) {
            for (const Record& record : lists[to]) visit(record);
        }
        for (std::size_t at = 0; at < incoming_.size(); at += sizeof(Record)) {
            Record record;
            std::memcpy(&record, incoming_.data() + at, sizeof record);
            if (owns(record)) visit(record);
        }
    }

   private:
    Transport& transport_;
    std::size_t partitions_;
    std::size_t first_;
    std::vector<std::vector<std::vector<Record>>> here_;       // by sending, receiving partition
    std::vector<std::vector<std::vector<Record>>> elsewhere_;  // by sending partition, receiving rank
    Bytes incoming_;
};

}  // namespace parley::agentic
