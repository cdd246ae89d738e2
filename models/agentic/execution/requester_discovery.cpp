// From the query to the ranked candidates.
#include "models/agentic/execution/requester.hpp"

#include <algorithm>
#include <bit>

#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

namespace {

// What lies behind the candidates of an answer.
std::span<const std::uint32_t> addresses_of(const Candidates& answer, std::span<const Candidate> candidates) {
    if (!answer.addressed) return {};
    return {reinterpret_cast<const std::uint32_t*>(candidates.data() + candidates.size()), candidates.size()};
}

}  // namespace

void Requester::begin_step(AgenticContext& context, Peer& peer, Workflow& workflow) {
    const WorkflowStep& step = step_of(workflow);
    if (step.capability_class == WorkflowStep::any_class) {
        RandomStream stream = stream_of(p_.seed, context.self().value, Purpose::step_class, item_of(workflow));
        workflow.capability_class = static_cast<std::uint16_t>(catalogue_.draw(stream));
    } else {
        workflow.capability_class = static_cast<std::uint16_t>(step.capability_class);
    }
    workflow.tier = policy_->tier_of(step.risk);
    workflow.phase = Phase::discovering;
    workflow.retries_left = static_cast<std::uint8_t>(p_.query_retries);
    workflow.shards_answered = 0;
    workflow.removed_by_trust = false;
    workflow.merged = 0;
    if (p_.accepts_forgeries()) pool_.stolen_names(workflow).count = 0;
    workflow.delegations = 0;
    workflow.candidates = 0;
    workflow.last_failure = Failure::no_candidate;
    workflow.phase_began = context.now();
    send_queries(context, workflow);
    workflow.due = context.now() + p_.query_timeout;
    set_wake(context, peer, std::min(workflow.due, workflow.started + p_.deadline));
}

void Requester::shards_to_ask(AgenticContext& context, const Workflow& workflow,
                              std::vector<std::uint32_t>& shards) const {
    const std::uint32_t count = catalogue_.shards_of(workflow.capability_class);
    const std::uint32_t first = first_shard_ + catalogue_.first_shard(workflow.capability_class);
    shards.clear();
    if (count == 1) {
        shards.push_back(first);
        return;
    }
    RandomStream stream = stream_of(p_.seed, context.self().value, Purpose::shard_choice, item_of(workflow));
    while (shards.size() < p_.fanout) {
        const std::uint32_t shard = first + stream.below(count);
        if (std::find(shards.begin(), shards.end(), shard) == shards.end()) shards.push_back(shard);
    }
}

void Requester::send_queries(AgenticContext& context, const Workflow& workflow) {
    shards_to_ask(context, workflow, asked_);
    for (std::size_t slot = 0; slot < asked_.size(); ++slot) {
        const Query query{workflow.number, workflow.step, static_cast<std::uint8_t>(slot),
                          static_cast<std::uint8_t>(workflow.tier >= 1), 0};
        network_.post(context, asked_[slot], EventKind::query, MessageKind::query, message_size::query(p_.dimension),
                      query);
    }
}

void Requester::on_candidates(AgenticContext& context, Peer& peer, const Event& event) {
    const auto& answer = event.payload<Candidates>();
    Workflow* workflow = find(peer, answer.workflow, answer.step);
    const auto bit = static_cast<std::uint8_t>(1U << answer.reply_slot);
    if (workflow == nullptr || workflow->phase != Phase::discovering || (workflow->shards_answered & bit) != 0) {
        return;
    }
    workflow->shards_answered |= bit;
    workflow->removed_by_trust |= answer.removed_by_trust;
    const auto candidates = event.list<Candidates, Candidate>(answer.count);
    const std::uint32_t asked = std::min(p_.fanout, catalogue_.shards_of(workflow->capability_class));
    const bool one = asked == 1;
    if (!one) merge(*workflow, candidates);
    if (p_.accepts_forgeries()) [[unlikely]] {
        const std::span<const Candidate> merged(pool_.merge_area(*workflow), workflow->merged);
        keep_addresses(*workflow, one ? candidates : merged, candidates, addresses_of(answer, candidates));
    }
    if (one) return rank_candidates(context, peer, *workflow, candidates);
    if (static_cast<std::uint32_t>(std::popcount(workflow->shards_answered)) == asked) {
        rank_candidates(context, peer, *workflow, {pool_.merge_area(*workflow), workflow->merged});
    }
}

