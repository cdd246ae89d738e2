// Every message and timer of the model: who sends it to whom, and what it carries.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::agentic {

enum class EventKind : std::uint16_t {
    // timers of a peer
    workflow_arrival,
    refresh,
    wake,
    task_done,
    // to a registry shard
    register_descriptor,
    query,
    // to a peer
    candidates,
    canary_request,
    canary_response,
    delegate,
    result,
    busy,
    // to a ratings account
    report,
    // between peers, under the commit gate
    commit,
    committed,
    // timer of a Sybil
    forge,
    // timers of a peer
    presence,
    standing,
    // timer of a Sybil: adversary/strategy.hpp
    sybil_timer,
};

inline constexpr std::size_t event_kind_count = static_cast<std::size_t>(EventKind::sybil_timer) + 1;

constexpr std::uint16_t code(EventKind kind) { return static_cast<std::uint16_t>(kind); }

// peer -> itself: the next honest workflow starts.
struct WorkflowArrival {};

// peer -> itself: refresh a descriptor.
struct Refresh {
    std::uint32_t instance;  // which of the peer's instances
};

// peer -> itself: look for time-outs, deadlines and finished verifications of own workflows.
struct Wake {};

// peer -> itself: it goes off, or comes back on.
struct PresenceTimer {};

// Sybil -> itself: a reputation epoch has begun; does it keep its identity?
struct StandingTimer {};

// Which delegation or canary a message is about: a candidate is asked at most once in a step.
struct TaskName {
    std::uint32_t workflow;  // the requester's number of it
    std::uint8_t step;
    std::uint8_t rank;  // of the candidate in the requester's order
    std::uint16_t capability_class;
};

// What an execution does to the world outside.
enum class SideEffect : std::uint8_t {
    none,
    at_completion,
    at_commit,  // only prepared; the requester commits it when it has verified the evidence
};

// provider -> itself: an execution is complete.
struct TaskDone {
    TaskName name;
    std::uint32_t requester;
    std::uint32_t task;  // the provider's number of it
    std::uint8_t evidence_wanted;
    SideEffect side_effect;
    std::uint16_t instance;
};

// Sybil -> itself: forge a descriptor.
struct Forge {
    std::uint32_t number;  // of the Sybil's forgeries so far
};

// peer -> shard. All static claims follow from (issuer, class); the sequence number is the issue time. Where the name
// is not the sender's the descriptor is forged: the sender is its issuer.
struct RegisterDescriptor {
    std::uint32_t peer;     // the identity it is for
    bool degraded;          // the claim: degraded or nominal quality
    bool newest;            // the sequence number is the largest value instead (adversary.forge_sequence = max)
    std::uint16_t quality;  // the claim under drift.kind = ou, in 1/65535
    std::int64_t issued;    // ns
};

inline constexpr double quality_steps = 65535;
// `quality`: 0..1
constexpr std::uint16_t quality_claim(double quality) {
    return static_cast<std::uint16_t>(quality * quality_steps + 0.5);
}
constexpr double claimed(std::uint16_t quality) { return quality / quality_steps; }

// peer -> shard. The intent is regenerated from (requester, workflow, step).
struct Query {
    std::uint32_t workflow;
    std::uint8_t step;
    std::uint8_t reply_slot;    // which of the asked shards this is
    std::uint8_t trusted_only;  // wants candidates whose published trust is at least the policy's threshold
    std::uint8_t unused;
};

struct Candidate {
    std::uint32_t peer;  // identity
    float match;
    float quality;
    float price;
    float seconds;
    float trust;  // published

    template <class Archive>
    void transfer(Archive& archive) {
        archive(peer, match, quality, price, seconds, trust);
    }
};

// shard -> peer; followed by `count` Candidates and, if `addressed`, as many addresses (32 bits): where what the
// candidate is asked is to be sent. Without them it is the name.
struct Candidates {
    std::uint32_t workflow;
    std::uint8_t step;
    std::uint8_t reply_slot;
    std::uint8_t count;
    bool removed_by_trust : 1;  // the answer is empty because of min_trust
    bool addressed : 1;         // a candidate's name is not its address: its entry is forged
};

// peer -> provider
struct CanaryRequest {
    TaskName name;
    std::uint16_t incarnation;  // whom it is for, here and below (identity.hpp)
    std::uint16_t unused;
    std::int64_t due;  // ns; an answer that arrives later has failed
};

// provider -> peer
struct CanaryResponse {
    TaskName name;
    std::uint8_t passed;
    std::uint8_t sybil;  // ground truth, for metrics
    std::uint16_t unused;
    std::int64_t due;  // of the request
};

// peer -> provider
struct Delegate {
    TaskName name;
    std::uint8_t evidence_wanted;
    SideEffect side_effect;
    std::uint16_t incarnation;
};

// provider -> peer
struct Result {
    TaskName name;
    std::uint8_t good;  // ground truth: what outcome check or evidence may find out
    std::uint8_t with_evidence;
    std::uint8_t unused[2];
};

// peer -> provider: the evidence has been accepted, the prepared side effect may happen.
struct Commit {
    TaskName name;
    std::uint8_t good;  // ground truth of the prepared execution, for metrics
    std::uint8_t unused;
    std::uint16_t incarnation;
};

// provider -> peer: the side effect has happened.
struct Committed {
    TaskName name;
};

// provider -> peer: the queue is full.
struct Busy {
    TaskName name;
};

// peer -> its ratings account
struct Report {
    std::uint32_t ratee;  // identity
    std::uint8_t good;
    std::uint8_t unused[3];
};

}  // namespace parley::agentic
