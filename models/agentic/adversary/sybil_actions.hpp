// What strategies have a Sybil do, carried out: messages and timers of the engine.
#pragma once

#include "models/agentic/adversary/strategy.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

class SybilActions final : public Actions {
   public:
    // For the Sybil whose event `context` is about. `first_account`: entity id.
    SybilActions(AgenticContext& context, Network& network, std::uint32_t first_account)
        : context_(context), network_(network), first_account_(first_account) {}

    void report(std::uint32_t about, bool good) override {
        network_.metrics.add(good ? Counter::false_praise_sent : Counter::false_blame_sent);
        network_.metrics.add(Counter::signatures_made);
        network_.post(context_, first_account_ + context_.self().value, EventKind::report, MessageKind::feedback,
                      message_size::feedback, Report{about, static_cast<std::uint8_t>(good), {}});
    }

   private:
    void schedule(Duration delay, SybilTimer timer) override {
        context_.schedule(delay, code(EventKind::sybil_timer), timer);
    }

    AgenticContext& context_;
    Network& network_;
    std::uint32_t first_account_;
};

}  // namespace parley::agentic
