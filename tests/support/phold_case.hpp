// A small PHOLD for tests of the loop.
#pragma once

#include "models/phold/phold_model.hpp"

namespace parley {

inline phold::Parameters phold_case() {
    phold::Parameters p;
    p.seed = 3;
    p.end = SimTime{40'000'000'000};
    p.entities = 10000;  // three blocks of ids
    p.remote = 0.5;
    p.mean = Duration{1'000'000'000};
    p.lookahead = Duration{500'000'000};
    p.tick = Duration{250'000'000};  // many simultaneous events
    return p;
}

}  // namespace parley
