// The table of parameters: what it accepts, and how it describes itself.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>

#include "engine/error.hpp"
#include "engine/run_config.hpp"

namespace parley {
namespace {

constexpr std::size_t page_width = 100;
constexpr std::size_t widest_default = 16;  // longer defaults push their own row to the right
constexpr double integer_limit = 0x1p63;

const char* kind_name(ValueKind kind) {
    constexpr std::array names{"integer", "real", "duration", "flag", "choice", "text"};
    return names.at(static_cast<std::size_t>(kind));
}

std::string_view section_of(const Parameter& parameter) {
    return std::string_view(parameter.key).substr(0, parameter.key.rfind('.'));
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string joined;
    for (const std::string& part : parts) {
        joined += joined.empty() ? "" : separator;
        joined += part;
    }
    return joined;
}

// Shortest digits that read back to the same number; no exponent where people would not write one.
std::string format_real(double value) {
    const double size = std::abs(value);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e9);
    std::array<char, 64> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value + 0.0,  // + 0.0: no negative zero
                      plain ? std::chars_format::fixed : std::chars_format::scientific);
    return {buffer.data(), end.ptr};
}

std::int64_t saturated(double value) {
    if (value >= integer_limit) return std::numeric_limits<std::int64_t>::max();
    if (value <= -integer_limit) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
}

std::int64_t nanoseconds_of(double seconds) { return saturated(std::round(seconds * 1e9)); }

std::string format_bound(ValueKind kind, double bound) {
    if (kind == ValueKind::integer) return std::to_string(saturated(bound));
    if (kind == ValueKind::duration) return format_duration({nanoseconds_of(bound)});
    return format_real(bound);
}

// "0 to 1", "at least 1s"; with the unit of the parameter.
std::string range_text(const Parameter& parameter) {
    const double scale = parameter.kind == ValueKind::duration ? 1e9 : 1;
    const double limit =
        parameter.kind == ValueKind::real ? std::numeric_limits<double>::infinity() : integer_limit / scale;
    const bool lower = parameter.minimum > -limit;
    const bool upper = parameter.maximum < limit;
    const std::string least = format_bound(parameter.kind, parameter.minimum);
    const std::string most = format_bound(parameter.kind, parameter.maximum);
    std::string text = "any";
    if (lower && upper) text = least + " to " + most;
    if (lower && !upper) text = "at least " + least;
    if (!lower && upper) text = "at most " + most;
    return parameter.unit.empty() ? text : text + " " + parameter.unit;
}

std::string allowed_text(const Parameter& parameter, std::string_view separator) {
    switch (parameter.kind) {
        case ValueKind::flag:
            return "true" + std::string(separator) + "false";
        case ValueKind::choice:
            return join(parameter.choices, separator);
        case ValueKind::text:
            return "";
        default:
            return range_text(parameter);
    }
}

[[noreturn]] void refuse(const Parameter& parameter, std::string_view value, const std::string& problem) {
    throw InputError(parameter.key + " = " + printable(value) + ": " + problem);
}

[[noreturn]] void refuse_range(const Parameter& parameter, std::string_view value) {
    refuse(parameter, value, "out of range (" + range_text(parameter) + "); choose a value in this range");
}

// from_chars knows no plus sign.
std::string_view without_plus(std::string_view value) {
    const bool plus = value.size() > 1 && value[0] == '+' && value[1] != '-' && value[1] != '+';
    return plus ? value.substr(1) : value;
}

std::string normalised_integer(const Parameter& parameter, std::string_view value) {
    const std::string_view digits = without_plus(value);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
        refuse(parameter, value,
               "not an integer (only decimal digits are); write for example " + parameter.default_value);
    }
    if (error == std::errc::result_out_of_range) refuse_range(parameter, value);
    if (number < saturated(std::ceil(parameter.minimum)) || number > saturated(std::floor(parameter.maximum))) {
        refuse_range(parameter, value);
    }
    return std::to_string(number);
}

std::string normalised_real(const Parameter& parameter, std::string_view value) {
    const std::string_view digits = without_plus(value);
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const double share = number / 100;
    if (error == std::errc() && std::string_view(end) == "%" && parameter.minimum <= share &&
        share <= parameter.maximum) {
        refuse(parameter, value, "not a number (shares are fractions); write " + format_real(share));
    }
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
        refuse(parameter, value, "not a number; write for example " + parameter.default_value);
    }
    if (error == std::errc::result_out_of_range) {
        refuse(parameter, value,
               "too large or too small for a double; choose a value in the range " + range_text(parameter));
    }
    if (!std::isfinite(number)) {
        refuse(parameter, value, "not a finite number; write for example " + parameter.default_value);
    }
    if (number < parameter.minimum || number > parameter.maximum) refuse_range(parameter, value);
    return format_real(number);
}

