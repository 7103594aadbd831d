"""One slice: staged in a table of its own, moved into the target part by part.

``INSERT SELECT`` is not atomic: killed, it leaves a part of its rows. So a slice is written into a stage that nobody reads
and dropped when it is not whole. ``MOVE PARTITION`` fires no view. It is not atomic either (26.9 renames the parts into the
target one by one, and takes them off the stage afterwards), so a move that was cut is taken up part by part: a part of the stage
whose hash is among the target's parts that came after the move was journaled is in, and is dropped from the stage.

The stage never merges, so that its parts stay what they were; a table's TTL is left to the target.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from tilla import errors, text
from tilla.backfills import journal, parts
from tilla.backfills.journal import Entry, Journal
from tilla.backfills.plan import Target
from tilla.backfills.replicas import about, hosts, same_parts, sync, wait
from tilla.backfills.slices import Slice
from tilla.ddl.branches import bounded
from tilla.ddl.replicas import ONE, Replicas
from tilla.planning.engine_names import read_engine
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

# How the copies of a comparison are called: the table and what makes the name new come behind it.
COPY = "tilla_check_"


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
        comment = f"{self.tag(target)} {unique}"
        create_like(server, target, name)
        try:
            server.execute(insert(target, slice, name, comment), settings=self.settings)
        except errors.ServerError as error:
            why = too_much(error) or _gave_up(server, error, comment, target.replicas)
            if why is None:
                raise
            drop(server, name, target.replicas)
            raise why from None
        rows = sum(n for _, n in parts.staged(server, name, target.replicas).values())
        self._note(server, target, number, journal.STAGED, {"stage": name, "rows": rows})
        return name

    def move(self, server: Server, target: Target, number: int, stage: str) -> int:
        """Move all that a stage holds; return its rows."""
        held = parts.staged(server, stage, target.replicas)
        rows = sum(n for _, n in held.values())
        with self._moving:
            self._fence(server)
            bounds = parts.highest(server, target)
            bounds = {partition: bounds.get(partition, -1) for partition in held}
            self._note(server, target, number, journal.MOVING, {"stage": stage, "rows": rows, "above": bounds})
            for partition in held:
                self._move(server, target, stage, partition)
        return self._moved(server, target, number, stage, rows)

    def _moved(self, server: Server, target: Target, number: int, stage: str, rows: int) -> int:
        self._note(server, target, number, journal.MOVED, {"stage": stage, "rows": rows})
        drop(server, stage, target.replicas)
        self._note(server, target, number, journal.DONE, {"rows": rows})
        return rows

    def _move(self, server: Server, target: Target, stage: str, partition: str) -> None:
        same_parts(server, target.replicas, text.read_qualified(stage))
        move = f"ALTER TABLE {stage} MOVE PARTITION ID {text.quote_string(partition)} TO TABLE {target.table}"
        sql = f"{self.tag(target)} */ {move}"
        # Every replica takes the parts over before any drops them from its stage (github.com/ClickHouse/ClickHouse/issues/37808).
        settings = {"alter_sync": 2} if target.replicas else {}
        for pause in (0.5, 1, 2, 4, 8, 16):
            try:
                server.execute(sql, settings=settings)
                return
            except errors.StatementRefused as error:
                if error.server_code != TOO_MANY_PARTITIONS:  # too many parts in the target: its merges catch up
                    raise
                time.sleep(pause)
        server.execute(sql, settings=settings)

    # --- going on ---

    def resume(self, server: Server, target: Target, number: int, last: Entry) -> int | None:
        """Go on with a slice that an earlier run left; None when it must be staged anew."""
        stage = str(last.detail.get("stage", ""))
        if last.state in (journal.PLANNED, journal.STAGING):
            if stage:
                drop(server, stage, target.replicas)
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
            for partition in parts.staged(server, stage, target.replicas):
                self._move(server, target, stage, partition)
        return self._moved(server, target, number, stage, int(last.detail["rows"]))

    def _taken_over(self, server: Server, target: Target, number: int, last: Entry) -> str:
        """Give a stage a new name: a run that was held up and believes to own it finds nothing under the old one.

        Returns '' when the stage is not there any more.
        """
        known = [str(last.detail[name]) for name in ("stage", "was") if last.detail.get(name)]
        there = next((name for name in known if exists(server, name, target.replicas)), "")
        if not there:
            return ""
        new = text.quote_qualified(*stage_path(target, self.log.unique()))
        older = last.age + float(last.detail.get("older", 0))
        detail = {**last.detail, "stage": new, "was": there, "older": round(older, 3)}
        self._note(server, target, number, last.state, detail)
        server.execute(f"RENAME TABLE {there} TO {new}{target.replicas.clause}")
        _wait_for(server, target.replicas, new)
        return new

    def _settle(self, server: Server, target: Target, stage: str, last: Entry) -> None:
        """Drop from a stage the parts that are in the target already."""
        if not exists(server, stage, target.replicas):
            return
        sync(server, target.replicas, target.stored)
        with suppress(
            errors.StatementRefused
        ):  # a right that is seldom given; a server that is up has mostly loaded them
            server.execute(f"SYSTEM WAIT LOADING PARTS {target.table}")
        above: Mapping[str, int] = last.detail["above"]
        for partition in parts.staged(server, stage, target.replicas):
            there = parts.hashes(
                server, target.stored, partition, above.get(partition, -1), target.replicas, active=False
            )
            own = parts.hashes(server, text.read_qualified(stage), partition, -1, target.replicas, active=True)
            moved = []
            for name, mark in own:
                if mark in (found := [h for _, h in there]):
                    there.pop(found.index(mark))
                    moved.append(name)
            if not moved and not target.safe:
                self._check_age(server, target, stage, partition, last)
            for name in moved:
                drop_part = f"ALTER TABLE {stage} DROP PART {text.quote_string(name)}"
                server.execute(drop_part, settings={"alter_sync": 2} if target.replicas else {})

    def _check_age(self, server: Server, target: Target, stage: str, partition: str, last: Entry) -> None:
        """Raise when so much time has passed that a merged part would be forgotten."""
        if parts.highest(server, target).get(partition, -1) <= last.detail["above"].get(partition, -1):
            return  # nothing at all has come into the partition since
        where = about(target.stored, "name")
        own = server.scalar(
            f"SELECT extract(create_table_query, 'old_parts_lifetime = (\\d+)') FROM system.tables WHERE {where}"
        )
        limit = own or server.scalar("SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'")
        age = last.age + float(last.detail.get("older", 0))
        if target.replicas.sequential:  # Cloud: nothing says how long it remembers
            limit = 0
        if age > float(limit or 0) * 0.9:
            raise errors.move_in_doubt(target.name, stage, partition, age, float(limit or 0))

    def tag(self, target: Target) -> str:
        """A comment by which the statements of a target are known among the server's processes."""
        return tag(target.path, self.log.run)

    def _note(self, server: Server, target: Target, number: int, state: str, detail: Mapping[str, Any]) -> None:
        self.log.write(server, target.name, target.declaration, state, number, detail)


