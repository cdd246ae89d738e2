#include "models/agentic/execution/workflow_steps.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <string_view>

#include "models/agentic/text_parts.hpp"

namespace parley::agentic {

namespace {

constexpr const char* form = "NAME: CLASS/RISK[/side_effect] [after NAME, ...] [with CONSTRAINT VALUE, ...]";

[[noreturn]] void refuse(const std::string& problem) { throw InputError("workflow.steps: " + problem); }

RiskClass parse_risk(std::string_view text, std::string_view step) {
    if (text == "low") return RiskClass::low;
    if (text == "medium") return RiskClass::medium;
    if (text == "high") return RiskClass::high;
    refuse(in_backquotes(text) + " in step " + in_backquotes(step) + " is no risk class; write low, medium or high");
}

std::int32_t class_index(std::string_view name, const std::vector<ClassSpec>& classes) {
    if (name == "any") return WorkflowStep::any_class;
    const auto found = std::find_if(classes.begin(), classes.end(), [&](const ClassSpec& c) { return c.name == name; });
    if (found == classes.end()) {
        throw InputError("workflow.steps names the class " + in_backquotes(name) +
                         ", which capability.classes does not have; add it there, or write any");
    }
    return static_cast<std::int32_t>(found - classes.begin());
}

// CLASS/RISK or CLASS/RISK/side_effect
WorkflowStep parse_work(std::string_view text, const std::vector<ClassSpec>& classes, const Constraints& constraints) {
    const std::vector<std::string_view> parts = split(text, '/');
    if (parts.size() < 2 || parts.size() > 3 || (parts.size() == 3 && parts[2] != "side_effect")) {
        refuse(in_backquotes(text) +
               " is not CLASS/RISK or CLASS/RISK/side_effect (what to do, and how risky it is); write for example "
               "any/medium");
    }
    return {class_index(parts[0], classes), parse_risk(parts[1], text), parts.size() == 3, 0, constraints};
}

std::vector<WorkflowStep> parse_list(std::string_view text, const std::vector<ClassSpec>& classes,
                                     const Constraints& constraints) {
    std::vector<WorkflowStep> steps;
    for (const std::string_view item : split(text, ',')) {
        steps.push_back(parse_work(item, classes, constraints));
        if (steps.size() > 1) steps.back().after = 1U << (steps.size() - 2);
    }
    return steps;
}

// --- graphs

// A step of a graph, cut into its parts.
struct StepText {
    std::string_view name;
    std::string_view work;
    bool has_after = false;
    std::string_view after = {};
    bool has_with = false;
    std::string_view with = {};
};

// Where `word` stands between blanks, or the end of the text; npos: nowhere.
std::size_t find_word(std::string_view text, std::string_view word) {
    const auto is_blank = [&](std::size_t at) { return at >= text.size() || blanks.find(text[at]) != blanks.npos; };
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
        if ((at == 0 || is_blank(at - 1)) && is_blank(at + word.size())) return at;
    }
    return text.npos;
}

// Cuts off `word` and what follows it; returns whether it is there.
bool cut_at_word(std::string_view& text, std::string_view word, std::string_view& behind) {
    const std::size_t at = find_word(text, word);
    if (at == text.npos) return false;
    behind = trimmed(text.substr(at + word.size()));
    text = trimmed(text.substr(0, at));
    return true;
}

void check_name(std::string_view name, std::string_view step) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (name.empty() || name.find_first_not_of(letters) != name.npos || name == "after" || name == "with") {
        refuse("step " + in_backquotes(step) + " has the name " + in_backquotes(name) +
               "; a name has letters, digits, _ and - only, and is neither after nor with");
    }
}

StepText cut_step(std::string_view text) {
    if (text.empty()) refuse("there is an empty step (a ; too many); remove it");
    const std::size_t colon = text.find(':');
    if (colon == text.npos) {
        refuse("step " + in_backquotes(text) + " has no name (the steps of a graph need one); write " + form);
    }
    StepText step{trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 1))};
    check_name(step.name, text);
    step.has_with = cut_at_word(step.work, "with", step.with);
    if (step.has_with && find_word(step.with, "after") != text.npos) {
        refuse("step " + in_backquotes(step.name) + " has after behind with; write " + form);
    }
    step.has_after = cut_at_word(step.work, "after", step.after);
    return step;
}

std::uint32_t parse_after(const StepText& step, const std::vector<StepText>& all) {
    std::uint32_t after = 0;
    for (const std::string_view name : split(step.after, ',')) {
        const auto found = std::find_if(all.begin(), all.end(), [&](const StepText& s) { return s.name == name; });
        if (found == all.end()) {
            refuse("step " + in_backquotes(step.name) + " comes after " + in_backquotes(name) +
                   ", which is no step; name steps of the workflow, with commas between them");
        }
        const std::uint32_t bit = 1U << static_cast<std::uint32_t>(found - all.begin());
        if (name == step.name) refuse("step " + in_backquotes(name) + " comes after itself; remove that");
        if ((after & bit) != 0) {
            refuse("step " + in_backquotes(step.name) + " comes after " + in_backquotes(name) + " twice; name it once");
        }
        after |= bit;
    }
    return after;
}

