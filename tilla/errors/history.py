"""T601-T640: history that cannot be filled exactly, and risks nobody allowed."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import Mistake, RefusedError, ServerError, UsageError


def rebuild_loses(where: str, source: str) -> RefusedError:
    """T603: a rebuild of a target from its roots, some of whose rows nothing else keeps."""
    return RefusedError(
        Mistake(
            "T603",
            where,
            f"it cannot be built anew: rows of it came from {source}, which keeps none",
            hint=f"a table that keeps what comes from {source}, and the view over that table",
        )
    )


def cannot_rebuild(where: str, engine: str) -> RefusedError:
    """T604: a target that is not overlap-safe, of an engine whose tables cannot be built aside and exchanged in."""
    return RefusedError(
        Mistake(
            "T604",
            where,
            f"a table of the engine {engine} cannot be built aside and exchanged in, so history cannot be filled exactly once",
            expected="an engine of the MergeTree family, Log or Memory",
        )
    )


def not_overlap_safe(where: str, reason: str, ways_out: str) -> RefusedError:
    """T601: a static script cannot fill this target exactly once while rows may come."""
    return RefusedError(
        Mistake(
            "T601",
            where,
            f"a static script cannot fill this exactly once while rows keep coming: {reason}",
            hint=ways_out,
        )
    )


def history_refused(where: str, reason: str, ways_out: str) -> RefusedError:
    """T602: a target whose history cannot be copied while rows keep coming."""
    return RefusedError(
        Mistake("T602", where, f"its history cannot be copied while rows keep coming: {reason}", hint=ways_out)
    )


def risk_exceeded(where: str, risk: str, reason: str, allowed: str) -> RefusedError:
    """T610: a plan holds a step that is riskier than what the caller allows."""
    return RefusedError(
        Mistake(
            "T610",
            where,
            f"this step is {risk}: {reason}",
            expected=f"nothing beyond {allowed}",
            hint=f'allow="{risk}"',
        )
    )


def backfill_running(where: str, run: str, age: float) -> RefusedError:
    """T611: two backfills of one target at once."""
    return RefusedError(
        Mistake(
            "T611",
            where,
            f"another backfill is at it: run {run}, last sign of life {max(age, 0):.0f} s ago",
            hint="wait for it; a run that was killed frees its targets within seconds",
        )
    )


def other_version(where: str, have: str, want: str, what: str) -> RefusedError:
    """T612: the journal is about another version of the declaration, and rows of it are in the target."""
    return RefusedError(
        Mistake(
            "T612",
            where,
            f"{what} from another version of this declaration ({have}, now {want}): rows of both would mix",
            hint="finish it with that version; or drop the table and its view, `tilla apply`, and run this again",
        )
    )


def slice_too_large(where: str, condition: str, why: str) -> RefusedError:
    """T613: a slice that cannot be cut further still is beyond a limit of the server."""
    return RefusedError(
        Mistake(
            "T613",
            where,
            f"the slice {condition} cannot be cut further and still is too much for a limit of the server: {why}",
            hint="raise that limit for this user (max_memory_usage, max_execution_time, max_partitions_per_insert_block)",
        )
    )


def move_in_doubt(where: str, stage: str, partition: str, age: float, limit: float) -> RefusedError:
    """T614: whether a part was moved can no longer be seen."""
    return RefusedError(
        Mistake(
            "T614",
            where,
            f"a run ended {age:.0f} s ago while it moved partition {partition} of {stage} in, and the server forgets"
            f" merged parts after {limit:.0f} s: whether the rows are in cannot be seen any more",
            hint="compare the partition by hand; TRUNCATE the stage when its rows are in, else move the partition; then run"
            " this again. Or rebuild the target while nothing is inserted (--quiesced)",
        )
    )


def interrupted() -> UsageError:
    """T615: stopped by hand."""
    return UsageError(Mistake("T615", "backfill", "stopped; run it again and it goes on where it stopped"))


def loader_owns_source(where: str, source: str, reason: str, ways_out: str) -> RefusedError:
    """T616: a boundary would add a column to a table that a loader may swap or re-shape."""
    return RefusedError(
        Mistake(
            "T616",
            where,
            f"its history needs a boundary ({reason}), and that would add a column to {source}, which a loader may swap or"
            " re-shape: after a swap every insert into it fails on the bounded view",
            hint="pause its syncs and say --syncs-paused until the backfill is done and --disarm was run; or declare the column"
            f" that the server stamps at insert, if it has one (tl.Source(..., stamped=...)); or {ways_out}",
        )
    )


def view_without_boundary(where: str, view: str, ways_out: str) -> RefusedError:
    """T617: a view has let rows through that cannot be told from history any more."""
    return RefusedError(
        Mistake(
            "T617",
            where,
            f"{view} is alive without a boundary: which rows went through it cannot be told any more",
            hint=f"build it anew: beside its view (--repair), or while nothing is inserted (--quiesced); or {ways_out}",
        )
    )


def boundary_impossible(where: str, what: str, reason: str, ways_out: str) -> RefusedError:
    """T618: a boundary that cannot be drawn here."""
    return RefusedError(
        Mistake("T618", where, f"its history needs a boundary ({reason}), and there can be none: {what}", hint=ways_out)
    )


def boundary_lost(where: str, what: str) -> RefusedError:
    """T619: what a half-filled, bounded history stood on has changed."""
    return RefusedError(
        Mistake(
            "T619",
            where,
            f"{what}: which rows are history cannot be told any more",
            hint="build it anew: beside its views (--repair), or while nothing is inserted (--quiesced)",
        )
    )


def not_filled_yet(where: str, view: str) -> RefusedError:
    """T620: the boundary of a history that is not filled must stay."""
    return RefusedError(
        Mistake(
            "T620", where, f"its history is not filled yet, so the bound of {view} must stay", hint="tilla backfill"
        )
    )


def modify_query_names(where: str, unknown: Sequence[str], known: Sequence[str]) -> RefusedError:
    """T621: a SELECT whose names are not those of the target; MODIFY QUERY would take it and lose the columns."""
    return RefusedError(
        Mistake(
            "T621",
            where,
            f"its SELECT gives {', '.join(unknown)}, which the target has not: the values would be lost",
            expected=f"names out of {', '.join(known)}",
            hint="tilla plan shows how the target differs from its declaration",
        )
    )


def plan_outdated(where: str) -> RefusedError:
    """T622: another backfill has moved the boundary since this plan was made."""
    return RefusedError(
        Mistake(
            "T622", where, "another backfill drew its boundary after this plan was made", hint="make the plan again"
        )
    )


def replicas_lack(what: str, hosts: Sequence[str], seconds: float, *, gone: bool = False) -> ServerError:
    """T640: replicas that do not come to have what a step stands on."""
    how = "is still there" if gone else "is not there"
    return ServerError(
        Mistake(
            "T640",
            ", ".join(hosts),
            f"{what} {how} after {seconds:.0f} s, on {len(hosts)} {'replica' if len(hosts) == 1 else 'replicas'}",
            hint="see to these replicas (system.replication_queue, system.mutations, system.distributed_ddl_queue), then run this"
            " again: it goes on where it stopped",
        )
    )


def stamp_not_the_servers(where: str, column: str, have: str, reason: str, ways_out: str) -> RefusedError:
    """T630: a column that is declared to be stamped by the server, and is not."""
    return RefusedError(
        Mistake(
            "T630",
            where,
            f"its history needs a boundary ({reason}), and {column}, which is declared as stamped, gives none: {have}",
            expected="DEFAULT or MATERIALIZED now() or now64(n), of DateTime or DateTime64(n)",
            hint=f"let the server stamp it (ALTER TABLE ... MODIFY COLUMN ... MATERIALIZED now64(3)); or {ways_out}",
        )
    )