std::string normalised_duration(const Parameter& parameter, std::string_view value) {
    const Duration duration = parse_duration(value, parameter.key);
    if (duration.nanoseconds < nanoseconds_of(parameter.minimum) ||
        duration.nanoseconds > nanoseconds_of(parameter.maximum)) {
        refuse_range(parameter, value);
    }
    return format_duration(duration);
}

std::string normalised_choice(const Parameter& parameter, std::string_view value) {
    const auto& choices = parameter.choices;
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
        refuse(parameter, value, "not a known choice; choose one of " + join(choices, ", "));
    }
    return std::string(value);
}

std::string normalised_text(const Parameter& parameter, std::string_view value) {
    if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        refuse(parameter, value, "control characters cannot be stored in a configuration; remove them");
    }
    if (value.find('#') != std::string_view::npos) {
        refuse(parameter, value, "# begins a comment in a configuration file; write the text without it");
    }
    return std::string(value);
}

void check_key(const std::string& key) {
    const auto known = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; };
    const auto dot = key.rfind('.');
    const bool parts = dot != std::string::npos && dot > 0 && dot + 1 < key.size() && key.front() != '.';
    if (!parts || !std::all_of(key.begin(), key.end(), known)) {
        throw std::logic_error("parameter key \"" + key + "\" is not section.name of a-z, 0-9, _");
    }
}

std::vector<std::string_view> sections_of(const std::vector<Parameter>& parameters) {
    std::vector<std::string_view> sections;
    for (const Parameter& parameter : parameters) {
        const auto section = section_of(parameter);
        if (std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
    }
    return sections;
}

std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
    std::vector<std::string> lines(1);
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t to = std::min(text.find(' ', from), text.size());
        const std::string word = text.substr(from, to - from);
        if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
        lines.back() += (lines.back().empty() ? "" : " ") + word;
        from = to + 1;
    }
    return lines;
}

// The model that all parameters of a section belong to; "" when there is none.
std::string model_of_section(const std::vector<Parameter>& parameters, std::string_view section) {
    std::optional<std::string> model;
    for (const Parameter& parameter : parameters) {
        if (section_of(parameter) == section && model.value_or(parameter.model) != parameter.model) return "";
        if (section_of(parameter) == section) model = parameter.model;
    }
    return model.value_or("");
}

// `section_model`: has been said for the whole section.
std::string full_meaning(const Parameter& parameter, const std::string& section_model) {
    std::string meaning = parameter.meaning;
    if (parameter.model != section_model) meaning += " Only with run.model = " + parameter.model + ".";
    if (!parameter.changes_results) meaning += " Does not change results.";
    return meaning;
}

// The columns of `parley describe`; the last one (range or choices) is wrapped.
struct Columns {
    std::size_t key = 3, kind = 8, unit = 4, fallback = 7;

    explicit Columns(const std::vector<Parameter>& parameters) {
        for (const Parameter& parameter : parameters) {
            key = std::max(key, parameter.key.size());
            unit = std::max(unit, parameter.unit.size());
            fallback = std::max(fallback, std::min(parameter.default_value.size(), widest_default));
        }
    }
};

std::string padded(const std::string& cell, std::size_t width) {
    return cell + std::string(std::max(width, cell.size()) - cell.size() + 2, ' ');
}

std::string left_columns(const Columns& columns, const std::string& key, const std::string& kind,
                         const std::string& unit, const std::string& fallback) {
    return "  " + padded(key, columns.key) + padded(kind, columns.kind) + padded(unit, columns.unit) +
           padded(fallback, columns.fallback);
}

void print_line(std::ostream& out, const std::string& line) {
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
}

void print_wrapped(std::ostream& out, std::string indent, const std::string& text) {
    constexpr std::size_t narrowest = 20;
    if (indent.size() + narrowest > page_width && !text.empty()) {
        print_line(out, indent);
        indent = std::string(page_width / 2, ' ');
    }
    for (const std::string& line : wrapped(text, page_width - indent.size())) {
        print_line(out, indent + line);
        indent.assign(indent.size(), ' ');
    }
}

