// A peer as provider: works on delegated tasks one at a time, and on canaries outside its queue.
//
// A Sybil keeps no queue. What it does with a canary or a delegation is the adversary's affair
// (adversary/strategy.hpp); its work takes a time like an honest peer's. Under a stolen name it may be asked for a
// class that it does not offer.
#pragma once

#include "models/agentic/adversary/adversary.hpp"
#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/peer.hpp"

namespace parley::agentic {

class Provider {
   public:
    Provider(const Parameters& parameters, const Instances& instances, const Adversary& adversary,
             const Signatures& signatures, Metrics& metrics)
        : p_(parameters),
          instances_(instances),
          adversary_(adversary),
          metrics_(metrics),
          network_{parameters, metrics, signatures} {}

    // Returns whether the canary is passed.
    bool on_canary(AgenticContext& context, const PeerView& view, const CanaryRequest& request,
                   std::uint32_t requester);
    void on_delegate(AgenticContext& context, const PeerView& view, const Delegate& request, std::uint32_t requester);
    // The requester has accepted the evidence of a prepared execution.
    void on_commit(AgenticContext& context, const Commit& commit, std::uint32_t requester);
    void on_task_done(AgenticContext& context, const PeerView& view, const TaskDone& task);

   private:
    double passes_canary(const PeerView& view, std::uint32_t instance, SimTime now) const;
    Duration execution_time(std::uint32_t peer, std::uint32_t task, float median_seconds) const;
    // Probability that the execution that is complete now is good.
    double quality(const PeerView& view, const TaskDone& task, SimTime now) const;

    const Parameters& p_;
    const Instances& instances_;
    const Adversary& adversary_;
    Metrics& metrics_;
    Network network_;
};

}  // namespace parley::agentic
