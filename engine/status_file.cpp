#include "engine/status_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <system_error>
#include <utility>

namespace parley {

namespace {

std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') json += '\\';
        json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return json + '"';
}

// JSON has no NaN: null says that there is no number.
std::string number(double value) {
    if (!std::isfinite(value)) return "null";
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

}  // namespace

StatusFile::StatusFile(StatusHeader header) : header_(std::move(header)) { write_or_warn(); }

void StatusFile::update(const StatusUpdate& update) {
    last_ = update;
    write_or_warn();
}

void StatusFile::write_or_warn() {
    const std::string problem = write("running", {});
    if (problem.empty() || warned_) return;
    warned_ = true;
    std::fprintf(stderr, "parley: cannot write %s (%s); the run goes on, but nobody sees how far it is\n",
                 path_of(header_.result).c_str(), problem.c_str());
}

void StatusFile::done() {
    std::error_code ignored;
    std::filesystem::remove(path_of(header_.result), ignored);
}

void StatusFile::stopped(const std::string& message) {
    last_.eta_seconds = std::numeric_limits<double>::quiet_NaN();
    write("stopped", message);
}

void StatusFile::failed(const std::string& reason) {
    last_.eta_seconds = std::numeric_limits<double>::quiet_NaN();
    if (write("failed", reason).empty()) return;
    // On a full disk the old status has the room that the new one needs, and it is not true any more.
    done();
    write("failed", reason);
}

std::string StatusFile::write(const char* state, const std::string& reason) const {
    const std::filesystem::path file = path_of(header_.result);
    const std::filesystem::path beside = file.string() + ".part";
    errno = 0;
    std::ofstream stream(beside, std::ios::trunc);
    stream << text(state, reason);
    stream.close();  // a full disk shows here at the latest
    std::error_code error;
    if (!stream) {
        error =
            errno != 0 ? std::error_code(errno, std::generic_category()) : std::make_error_code(std::errc::io_error);
    } else {
        std::filesystem::rename(beside, file, error);
    }
    if (!error) return {};
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    return error.message();
}

std::string StatusFile::text(const char* state, const std::string& reason) const {
    const double simulated = last_.simulated.seconds();
    const double duration = header_.end.seconds();
    const double rate = last_.wall_seconds > 0 ? static_cast<double>(last_.events) / last_.wall_seconds : 0;
    return "{\"format\": \"parley-status\", \"version\": 1,\n \"state\": " + quoted(state) +
           ",\n \"message\": " + quoted(reason) + ",\n \"result\": " + quoted(header_.result.filename().string()) +
           ",\n \"program\": " + quoted(header_.version) + ",\n \"host\": " + quoted(header_.host) +
           ",\n \"pid\": " + std::to_string(getpid()) + ",\n \"ranks\": " + std::to_string(header_.ranks) +
           ",\n \"updated\": " + std::to_string(std::time(nullptr)) +
           ",\n \"simulated_seconds\": " + number(simulated) + ",\n \"duration_seconds\": " + number(duration) +
           ",\n \"share_done\": " + number(duration > 0 ? simulated / duration : 1) +
           ",\n \"events\": " + std::to_string(last_.events) + ",\n \"events_per_second\": " + number(rate) +
           ",\n \"success_rate\": " + number(last_.success_rate) +
           ",\n \"wall_seconds\": " + number(last_.wall_seconds) + ",\n \"eta_seconds\": " + number(last_.eta_seconds) +
           "}\n";
}

}  // namespace parley
