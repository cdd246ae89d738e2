#include "tests/bench/eigen_product.hpp"

#include <Eigen/Dense>

namespace parley::bench {

void eigen_product(const float* entries, std::size_t count, std::size_t dimension, const float* queries,
                   std::size_t query_count, std::vector<float>& scores) {
    using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using Columns = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
    const auto n = static_cast<Eigen::Index>(count);
    const auto d = static_cast<Eigen::Index>(dimension);
    const auto q = static_cast<Eigen::Index>(query_count);
    const Eigen::Map<const Rows> a(entries, n, d);
    scores.resize(count * query_count);
    if (q == 1) {
        const Eigen::Map<const Eigen::VectorXf> b(queries, d);
        Eigen::Map<Eigen::VectorXf>(scores.data(), n).noalias() = a * b;
    } else {
        const Eigen::Map<const Columns> b(queries, d, q);
        Eigen::Map<Columns>(scores.data(), n, q).noalias() = a * b;
    }
}

}  // namespace parley::bench
