#!/bin/bash
# clang-tidy (checks: .clang-tidy) over our C++ sources, as the release build compiles them.
#
# Usage: tools/lint.sh [PATTERN]     only files whose path matches the regular expression PATTERN
# Needs build/release/compile_commands.json: cmake --preset ci. Exit code 1 when a check fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build=build/release units=build/lint
[ -f "$build/compile_commands.json" ] || {
    echo "lint: $build/compile_commands.json is missing; run cmake --preset ci first" >&2
    exit 2
}

# gcc's <omp.h> is out of clang's reach: a folder with that header alone, since clang cannot read the rest of
# gcc's private headers, nor the arguments of its attribute malloc.
readonly headers=$build/lint-include
mkdir -p "$headers"
sed -E 's/__malloc__ \([^)]*\)/__malloc__/' "$(g++ -print-file-name=include/omp.h)" >"$headers/omp.h"

# Without a pattern sources are joined: a third of the time. The joined ones include sources, and nobody else does;
# they see each other's private names, so shadowing is left to the compiler, which has them one by one.
if [ $# -eq 0 ]; then
    if grep -rn --include='*.[ch]pp' '#include ".*\.cpp"' engine models tests; then
        echo "lint: a source includes a source (above)" >&2
        exit 1
    fi
    rm -rf "$units"
    /usr/bin/python3 tools/lint_units.py "$build" "$units"
    what=(-p "$units" -checks=-bugprone-suspicious-include -extra-arg=-Wno-shadow "^$PWD/$units/")
else
    what=(-p "$build" "^$PWD/(engine|models|tests)/.*$1")
fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
# gcc knows warning names that clang does not: that alone is no finding.
run-clang-tidy -quiet -j2 \
    -extra-arg=-Wno-unknown-warning-option -extra-arg=-isystem -extra-arg="$PWD/$headers" \
    "${what[@]}" >"$report" 2>&1 || status=$?

# Without colours, command lines and counts of suppressed warnings, which say nothing to a reader.
noise='^(clang-tidy-?[0-9]* |[0-9]+ (warning|error)s? .*generated|Suppressed|Use -header-filter|$)'
sed -e 's/\x1b\[[0-9;]*m//g' -e "s#$PWD/$units/tests/#$PWD/tests/#g" "$report" | grep -vE "$noise" || true
[ "$status" -eq 0 ] || {
    echo "lint: clang-tidy found something (above)" >&2
    exit 1
}
