"""One slice: staged in a table of its own, moved into the target part by part.

``INSERT SELECT`` is not atomic: killed, it leaves a part of its rows. So a slice is written into a stage that nobody reads
and dropped when it is not whole. ``MOVE PARTITION`` fires no view. It is not atomic either (26.9 renames the parts into the
target one by one, and takes them off the stage afterwards), so a move that was cut is taken up part by part: a part of the stage
whose hash is among the target's parts that came after the move was journaled is in, and is dropped from the stage.

The stage never merges, so that its parts stay what they were; a table's TTL is left to the target.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from tilla import errors, text
from tilla.backfills import journal
from tilla.backfills.journal import Entry, Journal
from tilla.backfills.plan import Target
from tilla.backfills.slices import Slice
from tilla.ddl.branches import bounded
from tilla.servers import Server

# A stage keeps its parts as they are: no merge, no TTL, no deduplication against another slice with the same rows.
STAGE_SETTINGS = (
    "max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1,"
    " non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0,"
    " merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000"
)

# One thread a slice: several would each build a hash table and merge them afterwards. Slices run side by side instead.
FILL = {"max_threads": 1, "max_insert_threads": 1, "insert_deduplicate": 0}

# What says that a statement was too much: MEMORY_LIMIT_EXCEEDED, TIMEOUT_EXCEEDED, too many rows or bytes, rows of a set or a
# join, TOO_MANY_PARTS (of one block).
TOO_MUCH = frozenset({241, 159, 158, 307, 191, 252})
TOO_MANY_PARTITIONS = 252


# How long a target that is not overlap-safe remembers merged parts while it is filled, in seconds: by their hashes it can be
# told what a cut move has moved. (ClickHouse: 480, chDB 4.4: 0.) An odd number, so that it is known as Tilla's own.
MEMORY = 21_601


class TooMuchError(Exception):
    """A limit of the server was met; ``by_result`` when it is the number of partitions that come out."""

    def __init__(self, why: str, by_result: bool) -> None:
        super().__init__(why)
        self.by_result = by_result


class Stager:
    """Does the slices of one run. ``moving`` admits one move at a time; ``fence`` raises when the lease is lost."""

    def __init__(
        self, log: Journal, moving: Any, fence: Callable[[Server], None], settings: Mapping[str, object]
    ) -> None:
        self.log, self._moving, self._fence, self.settings = log, moving, fence, {**FILL, **settings}

    # --- from the beginning ---

    def fill(self, server: Server, target: Target, number: int, slice: Slice) -> int:
        """Stage a slice and move it in; return its rows.

        Raises:
            TooMuchError: a limit of the server was met; nothing of the slice is in the target.
        """
        stage = self.stage(server, target, number, slice)
        return self.move(server, target, number, stage)

    def stage(self, server: Server, target: Target, number: int, slice: Slice) -> str:
        """Write a slice into a new table; return its name."""
        unique = self.log.unique()
        name = text.quote_qualified(*stage_path(target, unique))
        self._note(server, target, number, journal.STAGING, {"stage": name})
        server.execute(f"CREATE TABLE {name} AS {target.table}")
        comment = f"{self.tag(target)} {unique}"
        try:
            server.execute(f"ALTER TABLE {name} MODIFY SETTING {STAGE_SETTINGS}")
            server.execute(insert(target, slice, name, comment), settings=self.settings)
        except errors.ServerError as error:
            why = too_much(error) or _gave_up(server, error, comment)
            if why is None:
                raise
            drop(server, name)
            raise why from None
        rows = sum(n for _, n in _partitions(server, name).values())
        self._note(server, target, number, journal.STAGED, {"stage": name, "rows": rows})
        return name

    def move(self, server: Server, target: Target, number: int, stage: str) -> int:
        """Move all that a stage holds; return its rows."""
        parts = _partitions(server, stage)
        rows = sum(n for _, n in parts.values())
        with self._moving:
            self._fence(server)
            bounds = _highest(server, target.path)
            bounds = {partition: bounds.get(partition, -1) for partition in parts}
            self._note(server, target, number, journal.MOVING, {"stage": stage, "rows": rows, "above": bounds})
            for partition in parts:
                self._move(server, target, stage, partition)
        return self._moved(server, target, number, stage, rows)

    def _moved(self, server: Server, target: Target, number: int, stage: str, rows: int) -> int:
        self._note(server, target, number, journal.MOVED, {"stage": stage, "rows": rows})
        drop(server, stage)
        self._note(server, target, number, journal.DONE, {"rows": rows})
        return rows

    def _move(self, server: Server, target: Target, stage: str, partition: str) -> None:
        move = f"ALTER TABLE {stage} MOVE PARTITION ID {text.quote_string(partition)} TO TABLE {target.table}"
        sql = f"{self.tag(target)} */ {move}"
        for pause in (0.5, 1, 2, 4, 8, 16):
            try:
                server.execute(sql)
                return
            except errors.StatementRefused as error:
                if error.server_code != TOO_MANY_PARTITIONS:  # too many parts in the target: its merges catch up
                    raise
                time.sleep(pause)
        server.execute(sql)

    # --- going on ---

    def resume(self, server: Server, target: Target, number: int, last: Entry) -> int | None:
        """Go on with a slice that an earlier run left; None when it must be staged anew."""
        stage = str(last.detail.get("stage", ""))
        if last.state in (journal.PLANNED, journal.STAGING):
            if stage:
                drop(server, stage)
            return None
        if last.state == journal.MOVED:
            return self._moved(server, target, number, stage, int(last.detail["rows"]))
        stage = self._taken_over(server, target, number, last)
        if not stage:  # dropped by hand: what was not moved can be staged anew, but not what may have been
            if last.state == journal.MOVING and not target.safe:
                raise errors.move_in_doubt(
                    target.name, str(last.detail["stage"]), "of a stage that is gone", last.age, 0
                )
            return None
        if last.state == journal.STAGED:
            return self.move(server, target, number, stage)
        with self._moving:
            self._fence(server)
            self._settle(server, target, stage, last)
            for partition in _partitions(server, stage):
                self._move(server, target, stage, partition)
        return self._moved(server, target, number, stage, int(last.detail["rows"]))

    def _taken_over(self, server: Server, target: Target, number: int, last: Entry) -> str:
        """Give a stage a new name: a run that was held up and believes to own it finds nothing under the old one.

        Returns '' when the stage is not there any more.
        """
        known = [str(last.detail[name]) for name in ("stage", "was") if last.detail.get(name)]
        there = next((name for name in known if exists(server, name)), "")
        if not there:
            return ""
        new = text.quote_qualified(*stage_path(target, self.log.unique()))
        older = last.age + float(last.detail.get("older", 0))
        detail = {**last.detail, "stage": new, "was": there, "older": round(older, 3)}
        self._note(server, target, number, last.state, detail)
        server.execute(f"RENAME TABLE {there} TO {new}")
        return new

    def _settle(self, server: Server, target: Target, stage: str, last: Entry) -> None:
        """Drop from a stage the parts that are in the target already."""
        if not exists(server, stage):
            return
        with suppress(
            errors.StatementRefused
        ):  # a right that is seldom given; a server that is up has mostly loaded them
            server.execute(f"SYSTEM WAIT LOADING PARTS {target.table}")
        above: Mapping[str, int] = last.detail["above"]
        for partition, (_, _) in _partitions(server, stage).items():
            there = _hashes(server, target.path, partition, above.get(partition, -1), active=False)
            own = _hashes(server, text.read_qualified(stage), partition, -1, active=True)
            moved = []
            for name, mark in own:
                if mark in (found := [h for _, h in there]):
                    there.pop(found.index(mark))
                    moved.append(name)
            if not moved and not target.safe:
                self._check_age(server, target, stage, partition, last)
            for name in moved:
                server.execute(f"ALTER TABLE {stage} DROP PART {text.quote_string(name)}")

    def _check_age(self, server: Server, target: Target, stage: str, partition: str, last: Entry) -> None:
        """Raise when so much time has passed that a merged part would be forgotten."""
        if _highest(server, target.path).get(partition, -1) <= last.detail["above"].get(partition, -1):
            return  # nothing at all has come into the partition since
        where = f"database = {text.quote_string(target.path[0])} AND name = {text.quote_string(target.path[1])}"
        own = server.scalar(
            f"SELECT extract(create_table_query, 'old_parts_lifetime = (\\d+)') FROM system.tables WHERE {where}"
        )
        limit = own or server.scalar("SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'")
        age = last.age + float(last.detail.get("older", 0))
        if age > float(limit or 0) * 0.9:
            raise errors.move_in_doubt(target.name, stage, partition, age, float(limit or 0))

    def tag(self, target: Target) -> str:
        """A comment by which the statements of a target are known among the server's processes."""
        return tag(target.path, self.log.run)

    def _note(self, server: Server, target: Target, number: int, state: str, detail: Mapping[str, Any]) -> None:
        self.log.write(server, target.name, target.declaration, state, number, detail)


