// A small table with parameters of every kind, for tests.
#pragma once

#include <limits>

#include "engine/run_config.hpp"

namespace parley {

inline ParameterTable example_table() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    ParameterTable table;
    table.add({.key = "run.model",
               .kind = ValueKind::choice,
               .default_value = "agentic",
               .choices = {"agentic", "phold"},
               .meaning = "The model to run."});
    table.add({.key = "run.seed",
               .kind = ValueKind::integer,
               .default_value = "1",
               .maximum = 0x1p63,
               .meaning = "Seed of every random stream."});
    table.add({.key = "run.title", .kind = ValueKind::text, .default_value = "", .meaning = "A name for readers."});
    table.add({.key = "peers.count",
               .kind = ValueKind::integer,
               .default_value = "100",
               .unit = "peers",
               .minimum = 2,
               .maximum = 1e9,
               .meaning = "Number of peers."});
    table.add({.key = "descriptor.ttl",
               .kind = ValueKind::duration,
               .default_value = "15s",
               .minimum = 1,
               .maximum = 3600,
               .meaning = "Lifetime of a descriptor."});
    table.add({.key = "run.warmup",
               .kind = ValueKind::duration,
               .default_value = "60s",
               .maximum = infinity,
               .meaning = "Workflows that start earlier are not counted."});
    table.add({.key = "adversary.fraction",
               .kind = ValueKind::real,
               .default_value = "0.20",
               .maximum = 1,
               .meaning = "Share of Sybil identities.",
               .model = "agentic"});
    table.add({.key = "adversary.offset",
               .kind = ValueKind::real,
               .default_value = "0",
               .unit = "1/s",
               .minimum = -infinity,
               .maximum = infinity,
               .meaning = "Any number.",
               .model = "agentic"});
    table.add({.key = "policy.name",
               .kind = ValueKind::choice,
               .default_value = "risk_aware",
               .choices = {"optimistic", "tier1", "risk_aware"},
               .meaning = "How delegations are verified.",
               .model = "agentic"});
    table.add({.key = "identity.verify",
               .kind = ValueKind::flag,
               .default_value = "true",
               .meaning = "Whether the registry checks signatures.",
               .model = "agentic"});
    table.add({.key = "phold.entities",
               .kind = ValueKind::integer,
               .default_value = "1024",
               .minimum = 1,
               .maximum = 1e9,
               .meaning = "Number of entities.",
               .model = "phold"});
    table.add({.key = "output.flush_interval",
               .kind = ValueKind::duration,
               .default_value = "1min",
               .minimum = 1e-9,
               .maximum = infinity,
               .meaning = "How often rows are committed.",
               .changes_results = false});
    return table;
}

}  // namespace parley
