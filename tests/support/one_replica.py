"""A backfill on a cluster of one replica, in a process of its own: what its statements do to rows, as far as one node can show it.

The embedded engine has neither Keeper nor ON CLUSTER, so those words are taken out of the statements; ``clusterAllReplicas``,
Distributed tables and everything else are as sent. With ``down`` the cluster has a second replica that does not answer, with
``shards`` a second shard; with ``killed`` the first runs die halfway. Takes a target, prints what happened as JSON: the statements that were altered, and whether every row counts once in every target.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Where runs die: while the boundary is drawn, before a move, in the middle of moves.
ENDS = [(n, "") for n in (20, 30, 38, 46, 55)] + [(10**9, w) for w in ("'staged'", "MOVE PARTITION", "MOVE PARTITION")]

NAME = {"cloud": "default"}  # else the cluster's own name

CONFIG = """<clickhouse>
  <remote_servers><{name}><shard>
    <internal_replication>true</internal_replication>
    <replica><host>localhost</host><port>9000</port></replica>{more}
  </shard></{name}></remote_servers>
  <tcp_port>9000</tcp_port>
</clickhouse>"""
MORE = {
    "down": "<replica><host>127.0.0.1</host><port>9001</port></replica>",
    "shards": "</shard><shard><replica><host>localhost</host><port>9000</port></replica>",
}


def here(sql: str) -> str:
    """A statement without what needs Keeper; '' for one that is about replicas alone."""
    if sql.startswith(("SYSTEM SYNC REPLICA", "KILL QUERY ON CLUSTER")):
        return ""
    sql = sql.replace(" ON CLUSTER main", "")
    return re.sub(r"ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?", r"ENGINE = \1(", sql).replace(
        "ENGINE = Replicated", "ENGINE = "
    )


class Node:
    """A server to which statements for several replicas can be sent; ``sent`` are those that had to be altered."""

    def __init__(self, server: Any, sent: list[str] | None = None) -> None:
        self._server, self.sent = server, sent if sent is not None else []
        self.replicated = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def execute(self, sql: str, **options: Any) -> None:
        done = here(sql)
        if done != sql:
            self.sent.append(sql)
        if done:
            self._server.execute(done, **options)

    def rows(self, sql: str, **options: Any) -> list[dict[str, Any]]:
        """The answer, as a server with Keeper would give it: local tables are Replicated, unless they are said not to be."""
        found = self._server.rows(sql, **options)
        for row in found if self.replicated else ():
            if str(row.get("name")).endswith("_local") and "create_table_query" in row:
                row["engine"] = f"Replicated{row['engine']}"
                row["create_table_query"] = row["create_table_query"].replace("ENGINE = ", "ENGINE = Replicated")
        return list(found)

    def clone(self) -> Node:
        return Node(self._server.clone(), self.sent)


def main() -> None:
    """Fill history, with rows coming in between."""
    import chdb

    target, mode = sys.argv[1], "".join(sys.argv[2:])
    more = MORE.get(mode, "")
    name = NAME.get(target, target.split(":")[1] if ":" in target else "")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.xml"
        config.write_text(CONFIG.format(name=name, more=more), encoding="utf-8")
        keep = chdb.connect(f":memory:?config-file={config}")  # whoever comes next shares this engine
        import tilla as tl

        with tl.connect("chdb://memory") as server:
            print(json.dumps(fill(Node(server), target, ends=ENDS if mode == "killed" else ())))
        keep.close()


def fill(server: Any, target: str, ends: Iterable[tuple[int, str]]) -> dict[str, Any]:
    """The objects of the tests of boundaries: sums and plain rows, a curated table in between, two views into one table.

    ``ends`` say after how many statements a run dies, or after which; the next one goes on.
    """
    import tilla as tl
    from tests.support.backfills import Mortal
    from tests.test_backfill_boundary import yard
    from tilla import errors

    server.execute("CREATE DATABASE d")
    made = yard(server, "d", landed=False)
    first = made.project.select("d.raw", "d.raw2", "d.curated")
    tl.apply(tl.plan(first, server, target=target), server)
    made.insert(0, 2999)  # the upper view is alive already
    made.insert(5000, 5999, "raw2")
    tl.apply(tl.plan(made.project, server, target=target), server)
    options = {"target": target, "slice_rows": 1500, "workers": 1}  # statements in one order
    server.replicated = False
    try:
        tl.backfill(made.project, server, **options)
        own = ""
    except errors.TillaError as error:
        own = str(error)
    server.replicated = True
    deaths = 0
    for number, last in ends:
        try:
            tl.apply(tl.backfill(made.project, server, **options), Mortal(server, number, last=last))
        except errors.ConnectionFailed:
            deaths += 1
    try:
        plan = tl.backfill(made.project, server, **options)
        report = tl.apply(type(plan).from_json(plan.as_json()), server)
    except errors.TillaError as error:
        return {"error": str(error)}
    made.insert(3000, 3999)
    made.insert(6000, 6999, "raw2")
    made.check(range(4000), [*range(5000, 6000), *range(6000, 7000)])
    drift = str(tl.plan(made.project, server, target=target))
    again = str(tl.backfill(made.project, server, target=target))
    if not deaths:
        sent = len(server.sent)
        repaired = tl.apply(tl.backfill(made.project, server, target=target, repair=True), server)
        assert repaired.agrees, repaired.reconciliation
        del server.sent[sent:]  # what it asks is in no order
    compared = {item.target: [item.agrees, sum(p.holds for p in item.partitions)] for item in report.reconciliation}
    tl.apply(tl.backfill(made.project, server, target=target, disarm=True), server)
    made.insert(10_000, 10_999)
    made.check([*range(4000), *range(10_000, 11_000)], [*range(5000, 6000), *range(6000, 7000)])
    left = sorted(made.has_column())
    told = {"compared": compared, "sent": server.sent, "drift": drift, "again": again, "left": left}
    return {**told, "deaths": deaths, "own": own}


if __name__ == "__main__":
    main()