void print_section(std::ostream& out, const std::vector<Parameter>& parameters, std::string_view section,
                   const Columns& columns) {
    const std::string model = model_of_section(parameters, section);
    out << '[' << section << ']' << (model.empty() ? "" : "   only with run.model = " + model) << '\n';
    print_line(out, left_columns(columns, "key", "type", "unit", "default") + "range");
    for (const Parameter& parameter : parameters) {
        if (section_of(parameter) != section) continue;
        print_wrapped(
            out,
            left_columns(columns, parameter.key, kind_name(parameter.kind), parameter.unit, parameter.default_value),
            allowed_text(parameter, " | "));
        print_wrapped(out, "      ", full_meaning(parameter, model));
    }
}

// "descriptor" names [descriptor]; "capability" also [capability.image_generation].
bool names_section(std::string_view wanted, std::string_view section) {
    return wanted.empty() || section == wanted ||
           (section.size() > wanted.size() && section.starts_with(wanted) && section[wanted.size()] == '.');
}

std::string markdown_cell(const std::string& text) {
    std::string cell;
    for (const char c : text) cell += c == '|' ? "\\|" : std::string(1, c);
    return cell;
}

}  // namespace

std::string printable(std::string_view text) {
    constexpr std::size_t longest = 80;
    std::string shown(text.substr(0, longest));
    std::replace_if(
        shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text.size() > longest ? shown + "..." : shown;
}

std::string normalised(const Parameter& parameter, std::string_view value) {
    switch (parameter.kind) {
        case ValueKind::integer:
            return normalised_integer(parameter, value);
        case ValueKind::real:
            return normalised_real(parameter, value);
        case ValueKind::duration:
            return normalised_duration(parameter, value);
        case ValueKind::choice:
            return normalised_choice(parameter, value);
        case ValueKind::text:
            return normalised_text(parameter, value);
        case ValueKind::flag:
            break;
    }
    if (value != "true" && value != "false") refuse(parameter, value, "neither true nor false; write one of the two");
    return std::string(value);
}

void ParameterTable::add(Parameter parameter) {
    check_key(parameter.key);
    if (find(parameter.key) != nullptr) throw std::logic_error("parameter " + parameter.key + " is added twice");
    if (parameter.kind == ValueKind::duration && !parameter.unit.empty()) {
        throw std::logic_error("parameter " + parameter.key + ": a duration carries its unit in the value");
    }
    if (!(parameter.minimum <= parameter.maximum)) {
        throw std::logic_error("parameter " + parameter.key + ": the range is empty");
    }
    try {
        parameter.default_value = normalised(parameter, parameter.default_value);
    } catch (const InputError& error) {
        throw std::logic_error(std::string("default ") + error.what());
    }
    parameters_.push_back(std::move(parameter));
}

const Parameter* ParameterTable::find(std::string_view key) const {
    const auto found =
        std::find_if(parameters_.begin(), parameters_.end(), [key](const Parameter& p) { return p.key == key; });
    return found == parameters_.end() ? nullptr : &*found;
}

void ParameterTable::describe(std::ostream& out, std::string_view section) const {
    const Columns columns(parameters_);
    std::string known;
    bool first = true;
    for (const std::string_view candidate : sections_of(parameters_)) {
        known += (known.empty() ? "" : ", ") + std::string(candidate);
        if (!names_section(section, candidate)) continue;
        if (!first) out << '\n';
        print_section(out, parameters_, candidate, columns);
        first = false;
    }
    if (first && !section.empty()) {
        throw InputError("there is no section \"" + printable(section) + "\"; the sections are " + known);
    }
}

void ParameterTable::describe_markdown(std::ostream& out) const {
    for (const std::string_view section : sections_of(parameters_)) {
        const std::string model = model_of_section(parameters_, section);
        out << "## [" << section << "]\n\n"
            << (model.empty() ? "" : "Only with `run.model = " + model + "`.\n\n")
            << "| key | type | unit | default | range | meaning |\n"
            << "|---|---|---|---|---|---|\n";
        for (const Parameter& parameter : parameters_) {
            if (section_of(parameter) != section) continue;
            const std::string fallback = parameter.default_value.empty() ? "" : "`" + parameter.default_value + "`";
            out << "| `" << parameter.key << "` | " << kind_name(parameter.kind) << " | "
                << markdown_cell(parameter.unit) << " | " << markdown_cell(fallback) << " | "
                << markdown_cell(allowed_text(parameter, ", ")) << " | "
                << markdown_cell(full_meaning(parameter, model)) << " |\n";
        }
        out << '\n';
    }
}

}  // namespace parley
