#include "models/agentic/discovery/registry_shard.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "engine/error.hpp"
#include "models/agentic/connectivity/place.hpp"
#include "models/agentic/identity/sybil_set.hpp"

namespace parley::agentic {

RegistryShard::RegistryShard(std::uint32_t capability_class, const Parameters& parameters, double expected_entries,
                             std::pmr::memory_resource* memory)
    : parameters_(parameters),
      class_(capability_class),
      ttl_(parameters.ttl),
      forgeable_(parameters.accepts_forgeries()),
      threshold_(static_cast<float>(parameters.threshold)),
      has_regions_(parameters.constrains_regions()),
      table_(memory),
      entries_(memory),
      embeddings_(parameters.dimension, memory) {
    // The entries of a shard are nearly Poisson: three standard deviations are rarely exceeded.
    const auto room = static_cast<std::size_t>(expected_entries + 3 * std::sqrt(expected_entries)) + 1;
    entries_.reserve(room);
    embeddings_.reserve(room);
    table_.assign(std::bit_ceil(room + room / 2), absent);
}

template <class IsMatch>
bool RegistryShard::probe(std::uint32_t peer, IsMatch&& is_match) const {
    const std::uint64_t hash = hash_of(peer);
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        const std::uint32_t place = table_[at];
        if (place == absent) return false;
        const std::uint32_t index = place & most_entries;
        if (place == tagged(index, hash) && is_match(index)) return true;
    }
}

std::uint32_t RegistryShard::find(std::uint32_t peer) const {
    std::uint32_t found = absent;
    probe(peer, [&](std::uint32_t index) {
        if (entries_[index].peer != peer) return false;
        found = index;
        return true;
    });
    return found;
}

void RegistryShard::prefetch_entry(std::uint32_t peer) const {
    probe(peer, [&](std::uint32_t index) {
        __builtin_prefetch(&entries_[index], 1);
        return true;
    });
}

void RegistryShard::enter(std::uint32_t index) {
    const std::uint64_t hash = hash_of(entries_[index].peer);
    const std::size_t mask = table_.size() - 1;
    std::size_t at = hash & mask;
    while (table_[at] != absent) at = (at + 1) & mask;
    table_[at] = tagged(index, hash);
}

std::uint32_t RegistryShard::find_abandoned(std::uint32_t identity) const {
    std::uint32_t found = absent;
    probe(identity, [&](std::uint32_t index) {
        const Entry& entry = entries_[index];
        const bool earlier =
            entry.peer < identity && peer_of(parameters_, entry.peer) == peer_of(parameters_, identity);
        if (entry.live || !earlier) return false;
        found = index;
        return true;
    });
    return found;
}

std::uint32_t RegistryShard::insert(std::uint32_t peer) {
    if (parameters_.whitewash) {
        // All that is static about an instance is its peer's: the place of a name given up can be used again.
        const std::uint32_t index = find_abandoned(peer);
        if (index != absent) {
            Entry& entry = entries_[index];
            entry.peer = peer;
            entry.trust = unknown_trust;
            entry.issued = SimTime{-1};
            return index;
        }
    }
    return add_entry(peer);
}

std::uint32_t RegistryShard::add_entry(std::uint32_t peer) {
    if ((entries_.size() + 1) * 4 > table_.size() * 3) grow_table();
    const auto index = static_cast<std::uint32_t>(entries_.size());
    if (index == most_entries) {
        throw SimulationError("a registry shard has more than " + std::to_string(most_entries) +
                              " entries, the most it can hold; lower registry.entries_per_shard");
    }
    entries_.push_back({peer, false, false, false, unknown_trust, 0, 0, 0, SimTime{-1}});
    if (forgeable_) holders_.push_back({peer_of(parameters_, peer), false});
    enter(index);
    return index;
}

void RegistryShard::grow_table() {
    table_.assign(table_.size() * 2, absent);
    for (std::uint32_t index = 0; index < entries_.size(); ++index) enter(index);
}

