"""The sweep driver of Parley.

sweep_file    what to run: base configuration, axes, seeds -> numbered points
manifest      where a sweep's results lie and which points it has (DIR/manifest.json)
local_runner  runs the points that are not done, several at a time, on this machine
collect       finished results -> one tidy table
cli           the commands plan, run, status, collect
"""
