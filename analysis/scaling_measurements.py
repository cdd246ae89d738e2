"""Measures what the scaling model is made of: runs the program and two small benchmarks at 1 to 16 ranks.

Counts come from the result files and from a counting layer between the program and MPI (MPI's profiling
interface); they are exact and do not depend on the load of the machine. Times do; they are least values over
repetitions. scaling.py is the command.
"""
from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RANKS = (1, 2, 4, 8, 16)
STRATEGIES = ("alltoallv", "sparse")
MESSAGES_OFF_A_PEER = ("register", "query", "candidates", "canary_request", "canary_response", "delegate", "result",
                       "busy")  # feedback stays on the rank, evidence travels with its result

COUNTER = r"""
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// What a rank does, in order: exchanges, each with its messages that carry anything and their bytes, and arrays made
// known to all ranks. Waitall ends an exchange of the strategy alltoallv (whose messages end with eight bytes of their
// own), Iallreduce one of the strategy sparse. Both bring the earliest window of a rank, which is 0 only at the start;
// exchanges at a boundary bring 0.
enum { of_windows, of_boundary, gathered };
static unsigned now[3];
static int64_t least;
static int exchanges;
static FILE *file;
static void log_now(unsigned kind) {
    if (!file) {
        char name[4096];
        int rank;
        PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
        snprintf(name, sizeof name, "%s/log.%d", getenv("SCALING_FOLDER"), rank);
        file = fopen(name, "wb");
    }
    now[0] = kind;
    fwrite(now, sizeof now, 1, file);
    memset(now, 0, sizeof now);
}
static void end_exchange(void) { log_now(exchanges++ > 0 && least == 0 ? of_boundary : of_windows); }
static void count(int bytes) {
    now[1] += bytes > 0;
    now[2] += (unsigned)bytes;
}
int MPI_Isend(const void *a, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r) {
    memcpy(&least, (const char *)a + n - 8, 8);
    count(n - 8);
    return PMPI_Isend(a, n, t, to, tag, c, r);
}
int MPI_Issend(const void *a, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r) {
    count(n);
    return PMPI_Issend(a, n, t, to, tag, c, r);
}
int MPI_Waitall(int n, MPI_Request *r, MPI_Status *s) {
    end_exchange();
    return PMPI_Waitall(n, r, s);
}
int MPI_Iallreduce(const void *a, void *b, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request *r) {
    memcpy(&least, a, 8);
    end_exchange();
    return PMPI_Iallreduce(a, b, n, t, o, c, r);
}
int MPI_Allgatherv(const void *a, int n, MPI_Datatype t, void *b, const int *counts, const int *at, MPI_Datatype u,
                   MPI_Comm c) {
    int size;
    PMPI_Comm_size(c, &size);
    now[2] = (unsigned)(at[size - 1] + counts[size - 1]);
    log_now(gathered);
    return PMPI_Allgatherv(a, n, t, b, counts, at, u, c);
}
int MPI_Finalize(void) {
    if (file) fclose(file);
    return PMPI_Finalize();
}
"""

