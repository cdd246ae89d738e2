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
};

inline constexpr std::size_t event_kind_count = static_cast<std::size_t>(EventKind::committed) + 1;

constexpr std::uint16_t code(EventKind kind) { return static_cast<std::uint16_t>(kind); }

// peer -> itself: the next honest workflow starts.
struct WorkflowArrival {};

// peer -> itself: refresh a descriptor.
struct Refresh {
    std::uint32_t instance;  // which of the peer's instances
};

// peer -> itself: look for time-outs, deadlines and finished verifications of own workflows.
struct Wake {};

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

// peer -> shard. All static claims follow from (peer, class); the sequence number is the issue time.
struct RegisterDescriptor {
    std::uint32_t peer;
    bool degraded;  // the claim: degraded or nominal quality
    std::uint8_t unused;
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
    std::uint32_t peer;
    float match;
    float quality;
    float price;
    float seconds;
    float trust;  // published
};

// shard -> peer; followed by `count` Candidates.
struct Candidates {
    std::uint32_t workflow;
    std::uint8_t step;
    std::uint8_t reply_slot;
    std::uint8_t count;
    std::uint8_t removed_by_trust;  // the answer is empty because of min_trust
};

// peer -> provider
struct CanaryRequest {
    TaskName name;
    std::uint32_t unused;
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
    std::uint16_t unused;
};

// provider -> peer
struct Result {
    TaskName name;
    std::uint8_t good;  // ground truth: what outcome check or evidence may find out
    std::uint8_t unused[3];
};

// peer -> provider: the evidence has been accepted, the prepared side effect may happen.
struct Commit {
    TaskName name;
    std::uint8_t good;  // ground truth of the prepared execution, for metrics
    std::uint8_t unused[3];
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
    std::uint32_t ratee;
    std::uint8_t good;
    std::uint8_t unused[3];
};

}  // namespace parley::agentic
