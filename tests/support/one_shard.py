"""A cluster of one node, in a process of its own: what a script for clusters does to rows, as far as one node can show it.

The embedded engine has neither Keeper nor ON CLUSTER, so those words are taken out of the statements first; the Distributed
tables, the views between them and the local ones, and the copies of history are as emitted. Reads a list of steps from
stdin (``{"run": sql}`` or ``{"ask": sql}``) and prints the answers as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

CONFIG = """<clickhouse>
  <remote_servers><main><shard>
    <internal_replication>true</internal_replication>
    <replica><host>localhost</host><port>9000</port></replica>
  </shard></main></remote_servers>
  <tcp_port>9000</tcp_port>
</clickhouse>"""


def here(sql: str) -> str:
    """A statement without what needs Keeper; '' for one that is about replicas alone."""
    if sql.startswith("SYSTEM SYNC REPLICA"):
        return ""
    return sql.replace(" ON CLUSTER main", "").replace("ENGINE = Replicated", "ENGINE = ")


def main() -> None:
    """Run the steps."""
    import chdb

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.xml"
        config.write_text(CONFIG, encoding="utf-8")
        connection = chdb.connect(f":memory:?config-file={config}")
        answers = []
        for step in json.load(sys.stdin):
            if "run" in step:
                sql = here(step["run"])
                if sql:
                    connection.query(sql)
            else:
                answers.append(json.loads(str(connection.query(step["ask"], "JSONCompact")))["data"])
        print(json.dumps(answers))


if __name__ == "__main__":
    main()