def remember(server: Server, target: Target) -> None:
    """Let a target keep the names of merged parts for some hours."""
    server.execute(f"ALTER TABLE {target.table} MODIFY SETTING old_parts_lifetime = {MEMORY}")


def forget(server: Server, target: Target) -> None:
    """Undo :func:`remember`."""
    setting = (
        f"MODIFY SETTING old_parts_lifetime = {target.lifetime}"
        if target.lifetime
        else "RESET SETTING old_parts_lifetime"
    )
    server.execute(f"ALTER TABLE {target.table} {setting}")


# --- statements ---


def tag(path: tuple[str, str], run: str = "") -> str:
    """What stands in front of a long statement; without a run, what all of a target have in common."""
    return f"/* tilla backfill {'.'.join(path).replace('*/', '* /')} {run}"


def insert(target: Target, slice: Slice, table: str, comment: str = "") -> str:
    """The INSERT of one slice. Its column list is named: an insert maps by position."""
    condition = slice.condition
    if target.boundary is not None:
        condition = f"{target.boundary.history(slice.branch)} AND ({condition})"
    select = bounded(target.branches[slice.branch].select, condition)
    modulus, remainder = slice.spread
    partition = f"ifNull(toString({target.comparison.partition or repr('all')}), 'NULL')"
    kept = [f"cityHash64({partition}) % {modulus} = {remainder}"] * (modulus > 1)
    if slice.only and target.comparison.partition:
        kept.append(f"{partition} IN ({', '.join(map(text.quote_string, slice.only))})")
    if kept:
        select = f"SELECT * FROM (\n{select}\n) WHERE {' AND '.join(kept)}"
    head = f"{comment} */ " if comment else ""
    settings = f"SETTINGS {target.settings}\n" if target.settings else ""
    return f"{head}INSERT INTO {table} ({target.columns})\n{settings}{select}"


