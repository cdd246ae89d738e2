#include "models/agentic/text_lists.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "models/agentic/text_parts.hpp"

namespace parley::agentic {

namespace {

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

std::vector<ClassSpec> generated_classes(std::string_view count_text, Duration median) {
    std::uint32_t count = 0;
    const auto parsed = std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
    if (parsed.ec != std::errc() || count < 1 || count > 60000) {
        throw InputError("capability.classes = " + std::string(count_text) +
                         ": the number of generated classes must be 1 to 60000");
    }
    std::vector<ClassSpec> classes;
    for (std::uint32_t c = 0; c < count; ++c) classes.push_back({"class" + std::to_string(c), median});
    return classes;
}

}  // namespace

std::vector<ClassSpec> parse_classes(const std::string& text, Duration generated_median, bool& generated) {
    generated = all_digits(trimmed(text));
    if (generated) return generated_classes(trimmed(text), generated_median);
    std::vector<ClassSpec> classes;
    for (const std::string_view item : split(text, ',')) {
        const std::size_t colon = item.find(':');
        if (colon == item.npos || colon == 0) {
            throw InputError(
                "capability.classes: " + in_backquotes(item) +
                " is not NAME:MEDIAN_EXECUTION_TIME; write for example publishing:1s, or a number of classes");
        }
        const std::string name(trimmed(item.substr(0, colon)));
        if (name == "any" ||
            std::any_of(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; })) {
            throw InputError("capability.classes has the name `" + name +
                             "` twice, or the reserved name any; rename it");
        }
        const Duration median =
            parse_duration(std::string(trimmed(item.substr(colon + 1))), "capability.classes: " + name);
        if (median.nanoseconds <= 0) {
            throw InputError("capability.classes: the median execution time of " + name + " must be above 0");
        }
        classes.push_back({name, median});
    }
    if (classes.size() > 255) {
        throw InputError("capability.classes names " + std::to_string(classes.size()) +
                         " classes, and 255 is the most (a peer may offer all of them); generate classes instead: give "
                         "their number");
    }
    return classes;
}

std::vector<std::uint16_t> parse_cells(const std::string& text, const std::vector<ClassSpec>& classes) {
    std::vector<std::uint16_t> cells;
    if (trimmed(text) == "none") return cells;
    for (const std::string_view name : split(text, ',')) {
        const auto found =
            std::find_if(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; });
        if (found == classes.end()) {
            throw InputError("adversary.cells names the class " + in_backquotes(name) +
                             ", which capability.classes does not have; name one of its classes, or write none");
        }
        const auto c = static_cast<std::uint16_t>(found - classes.begin());
        if (std::find(cells.begin(), cells.end(), c) != cells.end()) {
            throw InputError("adversary.cells names the class " + in_backquotes(name) + " twice; name it once");
        }
        cells.push_back(c);
    }
    std::sort(cells.begin(), cells.end());
    return cells;
}

}  // namespace parley::agentic
