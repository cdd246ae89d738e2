#include "models/phold/phold_model.hpp"

#include <array>

#include "engine/distributions.hpp"

namespace parley::phold {

namespace {

enum Purpose : std::uint32_t { first_event = 1, next_event = 2 };
constexpr std::uint16_t hold_event = 0;
struct Hold {};

constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

inline Duration draw_delay(const Parameters& p, RandomStream& stream) {
    const Duration drawn = p.lookahead + duration_from_seconds(exponential(stream, p.mean.seconds()));
    if (p.tick.nanoseconds == 1) return drawn;
    const std::int64_t ticks = (drawn.nanoseconds + p.tick.nanoseconds - 1) / p.tick.nanoseconds;
    return p.tick * ticks;
}

}  // namespace

void add_parameters(ParameterTable& table) {
    const char* model = "phold";
    table.add({"phold.entities",
               ValueKind::integer,
               "65536",
               "entities",
               1,
               4e9,
               {},
               "Number of entities, each with one event.",
               model});
    table.add({"phold.remote",
               ValueKind::real,
               "0.25",
               "",
               0,
               1,
               {},
               "Probability that an event goes to an entity drawn uniformly, instead of its handler.",
               model});
    table.add({"phold.mean",
               ValueKind::duration,
               "1s",
               "",
               1e-9,
               1e9,
               {},
               "Mean of the exponential part of a delay.",
               model});
    table.add({"phold.lookahead",
               ValueKind::duration,
               "1s",
               "",
               1e-9,
               1e9,
               {},
               "Constant part of a delay: the lookahead.",
               model});
    table.add({"phold.tick",
               ValueKind::duration,
               "1ns",
               "",
               1e-9,
               1e9,
               {},
               "Delays are rounded up to multiples of this; a coarse tick makes many events simultaneous.",
               model});
    table.add(
        {"phold.work", ValueKind::integer, "0", "rounds", 0, 1e9, {}, "Rounds of integer mixing per event.", model});
}

Parameters read_parameters(const RunConfig& config) {
    Parameters p;
    p.seed = static_cast<std::uint64_t>(config.integer("run.seed"));
    p.end = SimTime{} + config.duration("run.duration");
    p.entities = static_cast<std::uint32_t>(config.integer("phold.entities"));
    p.remote = config.real("phold.remote");
    p.mean = config.duration("phold.mean");
    p.lookahead = config.duration("phold.lookahead");
    p.tick = config.duration("phold.tick");
    p.work = static_cast<std::uint32_t>(config.integer("phold.work"));
    return p;
}

Duration first_delay(const Parameters& p, std::uint32_t entity) {
    RandomStream stream(p.seed, EntityId{entity}, first_event, 0);
    return draw_delay(p, stream);
}

Decision decide(const Parameters& p, std::uint32_t entity, std::uint32_t handled) {
    RandomStream stream(p.seed, EntityId{entity}, next_event, handled);
    // One block of the generator serves both draws: the low bits of the second pick the destination.
    const Duration delay = draw_delay(p, stream);
    const std::uint64_t bits = stream.bits();
    const auto chance = static_cast<double>(bits >> 32) * 0x1.0p-32;
    const auto any = static_cast<std::uint32_t>(((bits & 0xFFFFFFFFU) * p.entities) >> 32);
    return {chance < p.remote ? any : entity, delay};
}

void fold(Entity& entity, const EventHeader& event, std::uint32_t work) {
    const auto key = (static_cast<std::uint64_t>(event.sender.value) << 32) | event.sequence;
    std::uint64_t digest =
        mix(entity.digest * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(event.time.nanoseconds) + mix(key));
    for (std::uint32_t round = 0; round < work; ++round) digest = mix(digest + round);
    entity.digest = digest;
}

std::uint64_t digest_of(std::span<const Entity> entities, std::uint32_t begin) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < entities.size(); ++i) {
        sum += mix(entities[i].digest + mix(begin + i + 1) + entities[i].handled);
    }
    return sum;
}

PholdState::PholdState(const PholdModel& model, const EntityDirectory& directory, std::uint32_t partition)
    : p_(model.parameters()), range_(directory.range(partition, 0)), entities_(range_.size(), &huge_pages()) {}

void PholdState::start(Context<PholdModel>& context) {
    context.schedule(first_delay(p_, context.self().value), hold_event, Hold{});
}

void PholdState::handle(Context<PholdModel>& context, const Event& event) {
    const std::uint32_t self = context.self().value;
    Entity& entity = entities_[self - range_.begin];
    fold(entity, event.header(), p_.work);
    const Decision next = decide(p_, self, entity.handled++);
    context.send(EntityId{next.destination}, next.delay, hold_event, Hold{});
}

void PholdModel::at_boundary(SimTime, std::span<PholdState*> states, Transport& transport,
                             const EngineCounters& counters) {
    std::array<std::uint64_t, 2> sums{0, counters.events};
    for (const PholdState* state : states) sums[0] += state->digest();
    transport.sum(sums);
    digest_ = sums[0];
    events_ = sums[1];
    windows_ = counters.windows;
}

}  // namespace parley::phold