// Entries get embedding and static claims in order; one made for a trust value alone has to wait for its turn.
void RegistryShard::describe_entries(std::uint32_t last, RegistryContext& context) {
    while (embeddings_.size() <= last) {
        const auto index = static_cast<std::uint32_t>(embeddings_.size());
        const Entry& fresh = entries_[index];
        const std::uint32_t peer = peer_of(parameters_, fresh.peer);
        describe(index, peer, context);
        if (parameters_.drift()) drift_.emplace_back(parameters_, peer, class_, fresh.quality);
        if (parameters_.churn) churn_.push_back(fresh.sybil ? ChurnCursor() : ChurnCursor(parameters_, peer));
    }
}

void RegistryShard::describe(std::uint32_t index, std::uint32_t issuer, RegistryContext& context) {
    Entry& entry = entries_[index];
    entry.sybil = context.sybils.contains(issuer);
    context.intent.resize(embeddings_.dimension());
    context.instances.embedding(issuer, entry.sybil, class_, context.intent);
    if (index == embeddings_.size()) {
        embeddings_.append(context.intent);
    } else {
        embeddings_.replace(index, context.intent);
    }
    const Claim claim = context.instances.claim(issuer, entry.sybil, class_);
    entry.quality = claim.quality;
    entry.price = claim.price;
    entry.seconds = claim.seconds;
    if (!has_regions_) return;
    regions_.resize(embeddings_.size());
    regions_[index] = place_of(context.parameters, issuer).region;
}

void RegistryShard::restore_entries(const std::vector<std::uint32_t>& peers, std::uint32_t described,
                                    RegistryContext& context) {
    for (const std::uint32_t peer : peers) {
        expect_state(peer_of(parameters_, peer) < parameters_.peers);
        add_entry(peer);
    }
    if (described > 0) describe_entries(described - 1, context);
}

void RegistryShard::restore_holder(std::uint32_t index, const Holder& holder, RegistryContext& context) {
    expect_state(holder.address < parameters_.peers);
    const bool described = index < embeddings_.size();
    if (described && holder.address != holders_[index].address) describe(index, holder.address, context);
    holders_[index] = holder;
}

void RegistryShard::restore_levels() {
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        const Entry& entry = entries_[index];
        if (!entry.live) continue;
        expect_state(index < embeddings_.size());
        count_live(entry, +1);
        embeddings_.set_level(index, level_of(entry));
    }
}

void RegistryShard::count_live(const Entry& entry, std::int32_t change) {
    const auto n = static_cast<std::uint32_t>(change);
    live_ += n;
    if (entry.sybil) {
        live_poisoned_ += n;
    } else if (!entry.claims_degraded) {
        live_nominal_ += n;
    }
}

bool RegistryShard::is_newer(const RegisterDescriptor& descriptor, std::uint32_t index) const {
    const Entry& entry = entries_[index];
    if (!forgeable_) return SimTime{descriptor.issued} > entry.issued;
    if (!entry.live) return true;
    if (holders_[index].newest) return false;
    return descriptor.newest || SimTime{descriptor.issued} > entry.issued;
}

void RegistryShard::hand_over(std::uint32_t index, std::uint32_t sender, bool newest, RegistryContext& context) {
    Holder& holder = holders_[index];
    holder.newest = newest;
    if (holder.address == sender) return;
    holder.address = sender;
    describe(index, sender, context);
}

void RegistryShard::accept(const RegisterDescriptor& descriptor, std::uint32_t sender, SimTime now,
                           RegistryContext& context) {
    expire(now, context.metrics);
    std::uint32_t index = find(descriptor.peer);
    if (index == absent) index = insert(descriptor.peer);
    if (embeddings_.size() <= index) describe_entries(index, context);
    Entry& entry = entries_[index];
    const SimTime issued{descriptor.issued};
    context.metrics.add(Counter::registrations);
    if (!is_newer(descriptor, index) || issued + ttl_ <= now) return;
    if (entry.live) count_live(entry, -1);
    if (forgeable_) hand_over(index, sender, descriptor.newest, context);
    entry.issued = issued;
    entry.claims_degraded = descriptor.degraded;
    if (context.parameters.drift_kind == DriftKind::ou && !entry.sybil) {
        entry.quality = static_cast<float>(claimed(descriptor.quality));
    }
    if (!entry.live) {
        entry.live = true;
        embeddings_.set_level(index, level_of(entry));
    }
    count_live(entry, +1);
    no_expiry_before_ = std::min(no_expiry_before_, issued + ttl_);
}

