// Reads a run's configuration: an INI file and overrides, parsed by Boost.Program_options, checked here.
#include "engine/run_config.hpp"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "engine/checkpoint_file.hpp"
#include "engine/error.hpp"
#include "engine/result_seal.hpp"

namespace parley {
namespace {

namespace options = boost::program_options;

// One "key = value" of the user. `where` begins every message about it: "run.ini:12: " or "command line: ".
using Entry = ConfigEntry;
using Entries = std::map<std::string, Entry, std::less<>>;

std::string_view trimmed(std::string_view text) {
    constexpr const char* blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

options::options_description known_options(const ParameterTable& table) {
    options::options_description known;
    for (const Parameter& parameter : table.all()) {
        known.add_options()(parameter.key.c_str(), options::value<std::string>());
    }
    return known;
}

// Single-letter insertions, deletions and replacements between two words (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

// The known key a mistyped one is meant to be: the same name in another section, or few letters away; else "".
std::string nearest_key(const ParameterTable& table, std::string_view wrong) {
    const std::string_view name = wrong.substr(wrong.rfind('.') + 1);
    std::size_t best = std::max<std::size_t>(2, wrong.size() / 3) + 1;
    std::string nearest;
    for (const Parameter& parameter : table.all()) {
        const bool same_name = std::string_view(parameter.key).substr(parameter.key.rfind('.') + 1) == name;
        const std::size_t distance = same_name ? std::min<std::size_t>(2, edit_distance(wrong, parameter.key))
                                               : edit_distance(wrong, parameter.key);
        if (distance < best) {
            best = distance;
            nearest = parameter.key;
        }
    }
    return nearest;
}

const Parameter& known_parameter(const ParameterTable& table, const Entry& entry) {
    const Parameter* parameter = table.find(entry.key);
    if (parameter == nullptr) {
        const std::string nearest = nearest_key(table, entry.key);
        const std::string name = entry.key.substr(entry.key.rfind('.') + 1);
        const bool is_section = std::any_of(table.all().begin(), table.all().end(),
                                            [&](const Parameter& each) { return each.key.starts_with(name + "."); });
        const std::string meant = is_section ? "did you mean one of [" + name + "]? \"parley describe " + name + "\""
                                  : nearest.empty() ? "\"parley describe\""
                                                    : "did you mean " + nearest + "? \"parley describe\"";
        throw InputError(entry.where + "unknown key " + in_quotes(entry.key) + "; " + meant + " lists every key");
    }
    return *parameter;
}

std::string checked_value(const Parameter& parameter, const Entry& entry) {
    if (entry.value.empty()) {
        throw InputError(entry.where + entry.key + " has no value; write " + entry.key +
                         " = VALUE, or leave the key out for its default");
    }
    try {
        return normalised(parameter, entry.value);
    } catch (const InputError& error) {
        throw InputError(entry.where + error.what());
    }
}

// The entries in normal form; every one is a known key with a good value, and there once.
Entries checked(const ParameterTable& table, std::vector<Entry> entries) {
    Entries by_key;
    for (Entry& entry : entries) {
        const Parameter& parameter = known_parameter(table, entry);
        const auto [first, inserted] = by_key.try_emplace(entry.key, entry);
        if (!inserted) {
            throw InputError(entry.where + entry.key + " is given twice (" + printable(first->second.value) + " and " +
                             printable(entry.value) + "); keep one of them");
        }
        first->second.value = checked_value(parameter, entry);
    }
    return by_key;
}

// Files of ours that are given for a configuration by mistake.
void refuse_other_files(const std::filesystem::path& file, const std::string& content) {
    constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    const auto is_hdf5_at = [&](std::size_t place) {
        return content.size() > place && content.compare(place, signature.size(), signature) == 0;
    };
    if (content.starts_with("parley checkpoint") && is_hdf5_at(checkpoint_header_bytes)) {
        throw InputError(file.string() + " is no configuration but a checkpoint; go on with parley resume " +
                         file.string());
    }
    if (is_hdf5_at(0) || is_hdf5_at(seal_bytes)) {
        throw InputError(file.string() +
                         " is no configuration but an HDF5 file; a result keeps its configuration in the attribute "
                         "text of its group /config");
    }
}

std::string read_text(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
        throw InputError(file.string() + " is a directory, not a configuration; name an INI file in it");
    }
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (stream) text << stream.rdbuf();
    if (!stream || stream.bad()) {
        const std::string why = errno == 0 ? "unknown reason" : std::strerror(errno);
        throw InputError("cannot read the configuration " + file.string() + " (" + why +
                         "); check the path and its permissions");
    }
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    const std::string content = std::move(text).str();
    refuse_other_files(file, content);
    return content.starts_with(byte_order_mark) ? content.substr(byte_order_mark.size()) : content;
}

struct Line {
    std::size_t number;
    std::string text;
};

// The lines Boost takes for entries, in order: it reports entries without their line numbers.
std::vector<Line> entry_lines(const std::string& text) {
    std::vector<Line> lines;
    std::istringstream stream(text);
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
        const std::string_view content = trimmed(std::string_view(line).substr(0, line.find('#')));
        const bool section = !content.empty() && content.front() == '[' && content.back() == ']';
        if (!content.empty() && !section) lines.push_back({number, std::string(content)});
    }
    return lines;
}

// A line neither a section nor key = value: Boost's own message has no line number.
void check_syntax(const std::vector<Line>& lines, const std::string& name) {
    for (const Line& line : lines) {
        if (line.text.find('=') == std::string::npos) {
            throw InputError(name + ":" + std::to_string(line.number) + ": " + in_quotes(line.text) +
                             " is not part of a configuration; write [section], key = value, or # comment");
        }
    }
}

// `name`: of the file, for messages.
std::vector<Entry> text_entries(const ParameterTable& table, const std::string& text, const std::string& name) {
    const std::vector<Line> lines = entry_lines(text);
    check_syntax(lines, name);
    std::istringstream stream(text);
    constexpr bool allow_unknown = true;  // known_parameter says more than Boost's exception
    const auto parsed = options::parse_config_file(stream, known_options(table), allow_unknown);
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < parsed.options.size(); ++i) {
        const auto& option = parsed.options[i];
        const std::string where = name + ":" + std::to_string(lines.at(i).number) + ": ";
        const std::string value = option.value.empty() ? "" : std::string(trimmed(option.value.front()));
        entries.push_back({option.string_key, value, where});
    }
    return entries;
}