def remember(server: Server, target: Target) -> None:
    """Let a target keep the names of merged parts for some hours."""
    server.execute(f"ALTER TABLE {_altered(target)} MODIFY SETTING old_parts_lifetime = {MEMORY}")
    # A setting is each replica's own on a cluster: ON CLUSTER sends this one to all of them, and not to one of each shard.
    setting = f"position(create_table_query, 'old_parts_lifetime = {MEMORY}') > 0"
    where = f"{about(target.stored, 'name')} AND {setting}"
    wait(server, target.replicas, f"old_parts_lifetime of {target.table}", "tables", where)


def forget(server: Server, target: Target) -> None:
    """Undo :func:`remember`."""
    setting = (
        f"MODIFY SETTING old_parts_lifetime = {target.lifetime}"
        if target.lifetime
        else "RESET SETTING old_parts_lifetime"
    )
    server.execute(f"ALTER TABLE {_altered(target)} {setting}")


def _altered(target: Target) -> str:
    return target.table + target.replicas.clause


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


def create_like(server: Server, target: Target, name: str) -> None:
    """Make an empty table of the target's definition that does not merge; on every replica.

    On a cluster ``AS`` alone would take over the place of the target's replicas in Keeper, so the engine is written out.
    """
    replicas = target.replicas
    engine = ""
    if replicas.on_cluster:
        full = server.scalar(f"SELECT engine_full FROM system.tables WHERE {about(target.stored, 'name')}")
        found = read_engine(str(full))
        arguments = ", ".join((*replicas.place, *found.arguments))
        engine = f"\nENGINE = Replicated{found.name}{f'({arguments})' if arguments else ''} {found.rest}"
    server.execute(f"CREATE TABLE {name}{replicas.clause} AS {target.table}{engine}")
    server.execute(f"ALTER TABLE {name}{replicas.clause} MODIFY SETTING {STAGE_SETTINGS}")
    _wait_for(server, replicas, name, "position(create_table_query, 'max_bytes_to_merge_at_max_space_in_pool') > 0")


