"""The shipped project, as the script prints it, on the real engine."""

from __future__ import annotations

import json
import subprocess
import sys

from tilla.ddl.script import Script
from tilla.ddl.statements import ACCESS
from tilla.shipped import project


def test_the_script_runs_twice_without_error_or_change(engine):
    """`emit --with-sources`, statement by statement through the client, on an empty engine, and once more."""
    statements = Script(project, with_sources=True).statements()
    assert {s.section for s in statements} == {"databases", "tables", "views", "history", "refresh", "access"}
    names = sorted({s.object for s in statements if s.section == "databases"})
    listed = "SELECT database, name, create_table_query FROM system.tables WHERE database IN {names:Array(String)} ORDER BY ALL"
    try:
        seen = []
        for _ in range(2):
            for statement in statements:
                if statement.phase == ACCESS:  # chDB has no access control: its parser reads them
                    assert engine.check_syntax(statement.sql) is None, statement.sql
                else:
                    engine.execute(statement.sql)
            marked = engine.rows("SELECT target, declaration FROM tilla.history ORDER BY ALL")
            seen.append((engine.rows(listed, parameters={"names": names}), marked))
        assert seen[0] == seen[1]
        assert seen[0][1]
    finally:
        for name in names:
            engine.execute(f"DROP DATABASE IF EXISTS `{name}` SYNC")


def test_the_demo_prints_the_truth():
    """`tilla demo --json` in a process of its own: rows that were there before the views give what really happened."""
    command = [sys.executable, "-m", "tilla", "demo", "--json", "--orders", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    have = document["tables"]["analytics_shopify.daily_sales"]
    want = {row["date"]: row for row in document["truth"]["daily_sales"]}
    assert {row["date"] for row in have} == set(want)
    for row in have:
        for name in ("orders", "gross_sales", "discounts", "returns", "net_sales", "shipping", "taxes", "total_sales"):
            assert float(row[name]) == float(want[row["date"]][name]), (row["date"], name)


def test_emit_prints_sql_alone_and_loads_no_server_library():
    """stdout holds statements and whole comment lines; clickhouse-connect, chDB, pandas and pyarrow stay out."""
    code = (
        "import sys; from tilla.emit import main; main([]); "
        "heavy = {'clickhouse_connect', 'chdb', 'pandas', 'pyarrow'} & set(sys.modules); sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().startswith("-- project shop")


def test_wrong_usage_ends_with_one_and_no_traceback():
    """Exit codes of the command line: 1 for an error, wrong usage included."""
    for arguments in (["no.such:project"], ["--phase", "nothing"], ["--check", "/no/such/file"], ["--select", "zzz*"]):
        done = subprocess.run([sys.executable, "-m", "tilla.emit", *arguments], capture_output=True, text=True)
        assert done.returncode == 1, arguments
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert done.stderr.splitlines()[-1] or done.stderr