def stage_path(target: Target, unique: str) -> tuple[str, str]:
    """A name for a stage that nobody else has; the journal says whose it is."""
    return target.stages, f"tilla_stage_{target.path[1][:100]}_{unique}"


def drop(server: Server, name: str) -> None:
    """Drop a table, if it is there, and wait."""
    server.execute(f"DROP TABLE IF EXISTS {name} SYNC")


def exists(server: Server, name: str) -> bool:
    """Whether a table is there."""
    return bool(server.scalar(f"EXISTS TABLE {name}"))


def too_much(error: errors.ServerError) -> TooMuchError | None:
    """The limit that an error is about, or None."""
    if error.server_code in TOO_MUCH:
        return TooMuchError(error.reason, error.server_code == TOO_MANY_PARTITIONS and "partitions" in error.reason)
    return None


def _gave_up(server: Server, error: errors.ServerError, comment: str) -> TooMuchError | None:
    """What to say of a client that lost patience while the server still works on its statement, which is killed; else None."""
    if not isinstance(error, errors.ConnectionFailed) or not list(running(server, comment)):
        return None
    with suppress(errors.StatementRefused):
        server.execute(f"KILL QUERY WHERE startsWith(query, {text.quote_string(comment)}) SYNC")
    return TooMuchError("the client's time-out passed before the server's answer came", by_result=False)


# --- parts ---


def _partitions(server: Server, table: str) -> dict[str, tuple[int, int]]:
    """Partition id -> parts and rows of a table. A partition that was moved away leaves an empty part (26.9)."""
    where = _where(text.read_qualified(table))
    rows = server.rows(
        f"SELECT partition_id, count() AS parts, sum(rows) AS n FROM system.parts WHERE {where} AND active AND rows > 0"
        " GROUP BY partition_id ORDER BY partition_id"
    )
    return {row["partition_id"]: (row["parts"], row["n"]) for row in rows}


def partitions(server: Server, paths: Collection[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """Table -> ids of its partitions that hold rows; one query."""
    if not paths:
        return {}
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in sorted(paths))
    rows = server.rows(
        "SELECT database, table, groupUniqArray(partition_id) AS ids FROM system.parts"
        f" WHERE (database, table) IN ({pairs}) AND active AND rows > 0 GROUP BY database, table"
    )
    return {(row["database"], row["table"]): set(row["ids"]) for row in rows}


def _highest(server: Server, path: tuple[str, str]) -> dict[str, int]:
    """Partition id -> highest block number of a table."""
    rows = server.rows(
        "SELECT partition_id, max(max_block_number) AS number FROM system.parts"
        f" WHERE {_where(path)} GROUP BY partition_id"
    )
    return {row["partition_id"]: row["number"] for row in rows}


def _hashes(
    server: Server, path: tuple[str, str], partition: str, above: int, *, active: bool
) -> list[tuple[str, str]]:
    """Name and hash of the parts of a partition with higher block numbers."""
    rows = server.rows(
        f"SELECT name, hash_of_all_files AS hash FROM system.parts WHERE {_where(path)} AND rows > 0"
        f" AND partition_id = {text.quote_string(partition)} AND min_block_number > {above}{' AND active' * active}"
        " ORDER BY name"
    )
    return [(row["name"], row["hash"]) for row in rows]


def _where(path: tuple[str, str]) -> str:
    return f"database = {text.quote_string(path[0])} AND table = {text.quote_string(path[1])}"


def running(server: Server, comment: str, but: str = "") -> Iterator[str]:
    """The ids of statements that carry a tag, but not those of one run; statements about processes do not count."""
    rows = server.rows(
        f"SELECT query_id FROM system.processes WHERE startsWith(query, {text.quote_string(comment)})"
        + (f" AND position(query, {text.quote_string(but)}) = 0" if but else "")
    )
    yield from (row["query_id"] for row in rows)