def _wait_for(server: Server, replicas: Replicas, name: str, condition: str = "1") -> None:
    """Wait until every replica has a table."""
    wait(server, replicas, name, "tables", f"{about(text.read_qualified(name), 'name')} AND {condition}")


def drop(server: Server, name: str, replicas: Replicas) -> None:
    """Drop a table, if it is there, and wait."""
    server.execute(f"DROP TABLE IF EXISTS {name}{replicas.clause} SYNC")


def tidy(server: Server, targets: Iterable[Target], living: Callable[[], Collection[str]], replicas: Replicas) -> None:
    """Drop the copies of runs that were killed while they compared, whatever those were about."""
    databases = ", ".join(map(text.quote_string, sorted({target.stages for target in targets})))
    left = server.rows(
        "SELECT database, name, extract(name, '_([0-9a-f]{12})_[0-9]+$') AS run FROM system.tables"
        f" WHERE database IN ({databases or 'NULL'}) AND startsWith(name, {text.quote_string(COPY)}) AND run != ''"
    )
    alive = living() if left else ()
    for row in left:
        if row["run"] not in alive:
            drop(server, text.quote_qualified(row["database"], row["name"]), replicas)


def exists(server: Server, name: str, replicas: Replicas) -> bool:
    """Whether a table is there, on any replica."""
    if replicas:
        return bool(hosts(server, replicas, "tables", about(text.read_qualified(name), "name")))
    return bool(server.scalar(f"EXISTS TABLE {name}"))


def too_much(error: errors.ServerError) -> TooMuchError | None:
    """The limit that an error is about, or None."""
    if error.server_code in TOO_MUCH:
        return TooMuchError(error.reason, error.server_code == TOO_MANY_PARTITIONS and "partitions" in error.reason)
    return None


def _gave_up(server: Server, error: errors.ServerError, comment: str, replicas: Replicas) -> TooMuchError | None:
    """What to say of a client that lost patience while the server still works on its statement, which is killed; else None."""
    if not isinstance(error, errors.ConnectionFailed) or not list(running(server, comment, replicas=replicas)):
        return None
    kill(server, f"startsWith(query, {text.quote_string(comment)}) SYNC", replicas)
    return TooMuchError("the client's time-out passed before the server's answer came", by_result=False)


# --- statements that run ---


def running(server: Server, comment: str, but: str = "", replicas: Replicas = ONE) -> Iterator[str]:
    """The ids of statements that carry a tag, but not those of one run; statements about processes do not count."""
    rows = server.rows(
        f"SELECT query_id FROM {replicas.system('processes')} WHERE startsWith(query, {text.quote_string(comment)})"
        + (f" AND position(query, {text.quote_string(but)}) = 0" if but else "")
        + replicas.strict
    )
    yield from (row["query_id"] for row in rows)


def kill(server: Server, which: str, replicas: Replicas) -> None:
    """Kill statements, on every replica; a right that this user may not have."""
    where = f" ON CLUSTER {text.quote_identifier(replicas.cluster)}" if replicas else ""
    with suppress(errors.StatementRefused):
        server.execute(f"KILL QUERY{where} WHERE {which}")