void RegistryShard::expire(SimTime now, Metrics& metrics) {
    if (now < no_expiry_before_) return;
    SimTime next = never;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (!entry.live) continue;
        if (entry.issued + ttl_ <= now) {
            count_live(entry, -1);
            entry.live = false;
            embeddings_.set_level(i, 0);
            metrics.add(Counter::entries_expired);
        } else {
            next = std::min(next, entry.issued + ttl_);
        }
    }
    no_expiry_before_ = next;
}

SimTime RegistryShard::serve(SimTime now, Duration service, Metrics& metrics) {
    const SimTime start = std::max(now, server_free_);
    server_free_ = checked_add(start, service);
    while (first_departure_ < departures_.size() && departures_[first_departure_] <= now) ++first_departure_;
    if (first_departure_ == departures_.size()) {
        departures_.clear();
        first_departure_ = 0;
    }
    departures_.push_back(server_free_);
    metrics.longest_queue = std::max<std::uint64_t>(metrics.longest_queue, departures_.size() - first_departure_);
    metrics.add(Counter::shard_requests);
    owed_ = owed_ + service;
    metrics.add_latency(Latency::registry_wait, start - now);
    return server_free_;
}

float RegistryShard::claimed_quality(const Entry& entry, const Parameters& parameters) const {
    return entry.claims_degraded ? static_cast<float>(parameters.degraded_quality) : entry.quality;
}

bool RegistryShard::is_in_allowed_region(const Entry& entry, const Constraints& constraints) const {
    return !has_regions_ || constraints.allows_region(regions_[static_cast<std::size_t>(&entry - entries_.data())]);
}

bool RegistryShard::meets(const Constraints& constraints, const Entry& entry, const Parameters& parameters) const {
    return entry.price <= constraints.max_price && entry.seconds <= constraints.max_time.seconds() &&
           claimed_quality(entry, parameters) >= constraints.min_quality && is_in_allowed_region(entry, constraints);
}

std::uint8_t RegistryShard::level_of(const Entry& entry) const {
    if (!entry.live) return 0;
    return entry.trust >= threshold_ ? trusted_level : live_level;
}

// What matching is told of the entries: ties by peer id.
struct RegistryShard::KnownEntries : kernels::AllEntries {
    std::span<const Entry> entries;
    std::uint32_t tie(std::uint32_t i) const { return entries[i].peer; }
    void touch(std::uint32_t i) const { __builtin_prefetch(&entries[i]); }
};

// And which of them meet a query's hard constraints.
struct RegistryShard::ConstrainedEntries : KnownEntries {
    static constexpr bool all_eligible = false;
    const RegistryShard& shard;
    const Parameters& parameters;
    const Constraints& constraints;
    bool eligible(std::uint32_t i) const { return shard.meets(constraints, entries[i], parameters); }
};

bool RegistryShard::answer(std::uint32_t asker, const Constraints& constraints, bool trusted_only, SimTime now,
                           RegistryContext& context) {
    const Parameters& parameters = context.parameters;
    expire(now, context.metrics);
    // The asker itself may be among the best: one more than wanted, so that it can be left out. Its entry, and all
    // others, are looked at only when they matter: they are not in the cache.
    const std::size_t wanted = parameters.candidates + 1;
    const std::array query{kernels::MatchQuery{context.intent, trusted_only ? trusted_level : live_level}};
    if (constraints.any()) {
        kernels::top_matches(embeddings_, query, wanted,
                             ConstrainedEntries{{{}, entries_}, *this, parameters, constraints}, context.scratch,
                             context.matches);
    } else {
        kernels::top_matches(embeddings_, query, wanted, KnownEntries{{}, entries_}, context.scratch, context.matches);
    }
    context.answer.clear();
    context.addresses.clear();
    context.poisoned = 0;
    bool any_forged = false;
    context.swept += entries_.size();
    for (const kernels::Match& match : context.matches[0]) {
        const Entry& entry = entries_[match.entry];
        if (entry.peer == asker || context.answer.size() == parameters.candidates) continue;
        context.poisoned += entry.sybil ? 1 : 0;
        context.answer.push_back(
            {entry.peer, match.score, claimed_quality(entry, parameters), entry.price, entry.seconds, entry.trust});
        if (!forgeable_) continue;
        context.addresses.push_back(holders_[match.entry].address);
        any_forged |= holders_[match.entry].address != peer_of(parameters_, entry.peer);
    }
    if (!any_forged) context.addresses.clear();
    return trusted_only && context.answer.empty() && trust_removes_any(asker, constraints, parameters);
}

