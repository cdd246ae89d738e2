// Recognises a canary with probability r = adversary.canary_recognition and then passes; else it does what it would
// have done: the probability p to pass becomes r + (1 - r) p.
#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

namespace {

class CanaryAware : public Strategy {
   public:
    explicit CanaryAware(double recognition) : recognition_(recognition) {}
    double canary_pass(const Sybil&, double before) const override {
        return recognition_ + (1.0 - recognition_) * before;
    }

   private:
    double recognition_;
};

}  // namespace

std::unique_ptr<Strategy> make_canary_aware(const Parameters& parameters) {
    if (parameters.canary_recognition == 0) return nullptr;
    return std::make_unique<CanaryAware>(parameters.canary_recognition);
}

}  // namespace parley::agentic
