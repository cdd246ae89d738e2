#!/bin/bash
# From a fresh clone to the paper's figure: workflow success against the Sybil fraction, five policies.
#
# Usage: ./quickstart.sh [--seeds N] [-j N]
#   --seeds N   seeds a point (default 5, at most 20): 35 runs each
#   -j N        simulations at a time (default: the cores of this machine)
#
# Installs missing Debian packages (root or sudo), builds build/release/parley, and fills
# results/paper-sybil. Run it again to continue: finished runs are kept, never repeated.
# With PARLEY_BINARY=PATH that program is used and nothing is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly sweep=configs/sweeps/paper-sybil.ini
readonly output=results/paper-sybil
seeds=5
jobs=$(nproc)

fail() {
    echo "quickstart: $1" >&2
    exit "${2:-1}"
}

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' quickstart.sh; }

is_number() { [[ "$1" =~ ^[1-9][0-9]*$ ]]; }

read_options() {
    while [ $# -gt 0 ]; do
        case "$1" in
            --seeds) seeds=${2:-}; is_number "$seeds" || fail "--seeds needs a number from 1" 2; shift 2 ;;
            -j) jobs=${2:-}; is_number "$jobs" || fail "-j needs a number from 1" 2; shift 2 ;;
            -h | --help) usage; exit 0 ;;
            *) fail "unknown option $1; see ./quickstart.sh --help" 2 ;;
        esac
    done
}

step() { printf '\n== %s\n' "$1"; }

# On a terminal ninja redraws one line; elsewhere the output goes to a log, shown if the build fails.
build() {
    local log=build/build.log
    mkdir -p build
    cmake --preset release -DPARLEY_BUILD_TESTS=OFF >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "the configuration of the build failed; all of it: $log"
    }
    if [ -t 1 ]; then
        cmake --build build/release || fail "the build failed"
    else
        cmake --build build/release >>"$log" 2>&1 || {
            tail -n 40 "$log" >&2
            fail "the build failed; all of it: $log"
        }
    fi
    echo "built build/release/parley"
}

analyse() { PYTHONPATH=analysis /usr/bin/python3 -m parley_analysis "$@"; }

read_options "$@"

step "packages"
if [ -n "${PARLEY_BINARY:-}" ]; then
    tools/setup.sh analysis
else
    tools/setup.sh build analysis
    step "build"
    build
fi

step "simulations: 7 Sybil fractions x 5 policies x $seeds seeds"
jobs/sweep run "$sweep" --seeds "$seeds" -j "$jobs" --output "$output"
jobs/sweep collect "$output"

step "workflow success rate by Sybil fraction and policy: mean ± half width of the 95 % interval"
analyse table "$output" --csv "$output/summary.csv"

step "figure"
analyse figure success-vs-fraction "$output"

cat <<END

== where to look next
$output/success-vs-fraction.png  the figure (and .pdf for a paper)
$output/summary.csv              mean and 95 % interval of every metric, a row a point
$output/results.csv              every metric, a row a run
$output/runs/                    one HDF5 file a run: configuration, time series, histograms
docs/                            the model, its parameters, the results explained
build/release/parley describe    every parameter: type, unit, default, range, meaning
jobs/sweep --help                your own sweep; start from $sweep
END
