// Threads of a kernel: those it is given, but none when the caller is itself one of a team of threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstddef>

namespace parley::kernels {

// How many threads are of use for `items` of work.
inline int kernel_threads(int threads, std::size_t items) {
    if (omp_in_parallel() != 0) return 1;
    return static_cast<int>(std::min(static_cast<std::size_t>(std::max(threads, 1)), std::max<std::size_t>(items, 1)));
}

// Calls `work(i)` for i in [0, items), each by one thread, in any order. `work` must not throw.
template <class Work>
void for_each_block(std::size_t items, int threads, Work&& work) {
    const int team = kernel_threads(threads, items);
    if (team == 1) {
        for (std::size_t i = 0; i < items; ++i) work(i);
        return;
    }
#pragma omp parallel for num_threads(team) schedule(dynamic, 1)
    for (std::size_t i = 0; i < items; ++i) work(i);
}

}  // namespace parley::kernels
