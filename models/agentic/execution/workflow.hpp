// The running steps of open workflows, and the pool they live in.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "engine/huge_pages.hpp"
#include "engine/sim_time.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/metrics.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/tier.hpp"

namespace parley::agentic {

// Where a step stands. See requester.hpp for the transitions.
enum class Phase : std::uint8_t { discovering, canary, delegated, checking_evidence, committing };

enum class CandidateState : std::uint8_t { untried, canary_sent, passed, used };

struct RankedCandidate {
    std::uint32_t peer;  // identity
    CandidateState state;
    std::uint8_t canaries_passed;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(peer, state, canaries_passed);
    }
};

// A candidate whose name is not its address, since its entry is forged.
struct StolenName {
    std::uint32_t name;
    std::uint32_t address;
};

// Followed by `count` StolenNames, at most one a candidate.
struct StolenNames {
    std::uint32_t count;
    StolenName* names() { return reinterpret_cast<StolenName*>(this + 1); }
};

// A running step of an open workflow. Those of one workflow have equal `number`, `started`, `accepted` and `tainted`;
// its step names a record, in messages too. A step that has been accepted leaves its record to one that waited for it.
struct Workflow {
    std::uint32_t next;    // in the list of its requester
    std::uint32_t number;  // of its requester
    SimTime started;       // the workflow
    SimTime due;           // when the phase times out or completes
    SimTime phase_began;   // first query, canary, delegation
    SimTime canaries_due;
    std::uint32_t accepted;  // bit i: step i of the workflow
    std::uint16_t capability_class;
    std::uint8_t step;
    Phase phase;
    Tier tier;
    bool tainted;           // an accepted step of the workflow was bad
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
        archive(number, started, accepted, due, phase_began, canaries_due, capability_class, step, phase, tier, tainted,
                result_good, removed_by_trust, last_failure, retries_left, shards_answered, delegations, rank,
                candidates, merged);
    }
};
static_assert(sizeof(Workflow) <= 64, "with eight candidates it fills two cache lines");

// Workflow records of a partition, one a running step; each is followed by its candidates.
class WorkflowPool {
   public:
    static constexpr std::uint32_t end = UINT32_MAX;

    explicit WorkflowPool(const Parameters& parameters)
        : p_(parameters),
          candidates_(parameters.candidates),
          may_be_forged_(parameters.accepts_forgeries()),
          stolen_at_(sizeof(Workflow) + candidates_ * sizeof(RankedCandidate) +
                     (parameters.fanout > 1 ? candidates_ * sizeof(Candidate) : 0)),
          stride_((stolen_at_ + (may_be_forged_ ? stolen_bytes() : 0) + 63) / 64 * 64) {}

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

    // Candidates whose name is not their address; only where forged entries are possible.
    StolenNames& stolen_names(Workflow& workflow) {
        return *reinterpret_cast<StolenNames*>(reinterpret_cast<std::byte*>(&workflow) + stolen_at_);
    }

    void prefetch(std::uint32_t index) {
        const std::byte* first = record(index);
        for (std::size_t at = 0; at < stride_; at += 64) __builtin_prefetch(first + at, 1);
    }

    std::uint32_t take() {
        if (!free_.empty()) {
            const std::uint32_t index = free_.back();
            free_.pop_back();
            return index;
        }
        if (next_ % records_a_chunk == 0)
            chunks_.push_back(static_cast<std::byte*>(memory_.allocate(records_a_chunk * stride_, 64)));
        return next_++;
    }
    void give_back(std::uint32_t index) { free_.push_back(index); }

    // How many workflows have running steps in the list that begins at `first`.
    std::uint64_t count_workflows(std::uint32_t first) {
        std::uint64_t count = 0;
        for (std::uint32_t index = first; index != end; index = at(index).next) {
            std::uint32_t other = first;
            while (at(other).number != at(index).number) other = at(other).next;
            count += other == index ? 1 : 0;
        }
        return count;
    }

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
        if constexpr (Archive::reading) expect_state(is_possible(workflow));
        for (RankedCandidate& candidate : ranked(workflow)) archive(candidate);
        for (std::size_t i = 0; i < workflow.merged; ++i) archive(merge_area(workflow)[i]);
        if (!may_be_forged_) return;
        StolenNames& stolen = stolen_names(workflow);
        archive(stolen.count);
        if constexpr (Archive::reading) expect_state(stolen.count <= candidates_);
        for (std::size_t i = 0; i < stolen.count; ++i) archive(stolen.names()[i]);
    }

    // Of a record read from a checkpoint: whether all that it counts and names is there.
    bool is_possible(const Workflow& workflow) const {
        return workflow.step < p_.steps.size() && workflow.capability_class < p_.classes.size() &&
               workflow.phase <= Phase::committing && workflow.tier < tier_count &&
               workflow.last_failure <= Failure::requester_left && workflow.candidates <= candidates_ &&
               workflow.merged <= (p_.fanout > 1 ? candidates_ : 0) && workflow.rank < candidates_;
    }

    static constexpr std::size_t records_a_chunk = 512;
    std::byte* record(std::uint32_t index) {
        return chunks_[index / records_a_chunk] + (index % records_a_chunk) * stride_;
    }

    std::size_t stolen_bytes() const { return sizeof(StolenNames) + candidates_ * sizeof(StolenName); }

    const Parameters& p_;
    std::size_t candidates_;
    bool may_be_forged_;
    std::size_t stolen_at_;
    std::size_t stride_;
    static constexpr std::size_t first_allocation = 65536;
    std::pmr::monotonic_buffer_resource memory_{first_allocation, &huge_pages()};
    std::vector<std::byte*> chunks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t next_ = 0;
};

}  // namespace parley::agentic
