// Whether all ranks were told the same: each reads its own copy of the files, in its own environment.
#pragma once

#include <string>

#include "engine/transport.hpp"

namespace parley {

// `problem`: of this rank's input, "" if none. `input`: what it has read, which has to be the same everywhere. Throws
// the same InputError on every rank: the problem of the lowest rank that has one, or that `input` differs; `subject` is
// what differs then, `advice` what to do. Collective.
void agree_on(Transport& transport, const std::string& problem, const std::string& input, const std::string& subject,
              const std::string& advice);

}  // namespace parley
