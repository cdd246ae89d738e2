# shellcheck shell=bash
# shellcheck disable=SC2034  # read by the scripts that source this file
#
# What a job must know of a cluster. Copy this file, change the copy, and name it:
#   jobs/sweep submit ... --site jobs/sites/mine.sh
#   PARLEY_SITE=jobs/sites/mine.sh sbatch ... jobs/run.sbatch ...
# Every variable is optional; the values here are the defaults.

# Modules with the MPI and the HDF5 that Parley was built with.
# module purge
# module load gcc openmpi hdf5

# Options of sbatch that every job needs; for `jobs/sweep submit`, and for you: sbatch "${PARLEY_SBATCH[@]}" ...
PARLEY_SBATCH=(
    # --account=myproject
    # --partition=standard
    # --hint=nomultithread     # a CPU is a core, not a hardware thread
)

# How ranks are started: srun, or mpirun of an Open MPI that was built for Slurm.
PARLEY_LAUNCHER=srun
# The kind of MPI that srun speaks (srun --mpi=list).
PARLEY_SRUN_MPI=pmix
# cores: a rank stays on its cores. none: where Slurm or the container cannot bind.
PARLEY_BIND=cores
# Ranks of a node when the job names neither tasks nor CPUs a task: numa (one a NUMA domain, its cores are threads),
# core (one a core, no threads), node (one a node).
PARLEY_LAYOUT=numa
# The Python that runs jobs/sweep on a node: 3.10 or newer, no packages needed. Not set: /usr/bin/python3.
# PARLEY_PYTHON=python3
