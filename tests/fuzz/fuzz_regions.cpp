// Tables of regions: an InputError, or shares that sum to 1 and medians within their range.
#include <cmath>
#include <cstdlib>
#include <string>

#include "engine/error.hpp"
#include "models/agentic/connectivity/region_matrix.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): it is libFuzzer that names it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(data, data + size);
    try {
        const parley::agentic::RegionMatrix matrix(text, "fuzz");
        double sum = 0;
        for (std::size_t from = 0; from < matrix.size(); ++from) {
            sum += matrix.share(from);
            for (std::size_t to = 0; to < matrix.size(); ++to) {
                if (matrix.median(from, to).nanoseconds < 0) std::abort();
            }
        }
        if (matrix.empty() || !(std::abs(sum - 1) < 1e-3) || matrix.at(0.999999) >= matrix.size()) std::abort();
        parley::agentic::parse_region_names(text.substr(0, text.find('\n')), matrix);
    } catch (const parley::InputError&) {
        return 0;
    }
    return 0;
}
