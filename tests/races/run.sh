#!/bin/bash
# Looks for data races between the threads of a rank: ThreadSanitizer with clang's OpenMP, whose tool (archer) tells it
# of barriers. Runs the tests of the engine's loop and random configurations of two threads, and shows that a planted
# race is found.
#
# Usage: tests/races/run.sh     exit code 1 when there is a race, or the planted one is not found
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly build=build/races
# target_clones: the choice among clones would be made before ThreadSanitizer has started.
readonly flags=(-std=c++20 -O1 -g1 -I. -isystem /usr/include/eigen3 -fopenmp=libomp -fsanitize=thread
    -ffp-contract=off '-Dtarget_clones(...)=unused' -DOMPI_SKIP_MPICXX '-DPARLEY_VERSION="races"')
export OMPI_CXX=clang++
# The OpenMP library itself is not instrumented; archer speaks for it.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=66"
export OMP_NUM_THREADS=2 OMP_TOOL_LIBRARIES=libarcher.so
mkdir -p "$build"

compile() { mpicxx "${flags[@]}" -c "$1" -o "$build/$2.o" "${@:3}"; }

# All sources but those of HDF5 and the program in one translation unit: they share most headers.
{
    find engine -name '*.cpp' ! -name 'hdf5_*'
    find models -mindepth 2 -name '*.cpp'
} | sort | sed 's/.*/#include "&"/' >"$build/sources.cpp"
compile "$build/sources.cpp" sources &
compile tests/engine/simulation_test.cpp rules
compile tests/engine/simulation_phold_test.cpp phold
compile tests/engine/simulation_phold_test.cpp planted -DPARLEY_PLANT_A_RACE
compile tests/invariance/random_configurations.cpp random
wait $!
for program in rules phold planted; do
    mpicxx "${flags[@]}" "$build/$program.o" "$build/sources.o" -lgtest -lgtest_main -lboost_program_options -lsodium \
        -o "$build/$program"
done
mpicxx "${flags[@]}" "$build/random.o" "$build/sources.o" -lboost_program_options -lsodium -o "$build/random"

# free_of_races NAME COMMAND...
free_of_races() {
    "${@:2}" >"$build/$1.log" 2>&1 || {
        grep -A 25 "WARNING: ThreadSanitizer" "$build/$1.log" | head -60 >&2 || tail -30 "$build/$1.log" >&2
        echo "races: $1 failed, or has a race (above)" >&2
        return 1
    }
    echo "races: $1: none"
}
free_of_races rules "$build/rules"
free_of_races phold "$build/phold"
free_of_races random "$build/random" 7 20
if "$build/planted" >"$build/planted.log" 2>&1 ||
    ! grep -q "WARNING: ThreadSanitizer: data race" "$build/planted.log"; then
    echo "races: the planted race was not found; see $build/planted.log" >&2
    exit 1
fi
echo "races: the planted one is found"
