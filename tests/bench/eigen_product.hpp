// The yardstick of matching: a plain product of Eigen, compiled for the machine it runs on.
#pragma once

#include <cstddef>
#include <vector>

namespace parley::bench {

// entries x dimension, row by row, times dimension x queries, query by query, to entries x queries.
void eigen_product(const float* entries, std::size_t count, std::size_t dimension, const float* queries,
                   std::size_t query_count, std::vector<float>& scores);

}  // namespace parley::bench
