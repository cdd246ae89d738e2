"""The sweep driver of Parley.

sweep_file    what to run: base configuration, axes, seeds -> numbered points
check         lets the program check every value before anything starts
manifest      where a sweep's results lie and which points it has (DIR/manifest.json)
folder        whether a folder may take the results; result_file: whether a result is whole
estimate      time and memory of a point; plan: the list of points with it
claim         who runs a point: one process at a time
program       the command of a point: run, or resume from a checkpoint
local_runner  runs the points that are not done, several at a time, on this machine
failures      why points gave no result
submit        gives the points that are not done to Slurm, as an array; submission: the record of that
task          what a task of that array does; slurm: Slurm's commands
status        where every point stands
damaged       finished results that are not what their runs wrote; seal: how that is told
collect       finished results -> one tidy table; index_file: one HDF5 file
cli           the commands plan, run, submit, status, collect
"""