// In normal form.
std::string checked_value(const Parameter& parameter, std::string_view value) {
    try {
        return normalised(parameter, value);
    } catch (const InputError& error) {
        refuse(error.what());
    }
}

double parse_number(std::string_view value, const std::string& what, double high) {
    const std::string text = checked_value({what, ValueKind::real, "0", "", 0, high}, value);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// One "NAME VALUE" behind with.
void apply_constraint(std::string_view text, const std::string& what, const RegionMatrix& regions,
                      Constraints& constraints) {
    const std::size_t blank = std::min(text.find_first_of(blanks), text.size());
    const std::string_view name = text.substr(0, blank);
    const std::string_view value = trimmed(text.substr(blank));
    if (name == "max_price") {
        constraints.max_price = parse_number(value, what, Constraints::no_price_limit);
    } else if (name == "min_quality") {
        constraints.min_quality = parse_number(value, what, 1);
    } else if (name == "max_time") {
        const Parameter parameter{what, ValueKind::duration,        "1s",
                                  "",   Constraints::shortest_time, Constraints::longest_time};
        constraints.max_time = parse_duration(checked_value(parameter, value), what);
    } else if (name == "regions") {
        constraints.regions = region_mask(parse_region_names(value, regions, "workflow.steps: " + what, '+'));
    } else {
        refuse(what + " is no constraint; write max_price, max_time, min_quality or regions, and a value");
    }
}

Constraints parse_with(const StepText& step, Constraints constraints, const RegionMatrix& regions) {
    std::vector<std::string_view> seen;
    for (const std::string_view text : split(step.with, ',')) {
        const std::string_view name = text.substr(0, text.find_first_of(blanks));
        const std::string what = in_backquotes(name) + " of step " + in_backquotes(step.name);
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) refuse(what + " is given twice; keep one of them");
        seen.push_back(name);
        apply_constraint(text, what, regions, constraints);
    }
    return constraints;
}

// Throws the InputError of a cycle among the steps that are not `possible`; each of them waits for another of them.
[[noreturn]] void refuse_cycle(const std::vector<WorkflowStep>& steps, const std::vector<StepText>& texts,
                               std::uint32_t possible) {
    const auto first_of = [](std::uint32_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)); };
    std::vector<std::size_t> way{first_of(~possible)};
    for (;;) {
        const std::size_t next = first_of(steps[way.back()].after & ~possible);
        const auto met = std::find(way.begin(), way.end(), next);
        if (met == way.end()) {
            way.push_back(next);
            continue;
        }
        std::string cycle;
        for (auto at = met; at != way.end(); ++at) cycle += in_backquotes(texts[*at].name) + " after ";
        cycle += in_backquotes(texts[next].name);
        refuse("steps wait for each other: " + cycle + " (a workflow has no cycles); remove one dependency");
    }
}

void check_acyclic(const std::vector<WorkflowStep>& steps, const std::vector<StepText>& texts) {
    std::uint32_t possible = 0;  // bit i: step i can be accepted
    for (std::size_t round = 0; round < steps.size(); ++round) {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if ((steps[i].after & ~possible) == 0) possible |= 1U << i;
        }
    }
    if (possible != mask_of(steps)) refuse_cycle(steps, texts, possible);
}

std::vector<WorkflowStep> parse_graph(std::string_view text, const std::vector<ClassSpec>& classes,
                                      const Constraints& defaults, const RegionMatrix& regions) {
    std::vector<StepText> texts;
    for (const std::string_view item : split(text, ';')) {
        texts.push_back(cut_step(item));
        const StepText& last = texts.back();
        if (std::any_of(texts.begin(), texts.end() - 1, [&](const StepText& s) { return s.name == last.name; })) {
            refuse("two steps have the name " + in_backquotes(last.name) + "; rename one of them");
        }
    }
    std::vector<WorkflowStep> steps;
    for (const StepText& each : texts) {
        steps.push_back(parse_work(each.work, classes, defaults));
        if (each.has_after) steps.back().after = parse_after(each, texts);
        if (each.has_with) steps.back().constraints = parse_with(each, defaults, regions);
    }
    check_acyclic(steps, texts);
    return steps;
}

}  // namespace

std::vector<WorkflowStep> parse_steps(const std::string& text, const std::vector<ClassSpec>& classes,
                                      const Constraints& defaults, const RegionMatrix& regions) {
    const bool graph = text.find_first_of(":;") != std::string::npos;
    const auto count = static_cast<std::size_t>(std::count(text.begin(), text.end(), graph ? ';' : ',')) + 1;
    if (count > most_steps) {
        throw InputError("workflow.steps has " + std::to_string(count) + " steps, and " + std::to_string(most_steps) +
                         " is the most; shorten the workflow");
    }
    return graph ? parse_graph(text, classes, defaults, regions) : parse_list(text, classes, defaults);
}

}  // namespace parley::agentic
