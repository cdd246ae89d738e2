#!/bin/bash
# Starts a program in a Slurm allocation with ranks, threads and binding taken from the allocation.
#
# Usage: jobs/launch.sh PROGRAM [ARGUMENT...]
#
# Ranks and threads are those of sbatch (--ntasks..., --cpus-per-task); if it names neither, they come from the nodes
# and PARLEY_LAYOUT of the site file (PARLEY_SITE, default jobs/sites/generic.sh). One rank is started without MPI.
# The script becomes the launcher: SIGUSR1 goes on to the ranks.
set -euo pipefail

fail() {
    echo "launch: $1" >&2
    exit 2
}

[ $# -gt 0 ] || fail "no program; see the head of jobs/launch.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
site=${PARLEY_SITE:-$here/sites/generic.sh}
[ -r "$site" ] || fail "cannot read the site file $site; set PARLEY_SITE"
# shellcheck source=jobs/sites/generic.sh
. "$site"
[ -n "${SLURM_JOB_ID:-}" ] || fail "this is no job of Slurm; use mpirun, or jobs/sweep run"

nodes=${SLURM_JOB_NUM_NODES:-1}

# How many different ones of lscpu's COLUMNS (NODE; SOCKET,CORE) the CPUs of this job lie in, on this node.
count_of() {
    lscpu --parse="CPU,$1" 2>/dev/null | awk -F, -v allowed="$(taskset -cp $$ 2>/dev/null | sed 's/.*: //')" '
        BEGIN { n = split(allowed, part, ",")
                for (i = 1; i <= n; i++) { split(part[i], end, "-"); last = end[2] == "" ? end[1] : end[2]
                                           for (cpu = end[1]; cpu <= last; cpu++) mine[cpu] = 1 } }
        /^[0-9]/ && ($1 in mine) { place[$2 "," $3] = 1 }
        END { count = 0; for (name in place) count++; print (count ? count : 1) }'
}

# Sets ranks, ranks_a_node and threads.
lay_out() {
    if [ -n "${SLURM_NTASKS:-}${SLURM_CPUS_PER_TASK:-}" ]; then
        ranks=${SLURM_NTASKS:-$nodes}
        threads=${SLURM_CPUS_PER_TASK:-1}
        ranks_a_node=$(((ranks + nodes - 1) / nodes))
        return
    fi
    case ${SLURM_JOB_CPUS_PER_NODE:-1} in
        *,*)
            fail "the nodes have different numbers of CPUs ($SLURM_JOB_CPUS_PER_NODE);\
 give sbatch --ntasks-per-node and --cpus-per-task"
            ;;
    esac
    local cpus=${SLURM_CPUS_ON_NODE:-1}
    # Slurm counts hardware threads all the same.
    if [ "${SLURM_HINT:-}" = nomultithread ] || [ "${SLURM_THREADS_PER_CORE:-}" = 1 ]; then
        cpus=$(count_of SOCKET,CORE)
    fi
    case ${PARLEY_LAYOUT:-numa} in
        numa) ranks_a_node=$(count_of NODE) ;;
        core) ranks_a_node=$cpus ;;
        node) ranks_a_node=1 ;;
        *) fail "PARLEY_LAYOUT is $PARLEY_LAYOUT in $site; choose numa, core or node" ;;
    esac
    [ "$ranks_a_node" -le "$cpus" ] || ranks_a_node=$cpus
    threads=$((cpus / ranks_a_node))
    ranks=$((ranks_a_node * nodes))
}

lay_out
export OMP_NUM_THREADS=$threads
if [ "$ranks" -eq 1 ]; then
    # Not in the step's environment of Slurm, which an MPI library would take for a start by srun.
    unset "${!PMIX_@}" "${!PMI_@}"
    exec "$@"
fi

case ${PARLEY_BIND:-cores} in
    cores | none) ;;
    *) fail "PARLEY_BIND is $PARLEY_BIND in $site; choose cores or none" ;;
esac
case ${PARLEY_LAUNCHER:-srun} in
    srun)
        command=(srun "--mpi=${PARLEY_SRUN_MPI:-pmix}" --kill-on-bad-exit=1 "--nodes=$nodes" "--ntasks=$ranks"
                 "--ntasks-per-node=$ranks_a_node" "--cpus-per-task=$threads" "--cpu-bind=${PARLEY_BIND:-cores}")
        ;;
    mpirun)
        command=(mpirun -n "$ranks")
        if [ "${PARLEY_BIND:-cores}" = cores ]; then
            command+=(--map-by "ppr:$ranks_a_node:node:PE=$threads" --bind-to core)
        else
            command+=(--map-by "ppr:$ranks_a_node:node" --bind-to none)
        fi
        ;;
    *) fail "PARLEY_LAUNCHER is $PARLEY_LAUNCHER in $site; choose srun or mpirun" ;;
esac
exec "${command[@]}" "$@"
