"""Kill a backfill, and the server under it, again and again, and count every row afterwards.

    python -m benchmarks.crash                            # 200 kills of the client, then 200 of client and engine: hours
    python -m benchmarks.crash --kills 20 --rows 400000   # a shorter one

One *life* is one history: raw tables with ``--rows`` rows are landed, ``tilla apply`` arms, ``tilla backfill`` fills while a writer lands
numbered batches (one row in ten late, one in ten sent again); it is killed with SIGKILL after a random time and started again until
it ends. Then every target is compared with what follows from the raw tables. A line per life, and a sum; exit code 1 when any row
of history is lost or doubled, a live row is counted twice, or a lost one is not named.

``--engine`` kills the server too. ClickHouse commits a row to its table before the table's views, so live rows may then be missing
from a target: the reconciliation must name as many as are missing.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.support.crashes import Life, live


def main() -> int:
    """Run the lives that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--kills", type=int, default=200, help="of each kind")
    parser.add_argument("--per-life", type=int, default=12, help="kills until a backfill is let live to its end")
    parser.add_argument("--slice-rows", type=int, default=100_000)
    parser.add_argument("--span", type=float, default=6.0, help="seconds until a kill, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", action="store_true", help="kill the client only")
    parser.add_argument("--engine", action="store_true", help="kill client and engine together only")
    given = parser.parse_args()
    both = given.client == given.engine
    bad = 0
    if both or given.client:
        bad += kind("client", given, engine_too=False)
    if both or given.engine:
        bad += kind("client and engine", given, engine_too=True)
    return 1 if bad else 0


def kind(name: str, given: argparse.Namespace, *, engine_too: bool) -> int:
    """Lives until there were enough kills of one kind; returns how many were wrong."""
    kills = lives = bad = lost = 0
    begun = time.monotonic()
    while kills < given.kills:
        seed = given.seed + lives
        life = live(
            given.rows,
            seed=seed,
            kills=min(given.per_life, given.kills - kills),
            engine_too=engine_too,
            slice_rows=given.slice_rows,
            span=given.span,
            forgets=0.5 if engine_too else 0.0,
        )
        lives += 1
        kills += life.kills
        lost += life.missing["items"]
        faults = wrong(life, engine_too)
        bad += bool(faults)
        told = "; ".join(faults) or "exact"
        print(
            f"{name}: seed {seed}: {life.kills} kills, {life.seconds:.0f} s, {life.missing['items']} live rows lost: {told}",
            flush=True,
        )
    verdict = "all exact" if not bad else f"{bad} WRONG"
    print(
        f"{name}: {kills} kills in {lives} lives, {time.monotonic() - begun:.0f} s, {lost} live rows lost and named: {verdict}"
    )
    return bad


def wrong(life: Life, engine_too: bool) -> list[str]:
    """What must not be."""
    found = [f"{name}: the sources say {says}, it holds {holds}" for name, (says, holds) in life.wrong.items()]
    found += [f"{name}: {n} rows of history lost" for name, n in life.missing_history.items() if n]
    for name in ("items", "both"):
        if not engine_too and life.missing[name]:
            found.append(f"{name}: {life.missing[name]} live rows lost")
        if life.named(name) != life.missing[name]:
            found.append(f"{name}: {life.missing[name]} rows missing, {life.named(name)} named")
    if life.live_sums and not engine_too:
        found.append(f"live sums: the source says {life.live_sums['sums'][0]}, the target {life.live_sums['sums'][1]}")
    if life.agrees("sums_state") != (not life.live_sums):
        found.append("sums of live rows differ and are not named, or are named and do not differ")
    if life.left_behind:
        found.append(f"left behind: {', '.join(life.left_behind)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
