// A peer as requester: the life of the steps of its workflows, as a state machine. A step begins when all it comes
// after have been accepted; steps that do not wait for each other are served at the same time.
//
//   begin_step --query--> discovering --candidates--> rank_candidates --> try_next
//     discovering: no answer within query.timeout -> the query is sent again, `retries` times, then discovery_failed
//   try_next (tiers 0, 1)  -> delegated to the best candidate
//   try_next (tiers 2, 3)  -> canary: asks the best `parallel` candidates; the best-ranked that passes -> delegated
//     canary failed or unanswered -> negative feedback, try_next
//   delegated: busy -> try_next, without blame; no answer within execution.timeout -> blame, after_failure
//     result, tiers 0..2 -> outcome check;  result, tier 3 -> checking_evidence for verify_time
//   accepted evidence of a gated side effect -> committing: one more round trip, then accepted
//   a bad result that is noticed, or rejected evidence -> blame, after_failure
//   after_failure: tiers 0, 1 -> the workflow fails; tiers 2, 3 -> try_next, up to max_attempts delegations
//   accepted -> praise, then the steps that waited for this one alone; after the last one the workflow ends: success,
//     or compromised when an accepted result was bad
//   a step fails -> so does the workflow; its other running steps are dropped, nobody is blamed for them
//   deadline: the workflow fails, nobody is blamed
//
// One Wake timer a peer covers all time-outs of its workflows: it is set for the earliest of them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/discovery/class_catalogue.hpp"
#include "models/agentic/execution/workflow.hpp"
#include "models/agentic/identity/identity.hpp"
#include "models/agentic/peer.hpp"
#include "models/agentic/policy/policies.hpp"
#include "models/agentic/trust/local_reputation.hpp"
#include "models/agentic/trust/utility.hpp"

namespace parley::agentic {

// A running step of a requester.
struct StepName {
    std::uint32_t workflow;
    std::uint8_t step;
};

class Requester {
   public:
    // `first_shard`, `first_account`: entity ids.
    Requester(const Parameters& parameters, const ClassCatalogue& catalogue, const Signatures& signatures,
              Metrics& metrics, std::uint32_t first_shard, std::uint32_t first_account)
        : p_(parameters),
          catalogue_(catalogue),
          metrics_(metrics),
          network_{parameters, metrics, signatures},
          pool_(parameters),
          reputation_(parameters),
          policy_(make_policy(parameters)),
          all_steps_(mask_of(parameters.steps)),
          one_at_a_time_(parameters.steps_are_list()),
          first_shard_(first_shard),
          first_account_(first_account) {}

    // Sets the timer of the next workflow. `since`: the on-time that has just begun, where peers go off and come back;
    // it has draws of its own, so that the clock goes on as if it had stood still.
    void schedule_arrival(AgenticContext& context, const Peer& peer, std::uint32_t since = 0);
    // The arrival timer fired.
    void start_workflow(AgenticContext& context, Peer& peer);

    void on_candidates(AgenticContext& context, Peer& peer, const Event& event);
    void on_canary_response(AgenticContext& context, Peer& peer, const CanaryResponse& response);
    void on_result(AgenticContext& context, Peer& peer, const Result& result);
    void on_committed(AgenticContext& context, Peer& peer, const Committed& committed);
    void on_busy(AgenticContext& context, Peer& peer, const Busy& busy);
    void on_wake(AgenticContext& context, Peer& peer);
    // The peer goes off: its workflows end.
    void leave(Peer& peer);

    // Fetches what the next answer to the peer, or its next time-out, will need.
    void prefetch(const Peer& peer, bool reputation) {
        if (peer.open_workflows != WorkflowPool::end) pool_.prefetch(peer.open_workflows);
        if (reputation) reputation_.prefetch(peer.reputation);
    }

    // Workflows, however many of their steps are running.
    std::uint64_t open_workflows() const { return open_workflows_; }

    // Checkpoints: one peer's workflows and reputation table.
    template <class Archive>
    void transfer(Archive& archive, Peer& peer) {
        pool_.transfer(archive, peer.open_workflows);
        if (Archive::reading) open_workflows_ += pool_.count_workflows(peer.open_workflows);
        reputation_.transfer(archive, peer.reputation);
    }

