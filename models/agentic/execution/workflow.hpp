// An open workflow of a requester, and the pool it lives in.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/huge_pages.hpp"
#include "engine/sim_time.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/metrics.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// Where a step stands. See requester.hpp for the transitions.
enum class Phase : std::uint8_t { discovering, canary, delegated, checking_evidence, committing };

enum class CandidateState : std::uint8_t { untried, canary_sent, passed, used };

struct RankedCandidate {
    std::uint32_t peer;
    CandidateState state;
    std::uint8_t canaries_passed;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(peer, state, canaries_passed);
    }
};

struct Workflow {
    std::uint32_t next;    // in the list of its requester
    std::uint32_t number;  // of its requester
    SimTime started;
    SimTime due;          // when the phase times out or completes
    SimTime phase_began;  // first query, canary, delegation
    SimTime canaries_due;
    std::uint16_t capability_class;
    std::uint8_t step;
    Phase phase;
    Tier tier;
    bool tainted;           // an accepted step was bad
    bool result_good;       // of the evidence being checked, or the execution being committed
    bool removed_by_trust;  // the registry said so
    Failure last_failure;   // why the last candidate was dropped
    std::uint8_t retries_left;
    std::uint8_t shards_answered;  // bit i: the i-th asked shard
    std::uint8_t delegations;
    std::uint8_t rank;  // of the candidate delegated to
    std::uint8_t candidates;
    std::uint8_t merged;  // candidates merged from several shards

    template <class Archive>
    void transfer(Archive& archive) {
        archive(number, started, due, phase_began, canaries_due, capability_class, step, phase, tier, tainted,
                result_good, removed_by_trust, last_failure, retries_left, shards_answered, delegations, rank,
                candidates, merged);
    }
};

// Workflow records of a partition; each is followed by its candidates.
class WorkflowPool {
   public:
    static constexpr std::uint32_t end = UINT32_MAX;

    explicit WorkflowPool(const Parameters& parameters)
        : candidates_(parameters.candidates),
          stride_((sizeof(Workflow) + candidates_ * sizeof(RankedCandidate) +
                   (parameters.fanout > 1 ? candidates_ * sizeof(Candidate) : 0) + 63) /
                  64 * 64) {}

    Workflow& at(std::uint32_t index) { return *reinterpret_cast<Workflow*>(record(index)); }
    // The candidates in the requester's order.
    std::span<RankedCandidate> ranked(Workflow& workflow) {
        return {reinterpret_cast<RankedCandidate*>(&workflow + 1), workflow.candidates};
    }
    // Room for K candidates from several shards; only with fanout > 1.
    Candidate* merge_area(Workflow& workflow) {
        return reinterpret_cast<Candidate*>(reinterpret_cast<std::byte*>(&workflow + 1) +
                                            candidates_ * sizeof(RankedCandidate));
    }

    void prefetch(std::uint32_t index) {
        const std::byte* first = record(index);
        for (std::size_t at = 0; at < stride_; at += 64) __builtin_prefetch(first + at, 1);
    }

    std::uint32_t take() {
        ++open_;
        if (!free_.empty()) {
            const std::uint32_t index = free_.back();
            free_.pop_back();
            return index;
        }
        if (next_ % records_a_chunk == 0)
            chunks_.push_back(static_cast<std::byte*>(memory_.allocate(records_a_chunk * stride_, 64)));
        return next_++;
    }
    void give_back(std::uint32_t index) {
        --open_;
        free_.push_back(index);
    }
    std::uint64_t open() const { return open_; }

    // Checkpoints: the list of workflows that begins at `first`, in its order.
    template <class Archive>
    void transfer(Archive& archive, std::uint32_t& first) {
        std::uint32_t count = 0;
        for (std::uint32_t index = first; index != end; index = at(index).next) ++count;
        archive(count);
        std::uint32_t index = first;
        for (std::uint32_t previous = end; count > 0; --count) {
            if constexpr (Archive::reading) {
                index = take();
                at(index) = Workflow{};
                at(index).next = end;
                (previous == end ? first : at(previous).next) = index;
            }
            transfer_record(archive, at(index));
            previous = index;
            index = at(index).next;
        }
    }

   private:
    template <class Archive>
    void transfer_record(Archive& archive, Workflow& workflow) {
        archive(workflow);
        for (RankedCandidate& candidate : ranked(workflow)) archive(candidate);
        for (std::size_t i = 0; i < workflow.merged; ++i) archive(merge_area(workflow)[i]);
    }

    static constexpr std::size_t records_a_chunk = 512;
    std::byte* record(std::uint32_t index) {
        return chunks_[index / records_a_chunk] + (index % records_a_chunk) * stride_;
    }

    std::size_t candidates_;
    std::size_t stride_;
    static constexpr std::size_t first_allocation = 65536;
    std::pmr::monotonic_buffer_resource memory_{first_allocation, &huge_pages()};
    std::vector<std::byte*> chunks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t next_ = 0;
    std::uint64_t open_ = 0;
};

}  // namespace parley::agentic
