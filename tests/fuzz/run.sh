#!/bin/bash
# Fuzzes the readers of text input with libFuzzer, address and undefined-behaviour sanitizers; two targets at a time.
#
# Usage: tests/fuzz/run.sh [SECONDS]     for each target (default 20); exit code 1 when one finds something
# What is found lies in build/fuzz/findings. tests/fuzz/corpus is read only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly seconds=${1:-20} build=build/fuzz
readonly sources=(engine/distributions.cpp engine/parameter_table.cpp engine/run_config.cpp engine/run_options.cpp
    models/agentic/connectivity/region_matrix.cpp models/agentic/parameters.cpp models/agentic/policy/policies.cpp
    models/agentic/execution/workflow_steps.cpp models/agentic/text_lists.cpp)
readonly flags=(-std=c++20 -O1 -g1 -I. -fopenmp=libomp '-DPARLEY_VERSION="fuzz"'
    -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined)
mkdir -p "$build/findings"

# The sources of all targets in one translation unit: they share most headers.
printf '#include "%s"\n' "${sources[@]}" >"$build/sources.cpp"
build_sources() { clang++ "${flags[@]}" -fsanitize=fuzzer-no-link -c "$build/sources.cpp" -o "$build/sources.o"; }

build_target() {
    clang++ "${flags[@]}" -fsanitize=fuzzer "tests/fuzz/fuzz_$1.cpp" "$build/sources.o" -lboost_program_options \
        -o "$build/$1"
}

# run_target NAME: starts from the corpus; what it adds goes to the build folder.
run_target() {
    mkdir -p "$build/corpus/$1"
    "$build/$1" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$1-" "$build/corpus/$1" "tests/fuzz/corpus/$1" >"$build/$1.log" 2>&1 || {
        tail -40 "$build/$1.log" >&2
        echo "fuzz: $1 found something (above); the input is in $build/findings" >&2
        return 1
    }
    echo "fuzz: $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log") inputs, nothing found"
}

targets=()
for file in tests/fuzz/fuzz_*.cpp; do
    name=${file#tests/fuzz/fuzz_}
    targets+=("${name%.cpp}")
done
build_sources
for target in "${targets[@]}"; do build_target "$target"; done
status=0
running=()
for target in "${targets[@]}"; do
    run_target "$target" &
    running+=($!)
    if [ ${#running[@]} -eq 2 ]; then
        wait "${running[0]}" || status=1
        running=("${running[1]}")
    fi
done
for pid in "${running[@]}"; do wait "$pid" || status=1; done
exit "$status"