constexpr const char* command_line = "command line: ";

// Boost refuses "key=" and reads a word without "=" as a flag or a position: both are said here instead.
std::string as_long_option(const ParameterTable& table, const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
        throw InputError(command_line + in_quotes(text) + " has no value; write --section.key=value");
    }
    const Entry entry{std::string(trimmed(std::string_view(text).substr(0, equals))),
                      std::string(trimmed(std::string_view(text).substr(equals + 1))), command_line};
    if (entry.key.empty() || entry.value.empty()) checked_value(known_parameter(table, entry), entry);
    return "--" + entry.key + "=" + entry.value;
}

std::vector<Entry> override_entries(const ParameterTable& table, const std::vector<std::string>& overrides) {
    std::vector<std::string> words;
    words.reserve(overrides.size());
    for (const std::string& text : overrides) words.push_back(as_long_option(table, text));
    using namespace options::command_line_style;
    const options::options_description known = known_options(table);
    const auto parsed = options::command_line_parser(words)
                            .options(known)
                            .style(allow_long | long_allow_adjacent)  // no guessing of abbreviated keys
                            .allow_unregistered()
                            .run();
    std::vector<Entry> entries;
    for (const auto& option : parsed.options) {
        entries.push_back({option.string_key, option.value.empty() ? "" : option.value.front(), command_line});
    }
    return entries;
}

const Parameter& model_parameter(const ParameterTable& table) {
    const Parameter* parameter = table.find("run.model");
    if (parameter == nullptr || parameter->kind != ValueKind::choice) {
        throw std::logic_error("the parameter table needs the choice run.model");
    }
    return *parameter;
}

