"""The parts of tables, as any replica has them: partitions, rows, block numbers and hashes.

A part is known by its name: all replicas call it the same. What one of them has is there, whichever is asked.
"""

from __future__ import annotations

from collections.abc import Collection

from tilla import text
from tilla.backfills.plan import Target
from tilla.backfills.replicas import about
from tilla.ddl.replicas import Replicas
from tilla.servers import Server


def _parts(replicas: Replicas, where: str) -> str:
    """Parts as any replica has them, each once: (database, table, partition_id, name, rows, hash, low, high)."""
    return (
        "(SELECT database, table, partition_id, name, any(rows) AS n, any(hash_of_all_files) AS hash,"
        " any(min_block_number) AS low, any(max_block_number) AS high"
        f" FROM {replicas.system('parts')} WHERE {where} GROUP BY database, table, partition_id, name)"
    )


def staged(server: Server, table: str, replicas: Replicas) -> dict[str, tuple[int, int]]:
    """Partition id -> parts and rows of a table. A partition that was moved away leaves an empty part (26.9)."""
    parts = _parts(replicas, f"{about(text.read_qualified(table))} AND active AND rows > 0")
    rows = server.rows(
        f"SELECT partition_id, count() AS parts, sum(n) AS n FROM {parts} GROUP BY partition_id ORDER BY partition_id"
        f"{replicas.strict}"
    )
    return {row["partition_id"]: (row["parts"], row["n"]) for row in rows}


def lowest(
    server: Server, paths: Collection[tuple[str, str]], replicas: Replicas
) -> dict[tuple[str, str], dict[str, int]]:
    """Table -> id of each partition that holds rows -> the lowest block number in it; one query.

    A merge keeps the lowest number of its parts and an insert takes a higher one, so it only rises when parts are dropped.
    """
    if not paths:
        return {}
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in sorted(paths))
    rows = server.rows(
        f"SELECT database, table, partition_id, min(min_block_number) AS low FROM {replicas.system('parts')}"
        f" WHERE (database, table) IN ({pairs}) AND active AND rows > 0 GROUP BY database, table, partition_id"
        f" ORDER BY database, table, partition_id{replicas.strict}"
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        found.setdefault((row["database"], row["table"]), {})[row["partition_id"]] = int(row["low"])
    return found


def highest(server: Server, target: Target) -> dict[str, int]:
    """Partition id -> highest block number of a target."""
    rows = server.rows(
        f"SELECT partition_id, max(high) AS number FROM {_parts(target.replicas, about(target.stored))}"
        f" GROUP BY partition_id{target.replicas.strict}"
    )
    return {row["partition_id"]: row["number"] for row in rows}


def hashes(
    server: Server, path: tuple[str, str], partition: str, above: int, replicas: Replicas, *, active: bool
) -> list[tuple[str, str]]:
    """Name and hash of the parts of a partition with higher block numbers."""
    where = f"{about(path)} AND rows > 0 AND partition_id = {text.quote_string(partition)}{' AND active' * active}"
    rows = server.rows(
        f"SELECT name, hash FROM {_parts(replicas, where)} WHERE low > {above} ORDER BY name{replicas.strict}"
    )
    return [(row["name"], row["hash"]) for row in rows]