// Keeps the K best of all answers so far. A peer has its entry in one shard of a cell only, so none comes twice.
void Requester::merge(Workflow& workflow, std::span<const Candidate> candidates) {
    const auto better = [](const Candidate& a, const Candidate& b) {
        return a.match != b.match ? a.match > b.match : a.peer < b.peer;
    };
    Candidate* area = pool_.merge_area(workflow);
    std::vector<Candidate> all(area, area + workflow.merged);
    all.insert(all.end(), candidates.begin(), candidates.end());
    std::sort(all.begin(), all.end(), better);
    all.resize(std::min<std::size_t>(all.size(), p_.candidates));
    std::copy(all.begin(), all.end(), area);
    workflow.merged = static_cast<std::uint8_t>(all.size());
}

void Requester::keep_addresses(Workflow& workflow, std::span<const Candidate> kept,
                               std::span<const Candidate> candidates, std::span<const std::uint32_t> addresses) {
    const auto is_kept = [&](std::uint32_t name) {
        return std::any_of(kept.begin(), kept.end(), [&](const Candidate& each) { return each.peer == name; });
    };
    StolenNames& stolen = pool_.stolen_names(workflow);
    StolenName* end = std::remove_if(stolen.names(), stolen.names() + stolen.count,
                                     [&](const StolenName& each) { return !is_kept(each.name); });
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const std::uint32_t name = candidates[i].peer;
        if (addresses[i] != peer_of(p_, name) && is_kept(name)) *end++ = {name, addresses[i]};
    }
    stolen.count = static_cast<std::uint32_t>(end - stolen.names());
}

Address Requester::address_of(Workflow& workflow, std::uint32_t name) {
    const Address own{peer_of(p_, name), incarnation_of(p_, name)};
    if (!p_.accepts_forgeries()) [[likely]]
        return own;
    StolenNames& stolen = pool_.stolen_names(workflow);
    const StolenName* end = stolen.names() + stolen.count;
    const StolenName* found = std::find_if(stolen.names(), stolen.names() + stolen.count,
                                           [&](const StolenName& s) { return s.name == name; });
    return found == end ? own : Address{found->address, any_incarnation};
}

void Requester::rank_candidates(AgenticContext& context, Peer& peer, Workflow& workflow,
                                std::span<const Candidate> candidates) {
    metrics_.add_latency(Latency::discovery, context.now() - workflow.phase_began);
    if (candidates.empty()) {
        return fail(peer, workflow, workflow.removed_by_trust ? Failure::no_trusted_candidate : Failure::no_candidate);
    }
    const double class_mean = catalogue_.mean_execution_seconds(workflow.capability_class);
    if (policy_->looks_at_candidates()) decide_tier(context, peer, workflow, candidates);
    valued_.clear();
    for (const Candidate& candidate : candidates) {
        double value = base_utility(candidate, p_, class_mean);
        if (workflow.tier >= 1) {
            const double trust = reputation_.trust(peer.reputation, candidate.peer, candidate.trust, context.now());
            if (trust < p_.threshold) continue;
            value = trusted_utility(value, trust, p_);
        }
        valued_.push_back({value, candidate.peer});
    }
    if (valued_.empty()) return fail(peer, workflow, Failure::no_trusted_candidate);
    RandomStream noise = stream_of(p_.seed, context.self().value, Purpose::choice_noise, item_of(workflow));
    order_candidates(valued_, p_, noise);
    workflow.candidates = static_cast<std::uint8_t>(valued_.size());
    const auto ranked = pool_.ranked(workflow);
    for (std::size_t i = 0; i < valued_.size(); ++i) ranked[i] = {valued_[i].peer, CandidateState::untried, 0};
    try_next(context, peer, workflow);
}

// Without a trusted candidate the tier stays that of the query.
void Requester::decide_tier(AgenticContext& context, const Peer& peer, Workflow& workflow,
                            std::span<const Candidate> candidates) {
    const double class_mean = catalogue_.mean_execution_seconds(workflow.capability_class);
    constexpr double none = -1.0;  // utilities are not negative
    double best_base = none;
    double best_trusted = none;
    Outlook outlook;
    for (const Candidate& candidate : candidates) {
        const double base = base_utility(candidate, p_, class_mean);
        const double trust = reputation_.trust(peer.reputation, candidate.peer, candidate.trust, context.now());
        const Prospect prospect{trust, candidate.quality};
        if (base > best_base) outlook.by_utility = prospect;
        best_base = std::max(best_base, base);
        const double trusted = trust < p_.threshold ? none : trusted_utility(base, trust, p_);
        if (trusted > best_trusted) outlook.by_trust = prospect;
        best_trusted = std::max(best_trusted, trusted);
    }
    if (best_trusted == none) return;
    workflow.tier = policy_->tier_after_discovery(step_of(workflow).risk, outlook);
}

}  // namespace parley::agentic
