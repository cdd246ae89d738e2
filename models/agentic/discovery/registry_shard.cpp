#include "models/agentic/discovery/registry_shard.hpp"

#include <algorithm>
#include <bit>

#include "models/agentic/identity/sybil_set.hpp"

namespace parley::agentic {

namespace {

// Best first: higher match, then lower peer id.
bool better(const Candidate& a, const Candidate& b) {
    if (a.match != b.match) return a.match > b.match;
    return a.peer < b.peer;
}

}  // namespace

RegistryShard::RegistryShard(std::uint32_t capability_class, const Parameters& parameters)
    : class_(capability_class), ttl_(parameters.ttl), embeddings_(parameters.dimension) {}

std::uint32_t RegistryShard::find(std::uint32_t peer) const {
    if (table_.empty()) return absent;
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = mix64(peer) & mask;; at = (at + 1) & mask) {
        const std::uint32_t entry = table_[at];
        if (entry == absent || entries_[entry].peer == peer) return entry;
    }
}

std::uint32_t RegistryShard::insert(std::uint32_t peer) {
    if ((entries_.size() + 1) * 2 > table_.size()) grow_table();
    const auto index = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({peer, false, false, false, unknown_trust, 0, 0, 0, SimTime{-1}});
    const std::size_t mask = table_.size() - 1;
    std::size_t at = mix64(peer) & mask;
    while (table_[at] != absent) at = (at + 1) & mask;
    table_[at] = index;
    return index;
}

void RegistryShard::grow_table() {
    table_.assign(std::max<std::size_t>(16, table_.size() * 2), absent);
    const std::size_t mask = table_.size() - 1;
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        std::size_t at = mix64(entries_[index].peer) & mask;
        while (table_[at] != absent) at = (at + 1) & mask;
        table_[at] = index;
    }
}