void check_model(const Parameter& parameter, const Entry& entry, const std::string& model) {
    if (parameter.model.empty() || parameter.model == model) return;
    throw InputError(entry.where + parameter.key + " belongs to the model " + parameter.model + ", and run.model is " +
                     model + "; remove the key, or set run.model = " + parameter.model);
}

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr std::array<Unit, 6> units{Unit{"ns", 1},        {"us", 1'000},           {"ms", 1'000'000},
                                    {"s", 1'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr const char* unit_names = "ns, us, ms, s, min, h";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "-1.25 ms" cut into its parts.
struct DurationText {
    bool negative = false;
    std::string_view whole, fraction, unit;

    explicit DurationText(std::string_view text) {
        negative = text.starts_with('-');
        if (negative || text.starts_with('+')) text.remove_prefix(1);
        whole = take_digits(text);
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            fraction = take_digits(text);
        }
        unit = trimmed(text);
    }

    static std::string_view take_digits(std::string_view& text) {
        const auto count =
            static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
        const std::string_view digits = text.substr(0, count);
        text.remove_prefix(count);
        return digits;
    }
};

// The nanoseconds of 0.FRACTION units; false when that is not a whole number.
bool fraction_of(std::int64_t unit, std::string_view fraction, std::int64_t& nanoseconds) {
    fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
    nanoseconds = 0;
    // No unit is divisible by more factors of ten times a power of 2 or 5: 3.6e12 = 2^13 * 3^2 * 5^11.
    constexpr std::size_t most_digits = 13;
    if (fraction.size() > most_digits) return false;
    std::int64_t numerator = 0;
    std::int64_t denominator = 1;
    for (const char digit : fraction) {
        numerator = numerator * 10 + (digit - '0');
        denominator *= 10;
    }
    const std::int64_t common = std::gcd(unit, denominator);
    denominator /= common;
    if (numerator % denominator != 0) return false;
    nanoseconds = unit / common * (numerator / denominator);  // below one unit, so without overflow
    return true;
}

const Unit& known_unit(const DurationText& parts, const std::string& problem_of, std::string_view text) {
    if (parts.whole.empty() && parts.fraction.empty()) {
        throw InputError(problem_of + "not a duration; write a number with a unit, for example 15s (units " +
                         unit_names + ")");
    }
    if (parts.unit.empty()) {
        throw InputError(problem_of + "a duration needs a unit; write " + printable(text) + "s (units " + unit_names +
                         ")");
    }
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == parts.unit; });
    if (unit == units.end()) {
        throw InputError(problem_of + "unknown unit " + in_quotes(parts.unit) + "; use one of " + unit_names);
    }
    return *unit;
}

}  // namespace

Duration parse_duration(std::string_view text, std::string_view what) {
    text = trimmed(text);
    const std::string problem_of = std::string(what) + " = " + printable(text) + ": ";
    const DurationText parts(text);
    const Unit& unit = known_unit(parts, problem_of, text);
    std::int64_t fraction = 0;
    if (!fraction_of(unit.nanoseconds, parts.fraction, fraction)) {
        throw InputError(problem_of + "finer than a nanosecond (simulated time counts whole ones); round it");
    }
    std::int64_t total = 0;
    const char* end = parts.whole.data() + parts.whole.size();
    const bool too_long = (!parts.whole.empty() && std::from_chars(parts.whole.data(), end, total).ec != std::errc{}) ||
                          __builtin_mul_overflow(total, unit.nanoseconds, &total) ||
                          __builtin_add_overflow(total, fraction, &total);
    if (too_long) {
        throw InputError(problem_of + "too long (64-bit nanoseconds end after 292 years); choose a shorter duration");
    }
    return {parts.negative ? -total : total};
}

std::string format_duration(Duration duration) {
    if (duration.nanoseconds == 0) return "0s";
    for (const std::string_view name : {"h", "s", "ms", "us"}) {
        const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
        if (duration.nanoseconds % unit->nanoseconds == 0) {
            return std::to_string(duration.nanoseconds / unit->nanoseconds) + std::string(name);
        }
    }
    return std::to_string(duration.nanoseconds) + "ns";
}

