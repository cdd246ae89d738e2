// Configuration files: an InputError or a configuration that reads back to itself, whatever the bytes.
#include <cstdlib>
#include <fstream>
#include <string>

#include "engine/error.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "models/agentic/parameters.hpp"
#include "tests/fuzz/temporary_file.hpp"

namespace parley {

namespace {

ParameterTable make_table() {
    ParameterTable table;
    add_run_parameters(table, {"agentic", "phold"});
    agentic::add_parameters(table);
    return table;
}

RunConfig read(const ParameterTable& table, const std::string& text) {
    static const std::string file = temporary_file(".ini");
    std::ofstream(file, std::ios::binary) << text;
    return RunConfig::read(table, file, {});
}

}  // namespace

}  // namespace parley

// NOLINTNEXTLINE(readability-identifier-naming): it is libFuzzer that names it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const parley::ParameterTable table = parley::make_table();
    try {
        const parley::RunConfig config = parley::read(table, {data, data + size});
        const std::string resolved = config.resolved_text();
        if (parley::read(table, resolved).resolved_text() != resolved) std::abort();
        if (config.text("run.model") != "agentic") return 0;
        parley::check_run_parameters(config);
        parley::agentic::read_parameters(config);
    } catch (const parley::InputError&) {
        return 0;
    }
    return 0;
}
