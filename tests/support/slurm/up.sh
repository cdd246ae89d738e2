#!/usr/bin/env bash
# up.sh - a real Slurm cluster (munged + slurmctld + N x slurmd) on loopback,
# with no systemd, no cgroups and no accounting, all state in one directory.
#
#   up.sh [DIR] [NODES] [CPUS_PER_NODE]      (default: new temp dir, 2 nodes, 2 CPUs)
#   . DIR/env.sh         -> SLURM_CONF etc. for sinfo, sbatch, srun ...
#   down.sh DIR          -> stops it again, by pid
#
# Needs Debian's: slurmctld slurmd slurm-client munge   (+ openmpi-bin for srun --mpi=pmix)
# Several "nodes" on one host: one slurmd each with -N NAME and its own name, port, spool dir,
# TmpFS and (as root) hostname, all on 127.0.0.1; Debian 12's slurmd 22.05.8 can do it.
# On a host with no address but 127.0.0.1 (a bare network namespace) first run
#   ip addr add 127.0.0.2/8 dev lo     (Slurm's getaddrinfo(AI_ADDRCONFIG) ignores 127.0.0.1)
set -euo pipefail

for b in munged slurmctld slurmd sinfo; do
  command -v "$b" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
  command -v "$b" >/dev/null || { echo "missing $b: apt-get install slurmctld slurmd slurm-client munge" >&2; exit 1; }
done
DIR=${1:-$(mktemp -d /tmp/slurm.XXXXXX)}
NODES=${2:-2}
CPUS=${3:-2}
mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd -P)
[ ${#DIR} -le 40 ] || { echo "DIR too long for unix sockets (108 bytes), keep it under 40: $DIR" >&2; exit 1; }
[ ! -e "$DIR/pids" ] || { echo "already up (or not cleaned): $DIR" >&2; exit 1; }
HOST=$(hostname -s)                 # slurmctld checks this against SlurmctldHost
ME=$(id -un)
MEM=$(awk '/MemTotal/{print int($2/1024)}' /proc/meminfo)   # so that sbatch --mem=... is accepted
# Each slurmd gets its own hostname (UTS namespace) where we may do that: Open MPI names its
# shared-memory segments after the hostname, so "nodes" that share one crash or hang in btl/vader.
if unshare --uts true 2>/dev/null; then UTS=1 NODEHOST=; else UTS=0 NODEHOST="NodeHostname=$HOST"; fi

# NODES+1 free consecutive TCP ports (controller, then one per slurmd), under the ephemeral range
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for _ in $(seq 50); do
  BASE=$((20000 + RANDOM % 10000)); ok=1
  for i in $(seq 0 "$NODES"); do port_free $((BASE + i)) || { ok=0; break; }; done
  [ $ok = 1 ] && break
done

umask 022
mkdir -p "$DIR"/{munge,state,spool,log}
chmod 755 "$DIR" "$DIR/munge"       # mktemp -d makes 0700; munge's socket dir must be enterable

# --- munge: own key and own socket, so a system munged is neither needed nor touched
(umask 077; head -c 128 /dev/urandom > "$DIR/munge/key")
cat > "$DIR/slurm.conf" <<CONF
ClusterName=sim
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$BASE
SlurmUser=$ME
SlurmdUser=$ME
AuthType=auth/munge
CredType=cred/munge
# cred_expire is also how long a requeued job waits before it may start again (default 120 s)
AuthInfo=socket=$DIR/munge/sock,cred_expire=5
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool/%n
# PMIx makes TmpFS/spmix_appdir_<uid>_<job>.<step> per node; nodes on one host need one TmpFS each
TmpFS=$DIR/tmp/%n
SlurmctldPidFile=$DIR/slurmctld.pid
SlurmdPidFile=$DIR/slurmd-%n.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd-%n.log
# nothing here needs cgroups or systemd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=pmix
# no slurmdbd; one line per finished job goes to a text file instead
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$DIR/log/jobcomp.txt
# declared CPUs are believed even if the host has fewer
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
ReturnToService=2
# short, since everything is local
KillWait=5
MinJobAge=600
SlurmctldTimeout=30
SlurmdTimeout=${SLURMD_TIMEOUT:-60}
InactiveLimit=0
NodeName=n[1-$NODES] $NODEHOST NodeAddr=127.0.0.1 Port=[$((BASE+1))-$((BASE+NODES))] CPUs=$CPUS RealMemory=$MEM State=UNKNOWN
PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1  State=UP
PartitionName=high  Nodes=ALL             MaxTime=INFINITE PriorityTier=10 State=UP
CONF
[ "$NODES" -gt 1 ] || sed -i "s/^NodeName=n\[1-1\]/NodeName=n1/; s/Port=\[\([0-9]*\)-[0-9]*\]/Port=\1/" "$DIR/slurm.conf"

cat > "$DIR/env.sh" <<ENV
export SLURM_CONF='$DIR/slurm.conf' PATH="\$PATH:/usr/sbin"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# between "nodes" over loopback only: Open MPI leaves lo out by default and would need another interface
export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
# Slurm tells Open MPI that it has CPUS_PER_NODE cores on each node, so it never sees that the host is
# oversubscribed and spins: 8 ms instead of 60 us per collective with 4 ranks on 2 cores
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
ENV
[ $UTS = 1 ] || echo "export OMPI_MCA_btl=self,tcp" >> "$DIR/env.sh"
export SLURM_CONF="$DIR/slurm.conf"

start() { # start NAME CMD... : in the foreground mode of the daemon, own session, pid noted
  local name=$1; shift
  setsid "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 &
  echo "$! $name" >> "$DIR/pids"
}
fail() { # say why, take down what did start
  echo "up.sh: $*; see $DIR/log" >&2; tail -n 5 "$DIR"/log/*.out >&2
  while read -r pid _; do kill "$pid" 2>/dev/null; done < <(tac "$DIR/pids"); rm -f "$DIR/pids"; exit 1
}

start munged munged --foreground --key-file="$DIR/munge/key" --socket="$DIR/munge/sock" \
      --pid-file="$DIR/munge/pid" --log-file="$DIR/munge/log" --seed-file="$DIR/munge/seed"
for _ in $(seq 50); do [ -S "$DIR/munge/sock" ] && break; sleep 0.05; done
[ -S "$DIR/munge/sock" ] || fail "munged did not start"

start slurmctld slurmctld -D -f "$DIR/slurm.conf"
for i in $(seq "$NODES"); do
  mkdir -p "$DIR/spool/n$i" "$DIR/tmp/n$i"
  if [ $UTS = 1 ]; then
    # shellcheck disable=SC2016  # the inner shell expands them
    start "slurmd-n$i" unshare --uts sh -c 'hostname "$0" && exec slurmd -D -N "$0" -f "$1"' "n$i" "$DIR/slurm.conf"
  else
    start "slurmd-n$i" slurmd -D -N "n$i" -f "$DIR/slurm.conf"
  fi
done
for _ in $(seq 100); do              # up when every node is idle
  [ "$(sinfo -h -N -p batch -t idle -o %N 2>/dev/null | wc -l)" = "$NODES" ] && { echo "$DIR"; exit 0; }
  sleep 0.1
done
fail "nodes not idle after 10 s"