   private:
    const WorkflowStep& step_of(const Workflow& workflow) const { return p_.steps[workflow.step]; }
    // Names the draws of one step of one workflow.
    std::uint32_t item_of(const Workflow& workflow) const {
        return workflow.number * static_cast<std::uint32_t>(p_.steps.size()) + workflow.step;
    }
    Workflow* find(const Peer& peer, const TaskName& name, Phase phase);
    Workflow* find(const Peer& peer, std::uint32_t number, std::uint8_t step);

    // A new record in the peer's list.
    Workflow& open_record(Peer& peer);
    void begin_step(AgenticContext& context, Peer& peer, Workflow& workflow);
    void send_queries(AgenticContext& context, const Workflow& workflow);
    void shards_to_ask(AgenticContext& context, const Workflow& workflow, std::vector<std::uint32_t>& shards) const;
    void merge(Workflow& workflow, std::span<const Candidate> candidates);
    // Remembers where the `kept` ones among the candidates of an answer are, and forgets those of earlier answers that
    // are not kept. Only where forged entries are possible.
    void keep_addresses(Workflow& workflow, std::span<const Candidate> kept, std::span<const Candidate> candidates,
                        std::span<const std::uint32_t> addresses);
    // Where the candidate of this name is.
    Address address_of(Workflow& workflow, std::uint32_t name);
    void rank_candidates(AgenticContext& context, Peer& peer, Workflow& workflow,
                         std::span<const Candidate> candidates);
    // Under a policy that looks at the candidates first.
    void decide_tier(AgenticContext& context, const Peer& peer, Workflow& workflow,
                     std::span<const Candidate> candidates);
    void try_next(AgenticContext& context, Peer& peer, Workflow& workflow);
    void send_canaries(AgenticContext& context, Workflow& workflow, std::size_t first);
    void delegate(AgenticContext& context, Workflow& workflow, std::size_t rank);
    void check_outcome(AgenticContext& context, Peer& peer, Workflow& workflow, bool good);
    void check_evidence(AgenticContext& context, Peer& peer, Workflow& workflow);
    // Whether the step's side effect waits until its evidence has been accepted.
    bool is_gated(const Workflow& workflow) const {
        return p_.commit_gate && workflow.tier >= 3 && step_of(workflow).side_effect;
    }
    SideEffect side_effect_of(const Workflow& workflow) const;
    void send_commit(AgenticContext& context, Peer& peer, Workflow& workflow);
    void accept(AgenticContext& context, Peer& peer, Workflow& workflow, bool good);
    void note_acceptance(const Peer& peer, Workflow& workflow, bool good);
    // Whether a step is to begin now that `last`, and all in `accepted`, have been accepted.
    static bool begins_after(std::uint32_t last, std::uint32_t accepted, const WorkflowStep& step) {
        return (step.after >> last & 1U) != 0 && (step.after & ~accepted) == 0;
    }
    void after_failure(AgenticContext& context, Peer& peer, Workflow& workflow, Failure failure);
    void feedback(AgenticContext& context, Peer& peer, const Workflow& workflow, std::uint32_t about, bool good);
    void fail(Peer& peer, const Workflow& workflow, Failure reason);
    // Drops what is left of a failed workflow: all its running steps.
    void drop_steps(Peer& peer, std::uint32_t number);
    // Takes one record out of the peer's list.
    void close(Peer& peer, const Workflow& workflow);
    void on_due(AgenticContext& context, Peer& peer, Workflow& workflow);
    void on_canary_timeout(AgenticContext& context, Peer& peer, Workflow& workflow);
    void set_wake(AgenticContext& context, Peer& peer, SimTime at);

    const Parameters& p_;
    const ClassCatalogue& catalogue_;
    Metrics& metrics_;
    Network network_;
    WorkflowPool pool_;
    LocalReputation reputation_;
    std::unique_ptr<const Policy> policy_;
    const std::uint32_t all_steps_;  // mask
    const bool one_at_a_time_;       // no workflow ever has two records
    std::uint64_t open_workflows_ = 0;
    std::uint32_t first_shard_;
    std::uint32_t first_account_;
    // scratch space
    std::vector<ValuedCandidate> valued_;
    std::vector<std::uint32_t> asked_;
    std::vector<StepName> due_;
};

}  // namespace parley::agentic
