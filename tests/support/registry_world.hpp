// One registry shard and all it needs, to register descriptors at it and to ask it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "models/agentic/discovery/registry_shard.hpp"
#include "tests/models/agentic/test_parameters.hpp"

namespace parley::agentic {

inline constexpr std::int64_t second = 1'000'000'000;

using Peers = std::vector<std::uint32_t>;

// One shard of class 0 and all it needs.
struct RegistryWorld {
    explicit RegistryWorld(const std::vector<std::string>& overrides)
        : parameters(parameters_with(overrides)),
          catalogue(parameters),
          instances(parameters, catalogue),
          sybils(parameters.seed, parameters.peers, parameters.sybils()),
          context{parameters, catalogue, instances, sybils, metrics},
          shard(0, parameters, 3.0, std::pmr::get_default_resource()) {}

    void accept(std::uint32_t peer, std::int64_t issued, std::int64_t now, bool degraded = false) {
        shard.accept({peer, degraded, false, 0, issued}, peer, SimTime{now}, context);
    }
    // `forger` registers a descriptor in the name of `peer`.
    void forge(std::uint32_t forger, std::uint32_t peer, std::int64_t issued, std::int64_t now, bool newest = false) {
        shard.accept({peer, false, newest, 0, issued}, forger, SimTime{now}, context);
    }
    // What the registry says of `peer` at `now`: the address, as far as it says one, else the name.
    std::uint32_t address(std::uint32_t peer, std::int64_t now) {
        const Peers peers = ask(UINT32_MAX, now);
        const auto at = std::find(peers.begin(), peers.end(), peer) - peers.begin();
        if (at == static_cast<std::ptrdiff_t>(peers.size())) return UINT32_MAX;
        found = context.answer[static_cast<std::size_t>(at)];
        return context.addresses.empty() ? peer : context.addresses[static_cast<std::size_t>(at)];
    }
    // A level at `now`.
    std::uint64_t level(Counter counter, std::int64_t now) {
        Metrics levels;
        shard.count_levels(SimTime{now}, parameters, levels);
        return levels.get(counter);
    }
    // Peers of the answer to an intent that equals the prototype.
    std::vector<std::uint32_t> ask(std::uint32_t asker, std::int64_t now, bool trusted_only = false) {
        const auto prototype = catalogue.prototype(0);
        return ask_with({prototype.begin(), prototype.end()}, asker, now, trusted_only);
    }
    std::vector<std::uint32_t> ask_with(const std::vector<float>& intent, std::uint32_t asker, std::int64_t now,
                                        bool trusted_only = false) {
        context.intent = intent;
        removed_by_trust = shard.answer(asker, parameters.steps[0].constraints, trusted_only, SimTime{now}, context);
        std::vector<std::uint32_t> peers;
        for (const Candidate& candidate : context.answer) peers.push_back(candidate.peer);
        return peers;
    }
    std::vector<std::uint32_t> sorted_ask(std::int64_t now, bool trusted_only = false) {
        std::vector<std::uint32_t> peers = ask(UINT32_MAX, now, trusted_only);
        std::sort(peers.begin(), peers.end());
        return peers;
    }
    std::uint64_t count(Counter counter) const { return metrics.get(counter); }

    Parameters parameters;
    ClassCatalogue catalogue;
    Instances instances;
    SybilSet sybils;
    Metrics metrics;
    RegistryContext context;
    RegistryShard shard;
    bool removed_by_trust = false;
    Candidate found{};  // by address()
};

}  // namespace parley::agentic
