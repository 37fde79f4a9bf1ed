"""Timing rows that the peer programs print, one JSON object a line.

A row is {name, peer, batch, nanoseconds, minimum, repeats, threads}: `nanoseconds` is the median
time of one call that works on `batch` items, as in `graybox bench --json`.
"""

import argparse
import json
import os
import statistics
import time


def arguments(description):
    """The options that every program has; sets the threads before any library is loaded."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4, help="aimed at, a repeat")
    options, rest = parser.parse_known_args()
    limit_threads(options.threads)
    return options, rest


def limit_threads(threads):
    """Limits every library to `threads` processors; call it before importing one."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, set(allowed[:threads]))


def measured(call, repeats, seconds, most_calls=1_000_000):
    """Median and least nanoseconds of one call; `call(n)` makes n calls and waits for the last."""
    call(1)
    began = time.perf_counter()
    call(2)
    one = max((time.perf_counter() - began) / 2, 1e-7)
    calls = max(1, min(most_calls, int(seconds / one)))
    call(calls)
    times = []
    for _ in range(repeats):
        began = time.perf_counter_ns()
        call(calls)
        times.append((time.perf_counter_ns() - began) / calls)
    return statistics.median(times), min(times)


def row(name, peer, batch, median, minimum, repeats, threads, **more):
    """Prints one row."""
    print(
        json.dumps(
            {
                "name": name,
                "peer": peer,
                "batch": batch,
                "nanoseconds": round(median, 1),
                "minimum": round(minimum, 1),
                "repeats": repeats,
                "threads": threads,
                **more,
            }
        ),
        flush=True,
    )
