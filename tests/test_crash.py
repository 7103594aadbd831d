"""History is counted exactly once when the backfill is killed, or the server with it, while rows keep coming.

Real processes, a real client, SIGKILL at random moments. ``python -m benchmarks.crash`` does the same for hours.
"""

from __future__ import annotations

import pytest

from tests.support.crashes import live, repair

TARGETS = ["crash.both", "crash.both_kinds_state", "crash.by_kind_state", "crash.items", "crash.sums_state"]


@pytest.mark.http
def test_a_backfill_killed_on_a_server_that_lives_counts_every_row_once() -> None:
    """(a) The client dies up to three times: every row, old and new, is in every target once, and nothing is left behind."""
    life = live(60_000, seed=11, kills=3, engine_too=False, slice_rows=8_000, span=2.0)
    assert life.kills >= 1
    assert life.writer_batches > 10
    assert life.missing == {"items": 0, "both": 0, "by_kind": 0, "both_kinds": 0}
    assert (life.wrong, life.live_sums) == ({}, {})
    assert life.code == 0
    assert sorted(item["target"] for item in life.reconciliation) == TARGETS
    assert life.left_behind == []


@pytest.mark.http
def test_killed_with_the_server_history_is_exact_and_what_was_lost_live_is_named() -> None:
    """(b) Engine and client die together, and a loader forgets its batch in doubt: history is exact all the same.

    ClickHouse commits a row to its table before the table's views. What it lost between the two is what the comparison at the
    end names, row for row.
    """
    life = live(60_000, seed=12, kills=3, engine_too=True, slice_rows=8_000, span=2.0, forgets=1.0)
    assert life.kills >= 1
    assert life.missing_history == {"items": 0, "both": 0}
    assert life.wrong == {}
    assert {name: life.named(name) for name in ("items", "both")} == {n: life.missing[n] for n in ("items", "both")}
    assert life.agrees("sums_state") == (not life.live_sums)
    assert life.code == (0 if all(life.agrees(name.removeprefix("crash.")) for name in TARGETS) else 2)
    assert sorted(item["target"] for item in life.reconciliation) == TARGETS
    assert life.left_behind == []


@pytest.mark.http
def test_sums_that_are_built_anew_by_a_run_that_is_killed_count_every_row_once() -> None:
    """A batch never reached the sums. The repair is killed up to three times while rows come: history, the batch, new rows, once."""
    life = repair(30_000, seed=13, kills=3, slice_rows=4_000)
    assert life.kills >= 1
    assert life.writer_batches > 10
    assert life.rebuilt >= 1
    assert life.missing == {"items": 0, "both": 0, "by_kind": 0, "both_kinds": 0}
    assert (life.wrong, life.live_sums) == ({}, {})
    assert life.left_behind == []
