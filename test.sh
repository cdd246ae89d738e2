#!/bin/bash
# Builds everything and runs all tests and linters; stops at the first stage that fails.
#
# Usage: ./test.sh [--full]     --full adds the long tests (about an hour in all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

full=false
case "${1:-}" in
    "") ;;
    --full) full=true ;;
    -h | --help) sed -n '2,4s/^# \{0,1\}//p' test.sh; exit 0 ;;
    *) echo "test.sh: unknown option $1; see ./test.sh --help" >&2; exit 2 ;;
esac

# Open MPI: containers run as root, and tests start more ranks than there are cores. Without the single-copy
# mechanism messages between ranks of one machine are faster, and containers need no ptrace permission.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none
export PARLEY_BINARY=$PWD/build/release/parley
if $full; then export PARLEY_TEST_FULL=1; fi

summary=()

# Processor time of all finished children of this script, in whole seconds: what does not depend on other load.
cpu_seconds() {
    awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($14 + $15) / ticks) }' "/proc/$$/stat"
}

# stage NAME COMMAND...: runs the command, notes its time; a failure ends the script with the name.
stage() {
    local name=$1 started=$SECONDS cpu status took
    shift
    cpu=$(cpu_seconds)
    printf '\n== %s\n' "$name"
    # Not "|| status=...": within a tested command, set -e would not act.
    set +e
    (set -e; "$@")
    status=$?
    set -e
    took=$((SECONDS - started))
    cpu=$(($(cpu_seconds) - cpu))
    if [ "$status" -ne 0 ]; then
        summary+=("$(printf '%-28s FAILED  %4d s  %4d s CPU' "$name" "$took" "$cpu")")
        print_summary
        echo "test.sh: stage '$name' failed (exit code $status)" >&2
        exit 1
    fi
    summary+=("$(printf '%-28s ok      %4d s  %4d s CPU' "$name" "$took" "$cpu")")
    echo "== $name: ok, $took s"
}

print_summary() {
    printf '\n== summary\n'
    printf '%s\n' "${summary[@]}"
}

# The tests are named: the same folder may have been configured without them (quickstart.sh).
release_build() {
    cmake --preset ci -DPARLEY_BUILD_TESTS=ON
    cmake --build build/release
}
# The time limit is for the long sets of --full.
release_tests() { ctest --test-dir build/release --output-on-failure --no-tests=error -j2 --timeout 7200; }
# What ctest runs already is left out. Two at a time: most tests keep one core busy.
python_tests() {
    /usr/bin/python3 -m pytest -q -n 2 --dist loadfile tests analysis --ignore=tests/architecture \
        --ignore=tests/closed_forms --ignore=tests/engine --ignore=tests/faults --ignore=tests/invariance
}
sanitizer_build() {
    cmake --preset sanitize -DPARLEY_BUILD_TESTS=ON
    cmake --build --preset sanitize
}

# The unwinder must be the slow one: the suppressions name libraries deep in the stack.
sanitizer_tests() {
    export ASAN_OPTIONS=fast_unwind_on_malloc=0
    export LSAN_OPTIONS="suppressions=$PWD/tests/lsan-openmpi.supp:print_suppressions=0"
    ctest --test-dir build/sanitize --output-on-failure --no-tests=error -j2 -L unit
    PARLEY_BINARY=$PWD/build/sanitize/parley \
        /usr/bin/python3 -m pytest -q -n 2 -m sanitized tests/invariance tests/closed_forms
}

cpp_files() { find engine models tests -name '*.cpp' -print0 -o -name '*.hpp' -print0; }
shell_files() {
    find . -path ./build -prune -o -path ./results -prune -o '(' -name '*.sh' -o -name '*.sbatch' ')' -print0
}
python_files() { find analysis jobs tests tools -name '*.py' -print0; }

format_lint() { cpp_files | xargs -0 -r clang-format --dry-run --Werror; }
cppcheck_lint() {
    cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability --error-exitcode=1 --quiet -j2 \
        -I . -D 'PARLEY_VERSION="0"' --suppressions-list=tools/cppcheck.supp engine models
}
script_lint() {
    shell_files | xargs -0 shellcheck .ci/run
    python_files | xargs -0 pyflakes3 jobs/sweep
}

stage "packages" tools/setup.sh
stage "build" release_build
stage "tests" release_tests
stage "python tests" python_tests
stage "sanitizer build" sanitizer_build
stage "sanitizer tests" sanitizer_tests
stage "data races" tests/races/run.sh
if $full; then fuzzing=600; else fuzzing=15; fi
stage "fuzzing" tests/fuzz/run.sh "$fuzzing"
stage "clang-format" format_lint
stage "clang-tidy" tools/lint.sh
stage "cppcheck" cppcheck_lint
stage "shellcheck, pyflakes3" script_lint
print_summary
