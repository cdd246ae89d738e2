#!/usr/bin/env bash
# down.sh DIR [--rm] - stop the cluster that up.sh started in DIR, by the pids it noted.
set -uo pipefail
DIR=$(cd "${1:?usage: down.sh DIR [--rm]}" && pwd -P)
export SLURM_CONF="$DIR/slurm.conf"
[ -s "$DIR/pids" ] || { echo "nothing noted in $DIR/pids" >&2; exit 0; }

alive() { # same pid AND still one of our daemons (guards against a reused pid)
  [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' < "/proc/$1/cmdline" | grep -qF "$DIR"
}
# 1. end the jobs first: slurmstepd is its own daemon and outlives slurmd
if timeout 3 scontrol ping >/dev/null 2>&1; then
  for id in $(squeue -h -o %A | sort -u); do scancel --full --signal=KILL "$id" 2>/dev/null; scancel "$id" 2>/dev/null; done
  for _ in $(seq 100); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.1; done
fi
# 2. slurmd's, slurmctld, munged: reverse order of start
for sig in TERM KILL; do
  while read -r pid _; do alive "$pid" && kill -$sig "$pid"; done < <(tac "$DIR/pids")
  for _ in $(seq 50); do
    left=0; while read -r pid _; do alive "$pid" && left=1; done < "$DIR/pids"
    [ $left = 0 ] && break 2; sleep 0.1
  done
done
# 3. strays: processes of a job of THIS cluster (their environment names its slurm.conf)
for p in /proc/[0-9]*; do
  pid=${p#/proc/}; [ "$pid" = $$ ] && continue
  e=$({ tr '\0' '\n' < "$p/environ"; } 2>/dev/null) || continue
  case $'\n'"$e"$'\n' in *$'\n'"SLURM_CONF=$SLURM_CONF"$'\n'*) case "$e" in *SLURM_JOB_ID=*) kill -KILL "$pid" 2>/dev/null;; esac;; esac
done
rm -f "$DIR/pids"
[ "${2:-}" = --rm ] && rm -rf "$DIR"
exit 0
