"""Runs `graybox bench --json` and the peer programs on this machine and prints one table.

    python3 compare.py --graybox PATH [--venv DIRECTORY] [--threads 1 2] [--rounds N] [--repeats N]
                       [--skip-tracking] [--json FILE]

Ours and the peers take turns, so that a busy minute of the machine slows all of them; a time is the
median over the rounds of the medians in each. A ratio is the peer's time an item over ours with the
same number of threads: above 1 we are faster. Only the standard library is used here; the peers run
in their own environment.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = (
    "train_torch.py", "train_jax.py", "lista_torch.py", "lista_jax.py", "detnet_torch.py",
    "detnet_jax.py", "denoiser_torch.py", "kalmannet_torch.py", "kalmannet_jax.py", "hybrid_smoother_torch.py", "viterbi.py",
    "tracking_torch.py", "deepsic_tracking_torch.py",
)
# Long sequential runs: one thread, once, says it all.
TRACKING = ("tracking_torch.py", "deepsic_tracking_torch.py")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graybox", required=True, help="the program, built for release")
    parser.add_argument(
        "--venv", default=os.environ.get("GRAYBOX_PEERS_VENV", str(HERE / ".venv")),
        help="what setup.sh made",
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="aimed at, a repeat")
    parser.add_argument("--skip-tracking", action="store_true", help="leave out the long protocol")
    parser.add_argument("--json", help="write every row to this file too")
    return parser.parse_args()


def peer_rows(options, turn):
    """Every row that the peer programs print."""
    python = pathlib.Path(options.venv) / "bin" / "python"
    if not python.exists():
        sys.exit(f"{python} is missing: run {HERE / 'setup.sh'} first")
    rows = []
    for threads in options.threads:
        for program in PROGRAMS:
            if program in TRACKING and (options.skip_tracking or threads != 1 or turn):
                continue
            print(f"peers: {program}, threads {threads} ...", file=sys.stderr, flush=True)
            command = [
                str(python), str(HERE / program), "--threads", str(threads),
                "--repeats", str(options.repeats), "--seconds", str(options.seconds),
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                print(f"peers: {program} failed: {last}", file=sys.stderr)
                continue
            rows += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return rows


def our_rows(options):
    """The rows of `graybox bench --json`."""
    print("ours: graybox bench ...", file=sys.stderr, flush=True)
    done = subprocess.run([options.graybox, "bench", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"graybox bench failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def merged(rows):
    """One row for each name, batch, threads and peer: the median of its times."""
    groups = {}
    for row in rows:
        key = (row["name"], row["batch"], row["threads"], row.get("peer"))
        groups.setdefault(key, []).append(row)
    return [
        {**group[0], "nanoseconds": statistics.median(row["nanoseconds"] for row in group)}
        for group in groups.values()
    ]


def written(nanoseconds):
    """A time in the unit that suits it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def matching(ours, peer):
    """Our row of the same name and threads, at the same batch where there is one."""
    same = [
        row for row in ours if row["name"] == peer["name"] and row["threads"] == peer["threads"]
    ]
    exact = [row for row in same if row["batch"] == peer["batch"]]
    if exact or peer["name"].endswith("-train"):
        return exact[0] if exact else None
    return same[0] if same else None


def table(ours, peers):
    """The lines of the table, one a peer's row."""
    lines = [("name", "batch", "threads", "peer", "its time", "ours", "ratio")]
    for peer in peers:
        mine = matching(ours, peer)
        scaled = mine["nanoseconds"] * peer["batch"] / mine["batch"] if mine else None
        lines.append(
            (
                peer["name"], str(peer["batch"]), str(peer["threads"]), peer["peer"],
                written(peer["nanoseconds"]), written(scaled) if mine else "-",
                f"{peer['nanoseconds'] / scaled:.1f}x" if mine else "-",
            )
        )
    return lines


def printed(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for index, line in enumerate(lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        if index == 0:
            print("  ".join("-" * width for width in widths))


def main():
    options = parsed()
    ours, peers = [], []
    for turn in range(options.rounds):
        ours += our_rows(options)
        peers += peer_rows(options, turn)
    ours, peers = merged(ours), merged(peers)
    first = ours[0] if ours else {}
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, kernels {first.get('kernel', '?')}, "
        f"BLAS {first.get('blas', '?')}; medians of {options.rounds} rounds, one run"
    )
    printed(table(ours, peers))
    for row in peers + ours:
        if "symbol_error_rate" in row:
            print(
                f"{row['name']}, {row.get('peer', 'Graybox')}: "
                f"symbol error rate {row['symbol_error_rate']}"
            )
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"ours": ours, "peers": peers}, indent=1))


main()
