// A complete model in one file: a rumour spreads among entities. docs/adding-a-model.md explains it.
//
// Entity 0 knows the rumour at the start. Who hears it for the first time tells three others, drawn
// uniformly, each after 10 ms + Exp(90 ms). At the end of every second the model prints how many know it.
#include <cstdio>
#include <vector>

#include "engine/distributions.hpp"
#include "engine/simulation.hpp"

using namespace parley;

namespace {

enum EventKind : std::uint16_t { rumour };
enum Purpose : std::uint32_t { listener = 1 };
struct Rumour {};  // the payload: nothing but the fact

struct Parameters {
    std::uint64_t seed = 1;
    std::uint32_t people = 10000;
    Duration lookahead{10'000'000};
    double mean_seconds = 0.09;
    SimTime end{3'000'000'000};
};

class RumourModel;

// The entities of one partition: ids [range_.begin, range_.end).
class RumourState {
   public:
    RumourState(const RumourModel& model, const EntityDirectory& directory, std::uint32_t partition);

    // First events of the entity context.self().
    void start(Context<RumourModel>& context) {
        if (context.self().value == 0) context.schedule(Duration{0}, rumour, Rumour{});
    }

    void handle(Context<RumourModel>& context, const Event&) {
        Person& self = people_[context.self().value - range_.begin];
        if (self.knows) return;
        self.knows = true;
        ++knowing_;
        for (int i = 0; i < 3; ++i) {
            // sent() is different for every message of an entity: it names the draws of this one.
            RandomStream stream(p_.seed, context.self(), listener, context.sent());
            const EntityId to{stream.below(p_.people)};
            context.send(to, p_.lookahead + duration_from_seconds(exponential(stream, p_.mean_seconds)), rumour,
                         Rumour{});
        }
    }

    void prefetch(const Event& event) const {
        __builtin_prefetch(&people_[event.destination().value - range_.begin], 1);
    }
    std::uint32_t& sequence(EntityId id) { return people_[id.value - range_.begin].sequence; }
    std::uint64_t knowing() const { return knowing_; }

   private:
    struct Person {
        std::uint32_t sequence = 0;  // the engine's count of sent events
        bool knows = false;
    };
    const Parameters& p_;
    IdRange range_;
    std::vector<Person> people_;
    std::uint64_t knowing_ = 0;
};

class RumourModel {
   public:
    using State = RumourState;

    std::vector<EntityKind> entity_kinds() const { return {{"people", parameters.people, 1}}; }
    Duration lookahead() const { return parameters.lookahead; }
    std::size_t largest_event() const { return event_bytes<Rumour>(); }

    // Once a second of simulated time.
    SimTime next_boundary(SimTime after) const {
        constexpr std::int64_t second = 1'000'000'000;
        return {after.nanoseconds < 0 ? second : (after.nanoseconds / second + 1) * second};
    }

    // Every rank calls this; `states` are the partitions of this rank.
    void at_boundary(SimTime now, std::span<RumourState*> states, Transport& transport, const EngineCounters&) {
        std::uint64_t knowing = 0;
        for (const RumourState* state : states) knowing += state->knowing();
        transport.sum({&knowing, 1});
        if (transport.is_root()) {
            std::printf("%.0f s: %llu know it\n", now.seconds(), static_cast<unsigned long long>(knowing));
        }
    }

    Parameters parameters;
};

RumourState::RumourState(const RumourModel& model, const EntityDirectory& directory, std::uint32_t partition)
    : p_(model.parameters), range_(directory.range(partition, 0)), people_(range_.size()) {}

}  // namespace

// Usage: rumour [PARTITIONS]; the output is the same for every number.
int main(int argc, char** argv) {
    const auto transport = make_serial_transport();
    const int partitions = argc > 1 ? std::atoi(argv[1]) : 1;
    RumourModel model;
    Progress progress(model.parameters.end, true);
    Simulation<RumourModel> simulation(model, *transport, {static_cast<std::uint32_t>(partitions), partitions});
    simulation.run(model.parameters.end, progress);
}