// Entries get embedding and static claims in order; one made for a trust value alone has to wait for its turn.
void RegistryShard::describe_entries(std::uint32_t last, RegistryContext& context) {
    context.intent.resize(embeddings_.dimension());
    while (embeddings_.size() <= last) {
        Entry& fresh = entries_[embeddings_.size()];
        fresh.sybil = context.sybils.contains(fresh.peer);
        context.instances.embedding(fresh.peer, fresh.sybil, class_, context.intent);
        embeddings_.append(context.intent);
        const Claim claim = context.instances.claim(fresh.peer, fresh.sybil, class_);
        fresh.quality = claim.quality;
        fresh.price = claim.price;
        fresh.seconds = claim.seconds;
        if (context.parameters.drift) drift_.emplace_back(context.parameters, fresh.peer, class_);
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

void RegistryShard::accept(const RegisterDescriptor& descriptor, SimTime now, RegistryContext& context) {
    std::uint32_t index = find(descriptor.peer);
    if (index == absent) index = insert(descriptor.peer);
    if (embeddings_.size() <= index) describe_entries(index, context);
    Entry& entry = entries_[index];
    const SimTime issued{descriptor.issued};
    context.metrics.add(Counter::registrations);
    if (issued <= entry.issued || issued + ttl_ <= now) return;
    if (entry.live) count_live(entry, -1);
    entry.issued = issued;
    entry.claims_degraded = descriptor.degraded != 0;
    entry.live = true;
    count_live(entry, +1);
    no_expiry_before_ = std::min(no_expiry_before_, issued + ttl_);
}

void RegistryShard::expire(SimTime now, Metrics& metrics) {
    if (now < no_expiry_before_) return;
    SimTime next = never;
    for (Entry& entry : entries_) {
        if (!entry.live) continue;
        if (entry.issued + ttl_ <= now) {
            count_live(entry, -1);
            entry.live = false;
            metrics.add(Counter::entries_expired);
        } else {
            next = std::min(next, entry.issued + ttl_);
        }
    }
    no_expiry_before_ = next;
}

SimTime RegistryShard::serve(SimTime now, Duration service, Metrics& metrics) {
    const SimTime start = std::max(now, server_free_);
    server_free_ = start + service;
    while (first_departure_ < departures_.size() && departures_[first_departure_] <= now) ++first_departure_;
    if (first_departure_ == departures_.size()) {
        departures_.clear();
        first_departure_ = 0;
    }
    departures_.push_back(server_free_);
    metrics.longest_queue = std::max<std::uint64_t>(metrics.longest_queue, departures_.size() - first_departure_);
    metrics.add(Counter::shard_requests);
    metrics.add(Counter::shard_busy_nanoseconds, static_cast<std::uint64_t>(service.nanoseconds));
    metrics.add_latency(Latency::registry_wait, start - now);
    return server_free_;
}

float RegistryShard::claimed_quality(const Entry& entry, const Parameters& parameters) const {
    return entry.claims_degraded ? static_cast<float>(parameters.degraded_quality) : entry.quality;
}

bool RegistryShard::eligible(const Entry& entry, std::uint32_t asker, const Parameters& parameters) const {
    return entry.live && entry.peer != asker && entry.price <= parameters.max_price &&
           entry.seconds <= parameters.max_time.seconds() &&
           claimed_quality(entry, parameters) >= parameters.min_quality;
}

void RegistryShard::offer(std::vector<Candidate>& best, const Entry& entry, float match,
                          const Parameters& parameters) const {
    const Candidate candidate{entry.peer,  match,         claimed_quality(entry, parameters),
                              entry.price, entry.seconds, entry.trust};
    if (best.size() == parameters.candidates) {
        if (!better(candidate, best.back())) return;
        best.pop_back();
    }
    best.insert(std::upper_bound(best.begin(), best.end(), candidate, better), candidate);
}

void RegistryShard::answer(std::uint32_t asker, float min_trust, SimTime now, RegistryContext& context,
                           bool& removed_by_trust) {
    constexpr std::size_t block = kernels::block_entries;
    const Parameters& parameters = context.parameters;
    expire(now, context.metrics);
    const std::size_t count = embeddings_.size();
    context.scores.resize((count + block - 1) / block * block);
    kernels::score_entries(embeddings_, context.intent, context.scores);
    std::vector<Candidate>& best = context.answer;
    best.clear();
    removed_by_trust = false;
    float bar = -2.0F;  // a score below this cannot enter
    for (std::size_t first = 0; first < count; first += block) {
        const std::size_t end = std::min(first + block, count);
        float highest = -2.0F;
        for (std::size_t i = first; i < first + block; ++i) highest = std::max(highest, context.scores[i]);
        if (highest < bar) continue;
        for (std::size_t i = first; i < end; ++i) {
            if (context.scores[i] < bar || !eligible(entries_[i], asker, parameters)) continue;
            if (entries_[i].trust < min_trust) {
                removed_by_trust = true;
                continue;
            }
            offer(best, entries_[i], std::max(0.0F, context.scores[i]), parameters);
            // Matches are clamped at 0, so below it the order is by id alone and no score rules an entry out.
            if (best.size() == parameters.candidates && best.back().match > 0) bar = best.back().match;
        }
    }
}

void RegistryShard::set_trust(std::uint32_t peer, float trust) {
    std::uint32_t index = find(peer);
    if (index == absent) index = insert(peer);
    entries_[index].trust = trust;
}

void RegistryShard::count_levels(SimTime now, const Parameters& parameters, Metrics& metrics) {
    expire(now, metrics);
    metrics.add(Counter::live_entries, live_);
    metrics.add(Counter::poisoned_entries, live_poisoned_);
    metrics.add(Counter::live_honest_entries, live_ - live_poisoned_);
    metrics.add(Counter::nominal_claims, live_nominal_);
    if (!parameters.drift) return;
    std::uint64_t stale = 0;
    std::uint64_t stale_nominal = 0;
    for (std::size_t i = 0; i < drift_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.live || entry.sybil) continue;
        const bool degraded = drift_[i].degraded_at(now, parameters, entry.peer, class_);
        stale += degraded != entry.claims_degraded;
        stale_nominal += degraded && !entry.claims_degraded;
    }
    metrics.add(Counter::stale_entries, stale);
    metrics.add(Counter::stale_nominal_claims, stale_nominal);
}

}  // namespace parley::agentic
