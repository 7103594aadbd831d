"""A small warehouse whose history is filled in tests: three levels, two views into one table; a server that dies on demand."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import attrs

import tilla as tl
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree

START = dt.datetime(2026, 1, 1)


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    kind = tl.column(t.LowCardinality(t.String))
    at = tl.column(t.DateTime)


class Item(tl.Columns):
    id = tl.derive(Raw.id)
    kind = tl.derive(Raw.kind)
    at = tl.derive(Raw.at)


class ByKind(tl.Columns):
    kind = tl.derive(Item.kind)
    items = tl.measure(f.uniq_exact(Item.id))
    latest = tl.measure(f.max(Item.at), simple=True)


@attrs.frozen
class Warehouse:
    """Objects in databases that begin with one test's own name.

    ``items`` is 1:1 and partitioned by month; ``by_kind`` aggregates it; ``both`` is fed by two views from two sources, and
    ``both_kinds`` aggregates that.
    """

    server: Any
    database: str
    project: tl.Project
    items: tl.MaterializedView
    by_kind: tl.Aggregation
    both: tl.Table
    both_kinds: tl.Aggregation

    def insert(self, first: int, last: int, *, table: str = "raw", late: int = 0) -> None:
        """Land rows numbered ``first`` to ``last``; ``late`` days in the past. The same number is the same row."""
        self.server.execute(
            f"INSERT INTO {self.database}.{table} SELECT number, toString(number % 7),"
            f" toDateTime('2026-01-01 00:00:00') + intDiv(number, 10) * 600 - {late * 86400} FROM numbers({first}, {last - first + 1})"
        )

    def arm(self) -> None:
        """Create everything, as ``tilla apply`` does."""
        tl.apply(tl.plan(self.project, self.server), self.server)

    def check(self, ids: set[int], others: set[int] | None = None) -> None:
        """Every number is counted exactly once, in every target."""
        others = set() if others is None else others
        kinds = {str(k) for k in range(7)}

        def by_kind(numbers: set[int]) -> dict[str, int]:
            return {k: n for k in kinds if (n := sum(str(i % 7) == k for i in numbers))}

        database = self.database
        rows = self.server.rows(f"SELECT count() AS n, uniqExact(id) AS u, sum(id) AS s FROM {database}.items FINAL")[0]
        assert rows == {"n": len(ids), "u": len(ids), "s": sum(ids)}
        found = self.server.rows(f"SELECT kind, items FROM {database}.by_kind")
        assert {row["kind"]: row["items"] for row in found} == by_kind(ids)
        assert self.server.scalar(f"SELECT count() FROM {database}.`both` FINAL") == len(ids | others)
        found = self.server.rows(f"SELECT kind, items FROM {database}.both_kinds")
        assert {row["kind"]: row["items"] for row in found} == by_kind(ids | others)

    def tables(self) -> set[str]:
        """The stages and copies that backfills of this warehouse have left behind: each has its run in its name."""
        rows = self.server.rows(
            "SELECT name FROM system.tables WHERE database = 'tilla' AND name LIKE 'tilla\\_%' AND arrayExists(r ->"
            " position(name, r) > 0, (SELECT groupUniqArray(run) FROM tilla.journal WHERE startsWith(target, {d:String})))",
            parameters={"d": self.database + "."},
        )
        return {row["name"] for row in rows}


def warehouse(server: Any, database: str) -> Warehouse:
    """The warehouse, with empty raw tables and nothing armed."""
    for name in ("raw", "raw2"):
        server.execute(
            f"CREATE TABLE {database}.{name} (id UInt64, kind LowCardinality(String), at DateTime) ENGINE = MergeTree"
            " ORDER BY (kind, id) PARTITION BY toYYYYMM(at)"
        )
    raw, raw2 = tl.Source(f"{database}.raw", Raw), tl.Source(f"{database}.raw2", Raw)
    month = f.raw("toYYYYMM", Item.at)
    items = tl.MaterializedView(
        f"{database}.items", Item, source=raw,
        engine=ReplacingMergeTree(version=Item.at, order_by=Item.id, partition_by=month),
    )  # fmt: skip
    by_kind = tl.Aggregation(f"{database}.by_kind", ByKind, source=items, stable=(Item.kind,))
    both = tl.Table(
        f"{database}.both", items.columns, engine=ReplacingMergeTree(version=Item.at, order_by=(Item.kind, Item.id))
    )
    feeding = [
        tl.MaterializedView(f"{database}.from_{source.table}", Item, source=source, to=both) for source in (raw, raw2)
    ]
    both_kinds = tl.Aggregation(f"{database}.both_kinds", ByKind, source=both, stable=(Item.kind,))
    project = tl.project(database, raw, raw2, items, by_kind, both, *feeding, both_kinds)
    return Warehouse(server, database, project, items, by_kind, both, both_kinds)


class Mortal:
    """A server that dies after so many statements, or after one that contains ``last``, for every client at once.

    ``between`` is called before each statement.

    What keeps a lease alive, and looks at progress, does not count: it comes when it will. After death nothing gets through.
    """

    def __init__(
        self,
        server: Any,
        lives: int = 10**9,
        between: Callable[[int, str], None] | None = None,
        last: str = "",
        parent: Any = None,
    ) -> None:
        self._server = server
        self._root: Mortal = parent or self
        if parent is None:
            self.lives, self.last, self.between = lives, last, between or (lambda number, sql: None)
            self.asked: list[str] = []
            self.lock = threading.Lock()

    @property
    def features(self) -> Any:
        return self._server.features

    def _live(self, sql: str) -> None:
        root = self._root
        if "tilla.lease" in sql or "sum(read_rows)" in sql:
            if len(root.asked) >= root.lives:
                raise errors.connection_failed("mortal", "killed", sql)
            return
        with root.lock:
            if len(root.asked) >= root.lives:
                raise errors.connection_failed("mortal", "killed", sql)
            root.asked.append(sql)
            if root.last and root.last in sql:
                root.lives = len(root.asked)
            root.between(len(root.asked), sql)

    @property
    def dead(self) -> bool:
        return len(self._root.asked) >= self._root.lives

    def execute(self, sql: str, **options: Any) -> None:
        self._live(sql)
        self._server.execute(sql, **options)

    def rows(self, sql: str, **options: Any) -> Any:
        self._live(sql)
        return self._server.rows(sql, **options)

    def scalar(self, sql: str, **options: Any) -> Any:
        self._live(sql)
        return self._server.scalar(sql, **options)

    def clone(self) -> Mortal:
        return Mortal(self._server.clone(), parent=self._root)

    def close(self) -> None:
        if self._root is not self:
            self._server.close()


__all__ = ["START", "ByKind", "Item", "MergeTree", "Mortal", "Raw", "Warehouse", "warehouse"]
