#include "models/agentic/policy/policies.hpp"

#include <array>

#include "engine/error.hpp"
#include "models/agentic/policy/cost_aware.hpp"
#include "models/agentic/policy/optimistic.hpp"
#include "models/agentic/policy/risk_aware.hpp"
#include "models/agentic/policy/tier1.hpp"
#include "models/agentic/policy/tier2.hpp"
#include "models/agentic/policy/tier3.hpp"

namespace parley::agentic {

namespace {

struct Entry {
    const char* name;
    std::unique_ptr<const Policy> (*make)(const Parameters&);
};

template <class... Policies>
constexpr std::array<Entry, sizeof...(Policies)> list_of() {
    return {{{Policies::name,
              [](const Parameters& p) -> std::unique_ptr<const Policy> { return std::make_unique<Policies>(p); }}...}};
}

// A new policy: its header above, its class here.
constexpr auto all = list_of<Optimistic, Tier1, Tier2, Tier3, RiskAware, CostAware>();

}  // namespace

std::vector<std::string> policy_names() {
    std::vector<std::string> names;
    names.reserve(std::size(all));
    for (const Entry& entry : all) names.emplace_back(entry.name);
    return names;
}

std::unique_ptr<const Policy> make_policy(const Parameters& parameters) {
    for (const Entry& entry : all) {
        if (parameters.policy == entry.name) return entry.make(parameters);
    }
    throw InputError("policy.name = " + parameters.policy + ": there is no such policy; see `parley describe policy`");
}

}  // namespace parley::agentic
