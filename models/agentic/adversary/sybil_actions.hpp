// What strategies have a Sybil do, carried out: messages and timers of the engine.
#pragma once

#include "models/agentic/adversary/strategy.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

class SybilActions final : public Actions {
   public:
    // For the Sybil whose event `context` is about.
    SybilActions(AgenticContext& context, Network& network, const AgenticModel& model)
        : context_(context), network_(network), model_(model) {}

    void report(std::uint32_t about, bool good) override {
        network_.metrics.add(good ? Counter::false_praise_sent : Counter::false_blame_sent);
        const Report report{model_.identity_at_last_epoch(about), static_cast<std::uint8_t>(good), {}};
        network_.post_signed(context_, model_.first_account() + context_.self().value, EventKind::report,
                             MessageKind::feedback, message_size::feedback, report);
    }

   private:
    void schedule(Duration delay, SybilTimer timer) override {
        context_.schedule(delay, code(EventKind::sybil_timer), timer);
    }

    AgenticContext& context_;
    Network& network_;
    const AgenticModel& model_;
};

}  // namespace parley::agentic
