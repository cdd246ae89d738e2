#!/bin/bash
# Fuzzes the readers of text input and of checkpoints with libFuzzer, address and undefined-behaviour sanitizers; two
# targets at a time.
#
# Usage: tests/fuzz/run.sh [SECONDS]     for each target (default 20); exit code 1 when one finds something
# What is found lies in build/fuzz/findings. tests/fuzz/corpus is read only. An input that takes more than 512 MB at once
# is a finding, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly seconds=${1:-20} build=build/fuzz
# What the readers of text need, and what whole simulations need besides.
readonly text=(engine/distributions.cpp engine/parameter_table.cpp engine/run_config.cpp engine/run_options.cpp
    models/agentic/connectivity/region_matrix.cpp models/agentic/parameter_checks.cpp
    models/agentic/parameter_entries.cpp models/agentic/parameters.cpp models/agentic/policy/policies.cpp
    models/agentic/execution/workflow_steps.cpp models/agentic/text_lists.cpp)
readonly engine=(engine/checkpoint.cpp engine/checkpoint_file.cpp engine/event_calendar.cpp engine/event_pages.cpp
    engine/huge_pages.cpp engine/progress.cpp engine/serial_transport.cpp engine/status_file.cpp)
mapfile -t simulations < <(printf '%s\n' "${engine[@]}" && find models/kernels models/phold models/agentic -name '*.cpp' |
    grep -vxF "$(printf '%s\n' "${text[@]}")" | sort)
readonly flags=(-std=c++20 -O1 -g1 -I. -fopenmp=libomp '-DPARLEY_VERSION="fuzz"'
    -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined)
mkdir -p "$build/findings"

# build_sources NAME SOURCE...: the sources in one translation unit, since they share most headers.
build_sources() {
    local name=$1
    shift
    printf '#include "%s"\n' "$@" >"$build/$name.cpp"
    clang++ "${flags[@]}" -fsanitize=fuzzer-no-link -c "$build/$name.cpp" -o "$build/$name.o"
}
build_target() {
    clang++ "${flags[@]}" -fsanitize=fuzzer-no-link -c "tests/fuzz/fuzz_$1.cpp" -o "$build/fuzz_$1.o"
}
link_target() {
    clang++ "${flags[@]}" -fsanitize=fuzzer "$build/fuzz_$1.o" "$build/text.o" "$build/simulations.o" \
        -lboost_program_options -lsodium -o "$build/$1"
}

# run_target NAME: starts from the corpus; what it adds goes to the build folder.
run_target() {
    mkdir -p "$build/corpus/$1"
    "$build/$1" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 \
        -print_final_stats=1 -artifact_prefix="$build/findings/$1-" "$build/corpus/$1" "tests/fuzz/corpus/$1" \
        >"$build/$1.log" 2>&1 || {
        tail -40 "$build/$1.log" >&2
        echo "fuzz: $1 found something (above); the input is in $build/findings" >&2
        return 1
    }
    echo "fuzz: $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log") inputs, nothing found"
}

TMPDIR=$(mktemp -d -p /dev/shm parley-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
targets=()
for file in tests/fuzz/fuzz_*.cpp; do
    name=${file#tests/fuzz/fuzz_}
    targets+=("${name%.cpp}")
done
# The simulations take one core as long as all else the other.
build_sources simulations "${simulations[@]}" &
building=$!
build_sources text "${text[@]}"
for target in "${targets[@]}"; do build_target "$target"; done
wait "$building"
for target in "${targets[@]}"; do link_target "$target"; done

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
