// A run's configuration: typed, range-checked values read from an INI file and command-line overrides.
//
// One ParameterTable says everything about every key: `parley describe`, docs/parameters.md, the
// checks and the defaults all come from it. Anything the table does not know is an InputError.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/sim_time.hpp"

namespace parley {

enum class ValueKind {
    integer,   // 64-bit, decimal digits only
    real,      // finite decimal number
    duration,  // number with unit: ns, us, ms, s, min, h (for example 15s, 0.5ms)
    flag,      // true or false
    choice,    // one of `choices`
    text,      // free text; checked by the model that reads it
};

struct Parameter {
    std::string key;  // "section.name"
    ValueKind kind;
    std::string default_value;              // written as a user would write it
    std::string unit = {};                  // of integer and real ("1/s", "bytes"); empty: none
    double minimum = 0;                     // inclusive; durations: in seconds; ignored for flag, choice, text
    double maximum = 0;                     // inclusive; infinity: no limit (but that of 64 bit)
    std::vector<std::string> choices = {};  // of kind choice
    std::string meaning = {};               // one sentence
    std::string model = {};                 // "" = every run; else only when run.model has this value
    bool changes_results = true;            // false: how a run is executed or stored (goes to /provenance, not /config)
};

class ParameterTable {
   public:
    // Keys must be unique and defaults valid: both are checked here (std::logic_error).
    // A default may be empty for kind text only, and then means "not set".
    void add(Parameter parameter);
    const std::vector<Parameter>& all() const { return parameters_; }
    const Parameter* find(std::string_view key) const;

    // What `parley describe [SECTION]` prints; unknown section: InputError naming the sections.
    void describe(std::ostream& out, std::string_view section = {}) const;
    // The same as Markdown tables, one a section, for docs/parameters.md.
    void describe_markdown(std::ostream& out) const;

   private:
    std::vector<Parameter> parameters_;
};

// The normal form of `value` ("15s", "0.3", "true"); InputError "KEY = VALUE: problem (why); what to do" when it
// is not a value of `parameter`.
std::string normalised(const Parameter& parameter, std::string_view value);

// A key that a file or the command line gives a value.
struct ConfigEntry {
    std::string key;
    std::string value;
    std::string where;  // for messages
};

// The table has the choice run.model, must outlive the configuration, and must not grow meanwhile.
class RunConfig {
   public:
    // Reads FILE (INI: [section] key = value, # comments; "" = defaults only), then the overrides
    // ("section.key=value" each, later ones win over the file; a key twice among them is an error).
    // Throws InputError: where: problem (why); what to do.
    static RunConfig read(const ParameterTable& table, const std::filesystem::path& file,
                          const std::vector<std::string>& overrides);

    // The configuration of a run that goes on from a checkpoint. `text`: complete_text() of that run; `name`: of the
    // checkpoint, for messages. Overrides of parameters that change results are an InputError.
    static RunConfig resumed(const ParameterTable& table, const std::string& text, const std::string& name,
                             const std::vector<std::string>& overrides);

    // A key that is not of this run's model, or of another kind, is a std::logic_error.
    std::int64_t integer(std::string_view key) const;
    double real(std::string_view key) const;
    Duration duration(std::string_view key) const;
    bool flag(std::string_view key) const;
    const std::string& text(std::string_view key) const;  // also of kind choice

    // True when the file or an override gave the key.
    bool given(std::string_view key) const;
    // Every parameter of this run's model in table order, normalised values ("15s", "0.3").
    const std::vector<std::pair<const Parameter*, std::string>>& resolved() const { return resolved_; }
    // The parameters that change results as one INI text that reads back to the same configuration
    // (texts that are not set are left out).
    std::string resolved_text() const { return text_of(false); }
    // The same with those that do not change results.
    std::string complete_text() const { return text_of(true); }

    // Puts what a text stands for in its place, for example the content of the file that it names.
    void replace_text(std::string_view key, std::string value);

   private:
    const std::string& raw(std::string_view key, ValueKind kind) const;
    std::string text_of(bool all) const;
    // `entries`: checked, by key.
    static RunConfig from(const ParameterTable& table, const std::map<std::string, ConfigEntry, std::less<>>& entries);

    std::vector<std::pair<const Parameter*, std::string>> resolved_;
    std::map<std::string, std::size_t, std::less<>> index_;  // key -> place in resolved_
    std::vector<bool> given_;
};

// A user's text as a one-line message shows it: control characters replaced, long texts cut.
std::string printable(std::string_view text);

// "15s" -> 15e9 ns, exactly; throws InputError naming `what` when malformed, without unit, finer than a
// nanosecond or beyond 64 bit.
Duration parse_duration(std::string_view text, std::string_view what);
// A whole number of the largest unit that gives one, of ns, us, ms, s, h: 15s, 7500ms, 600s, 2h.
std::string format_duration(Duration duration);

}  // namespace parley