BENCHMARK = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// The two exchange loops of engine/mpi_transport.cpp between two ranks, n messages of k bytes each way; with an
// argument: what a look for messages from anybody costs while all other ranks are idle.
static int rank, size, tag;
static MPI_Request requests[1024];
static char *out, *in;
static int receive(int source) {
    MPI_Message message;
    MPI_Status status;
    int there = 1, bytes;
    if (source == MPI_ANY_SOURCE) MPI_Improbe(source, tag, MPI_COMM_WORLD, &there, &message, &status);
    else MPI_Mprobe(source, tag, MPI_COMM_WORLD, &message, &status);
    if (!there) return 0;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    MPI_Mrecv(in, bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    return 1;
}
static void plain(int n, int k) {
    for (int i = 0; i < n; ++i) MPI_Isend(out, k, MPI_BYTE, 1 - rank, tag, MPI_COMM_WORLD, &requests[i]);
    for (int i = 0; i < n; ++i) receive(1 - rank);
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
}
static void synchronous(int n, int k) {
    for (int i = 0; i < n; ++i) MPI_Issend(out, k, MPI_BYTE, 1 - rank, tag, MPI_COMM_WORLD, &requests[i]);
    long mine = 0, least;
    MPI_Request reduction;
    for (int reducing = 0;;) {
        receive(MPI_ANY_SOURCE);
        int done = 0;
        if (reducing) {
            MPI_Test(&reduction, &done, MPI_STATUS_IGNORE);
            if (done) return;
        } else {
            MPI_Testall(n, requests, &done, MPI_STATUSES_IGNORE);
            if (!done) continue;
            MPI_Iallreduce(&mine, &least, 1, MPI_LONG, MPI_MIN, MPI_COMM_WORLD, &reduction);
            reducing = 1;
        }
    }
}
static void greet_all(void) {  // so that all connections exist
    for (int r = 0; r < size; ++r) MPI_Isend(out, 8, MPI_BYTE, r, 5, MPI_COMM_WORLD, &requests[r]);
    for (int r = 0; r < size; ++r) MPI_Recv(in, 8, MPI_BYTE, r, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Waitall(size, requests, MPI_STATUSES_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
}
static void idle_probe(void) {
    greet_all();
    sleep(1);
    if (rank != 0) {
        sleep(1);
        return;
    }
    double least = 1;
    for (int repeat = 0; repeat < 100; ++repeat) {
        const double begin = MPI_Wtime();
        for (int i = 0; i < 1000; ++i) receive(MPI_ANY_SOURCE);
        const double took = (MPI_Wtime() - begin) / 1000;
        if (took < least) least = took;
    }
    printf("%d %.9g\n", size, least);
}
int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    out = calloc(1, 1 << 16);
    in = calloc(1, 1 << 16);
    if (argc > 1) {
        idle_probe();
    } else {
        static const int numbers[] = {4, 16, 64, 256, 1024}, sizes[] = {8, 64, 1024, 4096, 16384, 65536};
        for (int style = 0; style < 2; ++style)
            for (int a = 0; a < 5; ++a)
                for (int b = 0; b < 6; ++b) {
                    const int n = numbers[a], k = sizes[b];
                    if ((long)n * k > 4 << 20) continue;
                    double least = 1;
                    for (int repeat = 0; repeat < (n > 100 ? 100 : 400); ++repeat) {
                        tag ^= 1;
                        MPI_Barrier(MPI_COMM_WORLD);
                        const double begin = MPI_Wtime();
                        style ? synchronous(n, k) : plain(n, k);
                        const double took = MPI_Wtime() - begin;
                        if (took < least) least = took;
                    }
                    if (rank == 0) printf("%d %d %d %.9g\n", style, n, k, least);
                }
    }
    MPI_Finalize();
    return 0;
}
"""

WORKLOADS = {
    "2,000 peers": ("sybil-1m.ini", {"peers.count": 2000, "run.duration": "30s", "run.warmup": "15s"}),
    "20,000 peers": ("sybil-1m.ini", {"peers.count": 20000, "run.duration": "30s", "run.warmup": "15s"}),
    "phold, 4,096": ("phold.ini", {"phold.entities": 4096, "run.duration": "200s", "run.warmup": "0s"}),
}
# For what an epoch sends late in a run, and for the kinds of reputation that follow ratings.
LONG_RUN = {"peers.count": 2000, "run.duration": "200s", "run.warmup": "15s"}
GRAPH_RUN = {"peers.count": 20000, "run.duration": "60s", "run.warmup": "15s"}
GRAPH_KINDS = ("eigentrust", "sybilrank")
GRAPH_RANKS = 4
SERIAL_PEERS = (2000, 6000, 20000, 60000, 200000, 1000000)
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMP_WAIT_POLICY": "passive",
    "OMP_NUM_THREADS": "1",
}


def started(command: list[object], ranks: int | None = None, seconds: int = 300, **environment: str) -> str:
    """Output of a command, under mpirun if `ranks` is given."""
    launcher: list[object] = ["timeout", "-k", "2", seconds, "nice"]
    if ranks is not None:
        launcher += ["mpirun", "-n", ranks, "--bind-to", "none"]
        for name, value in environment.items():
            launcher += ["-x", f"{name}={value}"]
    done = subprocess.run([*map(str, launcher), *map(str, command)], env={**os.environ, **ENVIRONMENT},
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


def run(binary: Path, folder: Path, config: str, settings: dict[str, object], ranks: int | None = None,
        **environment: str) -> Path:
    output = folder / "result.h5"
    started([binary, "run", ROOT / "configs" / config, *(f"--{key}={value}" for key, value in settings.items()),
             "--parallel.threads=1", "--parallel.partitions=1", "--output", output, "--force", "--quiet"],
            ranks, **environment)
    return output


def measure_counts(binary: Path, library: Path, config: str, settings: dict[str, object], ranks: int,
                   strategy: str) -> dict[str, object]:
    """Counts a window in the second half of a run, all ranks together."""
    import h5py

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = run(binary, folder, config, {**settings, "parallel.exchange": strategy}, ranks,
                     LD_PRELOAD=str(library), SCALING_FOLDER=name)
        row: dict[str, object] = {"ranks": ranks, "strategy": strategy}
        with h5py.File(result) as file:
            total = None
            if "timeseries" in file:
                late = file["timeseries/time"][:] > file["timeseries/time"][:].max() / 2
                windows = int(file["timeseries/windows"][:][late].sum())
                kinds = [kind.decode() for kind in file["kind"][:]]
                sent = file["timeseries/messages"][:][late].sum(axis=0)
                row["events"] = file["timeseries/events"][:][late].sum() / windows
                row["posted"] = sum(int(n) for n, kind in zip(sent, kinds) if kind in MESSAGES_OFF_A_PEER) / windows
                total = int(file["provenance/timeseries/exchanged_bytes"][:].sum())
            else:
                row["events"] = file["summary/events"][()] / file["summary/windows"][()]
                row["posted"] = 0.25 * row["events"]  # phold.remote
        if ranks > 1:
            log = read_log(folder, ranks)
            seen = log[:, log[0, :, 0] == OF_WINDOWS, 1:].astype(float)
            if total is not None and seen[:, :, 1].sum() != total:
                raise RuntimeError(f"{seen[:, :, 1].sum()} bytes counted, {total} in the result file")
            late_half = seen[:, seen.shape[1] // 2:]
            row["pairs"] = late_half[:, :, 0].sum(axis=0).mean()
            row["bytes"] = late_half[:, :, 1].sum(axis=0).mean()
            row["most_bytes"] = late_half[:, :, 1].max(axis=0).mean()
            row["byte_unit"] = late_half[:, :, 1].var() / late_half[:, :, 1].mean()
            row["epochs"] = epochs_of(log)
        return row


# Kinds of records in a log, as in COUNTER.
OF_WINDOWS, OF_BOUNDARY, GATHERED = range(3)


def read_log(folder: Path, ranks: int) -> np.ndarray:
    """Records (kind, messages, bytes) by rank, in their order, which is the same on all ranks."""
    logs = [np.fromfile(folder / f"log.{r}", dtype=np.uint32).reshape(-1, 3) for r in range(ranks)]
    if any(log.shape != logs[0].shape or (log[:, 0] != logs[0][:, 0]).any() for log in logs):
        raise RuntimeError("the ranks did not do the same")
    return np.stack(logs)


def epochs_of(log: np.ndarray) -> list[dict[str, list]]:
    """What each epoch exchanged (messages, bytes, most bytes of a rank) and made known to all ranks (bytes)."""
    epochs: list[dict[str, list]] = []
    inside = False
    for at, kind in enumerate(log[0, :, 0]):
        if kind == OF_WINDOWS:
            inside = False
            continue
        if not inside:
            epochs.append({"exchanges": [], "gathered": []})
            inside = True
        if kind == OF_BOUNDARY:
            epochs[-1]["exchanges"].append([int(log[:, at, 1].sum()), int(log[:, at, 2].sum()),
                                            int(log[:, at, 2].max())])
        else:
            epochs[-1]["gathered"].append(int(log[0, at, 2]))
    return epochs


def measure_serial(binary: Path, peers: int) -> dict[str, float]:
    """CPU seconds an event of whole runs on one core, least of some runs; and memory."""
    import h5py

    settings = {"peers.count": peers, "run.duration": "60s", "run.warmup": "15s"}
    costs = []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(5 if peers <= 60000 else 2 if peers <= 200000 else 1):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            result = run(binary, Path(name), "sybil-1m.ini", settings)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            with h5py.File(result) as file:
                events = int(file["timeseries/events"][:].sum())
                costs.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / events)
                kinds = [kind.decode() for kind in file["kind"][:]]
                queries = int(file["timeseries/messages"][:, kinds.index("query")].sum())
                memory = float(file["provenance"].attrs["peak_memory_bytes"])
    return {"peers": peers, "event_cost": min(costs), "memory": memory, "queries": queries / events}


def measure_times(binary: Path, benchmark: Path) -> dict[str, object]:
    """Exchange loops, looks for messages, CPU time of an event: for a machine that nobody else uses."""
    lines = started([benchmark], 2).split("\n")[:-1]
    return {
        "benchmark": [[float(x) for x in line.split()] for line in lines],
        "look": [[float(x) for x in started([benchmark, "look"], ranks).split()] for ranks in (2, 16, 32, 64)],
        "serial": [measure_serial(binary, peers) for peers in SERIAL_PEERS],
    }


def measure(binary: Path, counts_only: bool = False) -> dict[str, object]:
    measured: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stem, source, options in (("counter.so", COUNTER, ["-shared", "-fPIC"]), ("benchmark", BENCHMARK, [])):
            (folder / f"{stem}.c").write_text(source)
            started(["mpicc", "-O2", *options, folder / f"{stem}.c", "-o", folder / stem])
        counter = folder / "counter.so"
        if not counts_only:
            measured.update(measure_times(binary, folder / "benchmark"))
        measured["epochs"] = measure_counts(binary, counter, "sybil-1m.ini", LONG_RUN, 2, "alltoallv")["epochs"]
        measured["graph"] = {
            kind: measure_counts(binary, counter, "sybil-1m.ini", {**GRAPH_RUN, "reputation.kind": kind}, GRAPH_RANKS,
                                 "alltoallv")["epochs"]
            for kind in GRAPH_KINDS}
        measured["counts"] = {
            workload: [measure_counts(binary, counter, config, settings, ranks, strategy)
                       for ranks in RANKS for strategy in STRATEGIES]
            for workload, (config, settings) in WORKLOADS.items()}
    return measured
