#include "models/agentic/text_lists.hpp"

#include <algorithm>
#include <charconv>

namespace parley::agentic {

namespace {

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

bool all_digits(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<ClassSpec> generated_classes(const std::string& count_text, Duration median) {
    std::uint32_t count = 0;
    const auto parsed = std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
    if (parsed.ec != std::errc() || count < 1 || count > 60000) {
        throw InputError("capability.classes = " + count_text + ": the number of generated classes must be 1 to 60000");
    }
    std::vector<ClassSpec> classes;
    for (std::uint32_t c = 0; c < count; ++c) classes.push_back({"class" + std::to_string(c), median});
    return classes;
}

RiskClass parse_risk(const std::string& text, const std::string& step) {
    if (text == "low") return RiskClass::low;
    if (text == "medium") return RiskClass::medium;
    if (text == "high") return RiskClass::high;
    throw InputError("workflow.steps: `" + text + "` in step `" + step +
                     "` is no risk class; write low, medium or high");
}

std::int32_t class_index(const std::string& name, const std::vector<ClassSpec>& classes) {
    if (name == "any") return WorkflowStep::any_class;
    const auto found = std::find_if(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; });
    if (found == classes.end()) {
        throw InputError("workflow.steps names the class `" + name +
                         "`, which capability.classes does not have; add it there, or write any");
    }
    return static_cast<std::int32_t>(found - classes.begin());
}

}  // namespace

std::vector<ClassSpec> parse_classes(const std::string& text, Duration generated_median, bool& generated) {
    generated = all_digits(trimmed(text));
    if (generated) return generated_classes(trimmed(text), generated_median);
    std::vector<ClassSpec> classes;
    for (const std::string& item : split(text, ',')) {
        const std::size_t colon = item.find(':');
        if (colon == std::string::npos || colon == 0) {
            throw InputError(
                "capability.classes: `" + item +
                "` is not NAME:MEDIAN_EXECUTION_TIME; write for example publishing:1s, or a number of classes");
        }
        const std::string name = trimmed(item.substr(0, colon));
        if (name == "any" ||
            std::any_of(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; })) {
            throw InputError("capability.classes has the name `" + name +
                             "` twice, or the reserved name any; rename it");
        }
        const Duration median = parse_duration(trimmed(item.substr(colon + 1)), "capability.classes: " + name);
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

std::vector<WorkflowStep> parse_steps(const std::string& text, const std::vector<ClassSpec>& classes) {
    std::vector<WorkflowStep> steps;
    for (const std::string& item : split(text, ',')) {
        const std::vector<std::string> parts = split(item, '/');
        if (parts.size() < 2 || parts.size() > 3 || (parts.size() == 3 && parts[2] != "side_effect")) {
            throw InputError("workflow.steps: `" + item + "` is not CLASS/RISK or CLASS/RISK/side_effect");
        }
        steps.push_back({class_index(parts[0], classes), parse_risk(parts[1], item), parts.size() == 3});
    }
    if (steps.size() > 32) throw InputError("workflow.steps has more than 32 steps; shorten the workflow");
    return steps;
}

std::vector<std::uint16_t> parse_cells(const std::string& text, const std::vector<ClassSpec>& classes) {
    std::vector<std::uint16_t> cells;
    if (trimmed(text) == "none") return cells;
    for (const std::string& name : split(text, ',')) {
        const auto found =
            std::find_if(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; });
        if (found == classes.end()) {
            throw InputError("adversary.cells names the class `" + name +
                             "`, which capability.classes does not have; name one of its classes, or write none");
        }
        const auto c = static_cast<std::uint16_t>(found - classes.begin());
        if (std::find(cells.begin(), cells.end(), c) != cells.end()) {
            throw InputError("adversary.cells names the class `" + name + "` twice; name it once");
        }
        cells.push_back(c);
    }
    std::sort(cells.begin(), cells.end());
    return cells;
}

}  // namespace parley::agentic