bool RegistryShard::trust_removes_any(std::uint32_t asker, const Constraints& constraints,
                                      const Parameters& parameters) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.live && entry.peer != asker && level_of(entry) < trusted_level &&
               meets(constraints, entry, parameters);
    });
}

void RegistryShard::set_trust(std::uint32_t peer, float trust) {
    std::uint32_t index = find(peer);
    if (index == absent) index = insert(peer);
    Entry& entry = entries_[index];
    entry.trust = trust;
    if (entry.live) embeddings_.set_level(index, level_of(entry));
}

std::uint64_t RegistryShard::forged_entries() const {
    std::uint64_t forged = 0;
    for (std::size_t i = 0; i < holders_.size(); ++i) {
        forged += entries_[i].live && holders_[i].address != peer_of(parameters_, entries_[i].peer);
    }
    return forged;
}

void RegistryShard::count_busy_time(SimTime now, Metrics& metrics) {
    const Duration left = std::max(server_free_ - now, Duration{});
    metrics.add(Counter::shard_busy_nanoseconds, static_cast<std::uint64_t>((owed_ - left).nanoseconds));
    owed_ = left;
}

std::uint64_t RegistryShard::requests_at(SimTime now) const {
    const auto first = departures_.begin() + static_cast<std::ptrdiff_t>(first_departure_);
    return static_cast<std::uint64_t>(departures_.end() - std::upper_bound(first, departures_.end(), now));
}

void RegistryShard::count_levels(SimTime now, const Parameters& parameters, Metrics& metrics) {
    expire(now, metrics);
    count_busy_time(now, metrics);
    metrics.add(Counter::live_entries, live_);
    metrics.add(Counter::poisoned_entries, live_poisoned_);
    metrics.add(Counter::forged_entries, forged_entries());
    metrics.add(Counter::live_honest_entries, live_ - live_poisoned_);
    metrics.add(Counter::nominal_claims, live_nominal_);
    count_dead(now, metrics);
    if (!parameters.drift()) return;
    std::uint64_t stale = 0;
    std::uint64_t stale_nominal = 0;
    for (std::size_t i = 0; i < drift_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.live || entry.sybil) continue;
        const InstanceState state = drift_[i].state_at(now, parameters, entry.peer, class_);
        const double lost = claimed_quality(entry, parameters) - state.quality;
        if (parameters.drift_kind == DriftKind::ou) {
            stale += std::abs(lost) > parameters.drift_tolerance;
            stale_nominal += lost > parameters.drift_tolerance;
        } else {
            stale += state.degraded != entry.claims_degraded;
            stale_nominal += state.degraded && !entry.claims_degraded;
        }
    }
    metrics.add(Counter::stale_entries, stale);
    metrics.add(Counter::stale_nominal_claims, stale_nominal);
}

void RegistryShard::count_dead(SimTime now, Metrics& metrics) {
    std::uint64_t dead = 0;
    for (std::size_t i = 0; i < churn_.size(); ++i) {
        if (entries_[i].live && !entries_[i].sybil)
            dead += churn_[i].online_at(now, parameters_, entries_[i].peer) ? 0 : 1;
    }
    metrics.add(Counter::dead_entries, dead);
}

}  // namespace parley::agentic