RunConfig RunConfig::read(const ParameterTable& table, const std::filesystem::path& file,
                          const std::vector<std::string>& overrides) {
    Entries entries = checked(table, override_entries(table, overrides));
    if (!file.empty()) entries.merge(checked(table, text_entries(table, read_text(file), file.string())));
    return from(table, entries);
}

RunConfig RunConfig::from(const ParameterTable& table, const Entries& entries) {
    const Parameter& model_choice = model_parameter(table);
    const auto chosen = entries.find("run.model");
    const std::string model = chosen == entries.end() ? model_choice.default_value : chosen->second.value;
    RunConfig config;
    for (const Parameter& parameter : table.all()) {
        const auto entry = entries.find(parameter.key);
        const bool given = entry != entries.end();
        if (given) check_model(parameter, entry->second, model);
        if (!parameter.model.empty() && parameter.model != model) continue;
        config.index_.emplace(parameter.key, config.resolved_.size());
        config.resolved_.emplace_back(&parameter, given ? entry->second.value : parameter.default_value);
        config.given_.push_back(given);
    }
    return config;
}

RunConfig RunConfig::resumed(const ParameterTable& table, const std::string& text, const std::string& name,
                             const std::vector<std::string>& overrides) {
    Entries entries = checked(table, override_entries(table, overrides));
    for (const auto& [key, entry] : entries) {
        if (!table.find(key)->changes_results) continue;
        throw InputError(entry.where + key + " cannot be changed when a run is resumed (what has been simulated " +
                         "depends on it); leave it out, or start a new run");
    }
    entries.merge(checked(table, text_entries(table, text, name)));
    return from(table, entries);
}

const std::string& RunConfig::raw(std::string_view key, ValueKind kind) const {
    const auto place = index_.find(key);
    if (place == index_.end()) {
        throw std::logic_error("the parameter " + std::string(key) + " is not one of this run's model");
    }
    const auto& [parameter, value] = resolved_[place->second];
    const bool text = kind == ValueKind::text && parameter->kind == ValueKind::choice;
    if (parameter->kind != kind && !text) {
        throw std::logic_error("the parameter " + parameter->key + " is read as another kind than it has");
    }
    return value;
}

std::int64_t RunConfig::integer(std::string_view key) const {
    const std::string& value = raw(key, ValueKind::integer);
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

double RunConfig::real(std::string_view key) const {
    const std::string& value = raw(key, ValueKind::real);
    double number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

Duration RunConfig::duration(std::string_view key) const { return parse_duration(raw(key, ValueKind::duration), key); }

bool RunConfig::flag(std::string_view key) const { return raw(key, ValueKind::flag) == "true"; }

const std::string& RunConfig::text(std::string_view key) const { return raw(key, ValueKind::text); }

bool RunConfig::given(std::string_view key) const {
    const auto place = index_.find(key);
    return place != index_.end() && given_[place->second];
}

void RunConfig::replace_text(std::string_view key, std::string value) {
    raw(key, ValueKind::text);
    std::string& place = resolved_[index_.find(key)->second].second;
    place = std::move(value);
}

std::string RunConfig::text_of(bool all) const {
    std::vector<std::pair<std::string, std::string>> blocks;  // section -> its lines, in order of the table
    for (const auto& [parameter, value] : resolved_) {
        if ((!all && !parameter->changes_results) || value.empty()) continue;
        const auto dot = parameter->key.rfind('.');
        const std::string section = parameter->key.substr(0, dot);
        auto block = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) { return b.first == section; });
        if (block == blocks.end()) block = blocks.insert(blocks.end(), {section, ""});
        block->second += parameter->key.substr(dot + 1) + " = " + value + "\n";
    }
    std::string text;
    for (const auto& [section, lines] : blocks) {
        text += (text.empty() ? "[" : "\n[") + section + "]\n" + lines;
    }
    return text;
}

}  // namespace parley
