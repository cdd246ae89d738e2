#include "models/agentic/connectivity/region_matrix.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "engine/error.hpp"
#include "models/agentic/text_parts.hpp"

namespace parley::agentic {

namespace {

constexpr const char* key = "network.regions";
constexpr double longest_ms = 100'000;

std::string in_quotes(std::string_view text) {
    std::string quotes(1, '"');
    quotes += printable(text);
    quotes += '"';
    return quotes;
}

// The lines that say something, with the number each has in its source.
struct Line {
    std::size_t number;
    std::vector<std::string_view> cells;
};

std::vector<Line> lines_of(std::string_view text) {
    const char separator = text.find('\n') == std::string_view::npos ? ';' : '\n';
    std::vector<Line> lines;
    std::size_t number = 0;
    for (const std::string_view line : split(text, separator)) {
        ++number;
        if (!line.empty() && line.front() != '#') lines.push_back({number, split(line, ',')});
    }
    return lines;
}

[[noreturn]] void refuse(const std::string& source, const Line& line, std::size_t column, const std::string& problem) {
    throw InputError(source + ":" + std::to_string(line.number) + ", column " + std::to_string(column + 1) + ": " +
                     problem);
}

bool is_name(std::string_view text) {
    const auto known = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), known);
}

double number_at(const std::string& source, const Line& line, std::size_t column, double most, const char* what) {
    const std::string_view cell = line.cells[column];
    double number = 0;
    const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != cell.data() + cell.size() || !std::isfinite(number)) {
        refuse(source, line, column, in_quotes(cell) + " is not a number; write " + what);
    }
    if (number < 0 || number > most) {
        refuse(source, line, column, printable(cell) + " is out of range; write " + what);
    }
    return number;
}

// region,share, and the names of the regions
std::vector<std::string> header_names(const std::string& source, const Line& header) {
    constexpr std::size_t first = 2;
    const auto& cells = header.cells;
    if (cells[0] != "region") refuse(source, header, 0, "the first line must begin with region,share");
    if (cells.size() <= first || cells[1] != "share") {
        refuse(source, header, 1, "the first line must be region,share and the names of the regions");
    }
    std::vector<std::string> names;
    for (std::size_t column = first; column < cells.size(); ++column) {
        const std::string name(cells[column]);
        if (!is_name(name)) {
            refuse(source, header, column, in_quotes(name) + " is no name of a region; write letters, digits, - and _");
        }
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            refuse(source, header, column, "the region " + name + " is there twice; remove or rename one");
        }
        names.push_back(name);
    }
    if (names.size() > RegionMatrix::most_regions) {
        refuse(source, header, cells.size() - 1,
               std::to_string(names.size()) + " regions, and " + std::to_string(RegionMatrix::most_regions) +
                   " is the most; merge some");
    }
    return names;
}

std::string file_text(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (std::filesystem::is_directory(file) || !stream || !(text << stream.rdbuf())) {
        throw InputError(std::string(key) + ": cannot read " + file.string() +
                         " (it is not there, empty, or no file); names are relative to the configuration's folder");
    }
    return text.str();
}

}  // namespace

RegionMatrix::RegionMatrix(std::string_view text, const std::string& source) {
    const std::vector<Line> lines = lines_of(text);
    if (lines.empty()) throw InputError(source + ": no regions; begin with the line region,share and their names");
    names_ = header_names(source, lines.front());
    for (std::size_t row = 1; row < lines.size(); ++row) {
        const Line& line = lines[row];
        if (row > size()) refuse(source, line, 0, "more rows than the first line names regions; remove it");
        if (line.cells[0] != names_[row - 1]) {
            refuse(source, line, 0,
                   "this must be the row of " + names_[row - 1] + "; give the rows in the order of the columns");
        }
        if (line.cells.size() != size() + 2) {
            refuse(source, line, std::min(line.cells.size(), size() + 2),
                   "the row has " + std::to_string(line.cells.size()) + " columns, and the first line " +
                       std::to_string(size() + 2) + "; give every region its median");
        }
        shares_.push_back(number_at(source, line, 1, 1, "a share from 0 to 1"));
        cumulative_.push_back(shares_.back() + (row > 1 ? cumulative_.back() : 0.0));
        for (std::size_t column = 2; column < line.cells.size(); ++column) {
            const double ms = number_at(source, line, column, longest_ms, "a median in ms from 0 to 100000");
            medians_.push_back(duration_from_seconds(ms * 1e-3));
        }
    }
    if (shares_.size() != size()) {
        throw InputError(source + ": " + names_[shares_.size()] + " has no row; add it, in the order of the columns");
    }
    if (std::abs(cumulative_.back() - 1.0) > 1e-6) {
        throw InputError(source + ": the shares add up to " + std::to_string(cumulative_.back()) +
                         "; change them so that they add up to 1");
    }
}

void embed_regions(RunConfig& config, const std::filesystem::path& folder) {
    const std::string& value = config.text(key);
    if (value.empty() || value.find(';') != std::string::npos) return;
    const std::filesystem::path file = folder / value;
    const std::string text = file_text(file);
    const RegionMatrix checked(text, file.string());
    std::string embedded;
    for (const Line& line : lines_of(text)) {
        if (!embedded.empty()) embedded += ';';
        for (std::size_t i = 0; i < line.cells.size(); ++i) {
            if (i > 0) embedded += ',';
            embedded += line.cells[i];
        }
    }
    config.replace_text(key, embedded);
}

std::vector<std::uint8_t> parse_region_names(std::string_view text, const RegionMatrix& regions,
                                             const std::string& what, char separator) {
    std::vector<std::uint8_t> places;
    if (regions.empty()) {
        throw InputError(what + " is set but network.regions is not (there are no regions); set network.regions");
    }
    for (const std::string_view name : split(text, separator)) {
        const auto found = std::find(regions.names().begin(), regions.names().end(), name);
        if (found == regions.names().end()) {
            throw InputError(what + " names the region " + in_quotes(name) +
                             ", which network.regions does not have; write names of its first line");
        }
        places.push_back(static_cast<std::uint8_t>(found - regions.names().begin()));
    }
    return places;
}

}  // namespace parley::agentic
