// What no range of a single parameter can say.
#pragma once

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// InputError that names the parameters when some contradict each other.
void check_parameters(const Parameters& parameters);

// Whole identities that can be paid; what rounding takes from the quotient of two decimal numbers does not count.
double identities_for(double money, double cost);

}  // namespace parley::agentic
