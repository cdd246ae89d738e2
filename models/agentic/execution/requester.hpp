// A peer as requester: the life of one workflow, step by step, as a state machine.
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
//   accepted -> praise, next step, or the workflow ends: success, or compromised when an accepted result was bad
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
#include "models/agentic/peer.hpp"
#include "models/agentic/policy/policies.hpp"
#include "models/agentic/trust/local_reputation.hpp"
#include "models/agentic/trust/utility.hpp"

namespace parley::agentic {

class Requester {
   public:
    // `first_shard`, `first_account`: entity ids.
    Requester(const Parameters& parameters, const ClassCatalogue& catalogue, Metrics& metrics,
              std::uint32_t first_shard, std::uint32_t first_account)
        : p_(parameters),
          catalogue_(catalogue),
          metrics_(metrics),
          network_{parameters, metrics},
          pool_(parameters),
          reputation_(parameters),
          policy_(make_policy(parameters)),
          first_shard_(first_shard),
          first_account_(first_account) {}

    // Sets the timer of the next workflow.
    void schedule_arrival(AgenticContext& context, const Peer& peer);
    // The arrival timer fired.
    void start_workflow(AgenticContext& context, Peer& peer);

    void on_candidates(AgenticContext& context, Peer& peer, const Event& event);
    void on_canary_response(AgenticContext& context, Peer& peer, const CanaryResponse& response,
                            std::uint32_t provider);
    void on_result(AgenticContext& context, Peer& peer, const Result& result);
    void on_committed(AgenticContext& context, Peer& peer, const Committed& committed);
    void on_busy(AgenticContext& context, Peer& peer, const Busy& busy);
    void on_wake(AgenticContext& context, Peer& peer);

    // Fetches what the next answer to the peer, or its next time-out, will need.
    void prefetch(const Peer& peer, bool reputation) {
        if (peer.open_workflows != WorkflowPool::end) pool_.prefetch(peer.open_workflows);
        if (reputation) reputation_.prefetch(peer.reputation);
    }

    std::uint64_t open_workflows() const { return pool_.open(); }

    // Checkpoints: one peer's workflows and reputation table.
    template <class Archive>
    void transfer(Archive& archive, Peer& peer) {
        pool_.transfer(archive, peer.open_workflows);
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

    void begin_step(AgenticContext& context, Peer& peer, Workflow& workflow);
    void send_queries(AgenticContext& context, const Workflow& workflow);
    void shards_to_ask(AgenticContext& context, const Workflow& workflow, std::vector<std::uint32_t>& shards) const;
    void merge(Workflow& workflow, std::span<const Candidate> candidates);
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
    void after_failure(AgenticContext& context, Peer& peer, Workflow& workflow, Failure failure);
    void feedback(AgenticContext& context, Peer& peer, const Workflow& workflow, std::uint32_t about, bool good);
    void fail(Peer& peer, Workflow& workflow, Failure reason);
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
    std::uint32_t first_shard_;
    std::uint32_t first_account_;
    // scratch space
    std::vector<ValuedCandidate> valued_;
    std::vector<std::uint32_t> asked_;
    std::vector<std::uint32_t> due_numbers_;
};

}  // namespace parley::agentic
