// Cutting up the texts of a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/run_config.hpp"

namespace parley::agentic {

inline constexpr std::string_view blanks = " \t\r";

// Without the blanks at both ends.
inline std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// What lies between the separators, trimmed; one part more than there are separators.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// For messages: a part of what the user wrote.
inline std::string in_backquotes(std::string_view text) { return '`' + printable(text) + '`'; }

}  // namespace parley::agentic
