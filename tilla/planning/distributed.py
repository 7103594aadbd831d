"""A statement ON CLUSTER that its hosts have not finished in time: that is no failure, they go on in the background.

The server stops waiting after ``distributed_ddl_task_timeout`` (180 s) with code 159 and names the task. Running the statement
again would queue it a second time; what became of it is in ``system.distributed_ddl_queue``, a row for each host.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tilla import errors, text
from tilla.servers import Server

TIMEOUT = 159
PATIENCE = 600.0  # seconds
_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0)


def execute(server: Server, sql: str, tell: Callable[[str], None], *, patience: float = PATIENCE) -> None:
    """Run one statement; where it is still being worked on by other hosts, wait for them.

    Raises:
        ServerError: the server or a host refused it, or hosts have not finished it after ``patience`` seconds (T533).
    """
    try:
        server.execute(sql)
    except errors.StatementRefused as error:
        task = re.search(r"query-\d+", error.reason)
        if error.server_code != TIMEOUT or " ON CLUSTER " not in sql or task is None:
            raise
        _wait(server, sql, task[0], error, tell, patience)


def _wait(
    server: Server, sql: str, task: str, refused: errors.StatementRefused, tell: Callable[[str], None], patience: float
) -> None:
    look = (
        "SELECT host, status, exception_code, exception_text FROM system.distributed_ddl_queue "
        f"WHERE entry = {text.quote_string(task)}"
    )
    until, told, number = time.monotonic() + patience, "", 0
    while True:
        rows = server.rows(look)
        failed = next((row for row in rows if row["exception_code"]), None)
        if failed is not None:
            where = f"{refused.mistakes[0].where}, host {failed['host']}"
            raise errors.statement_refused(where, sql, failed["exception_code"], failed["exception_text"])
        working = sorted(row["host"] for row in rows if row["status"] != "Finished")
        if rows and not working:
            return
        shown = ", ".join(working) or "the queue"
        if time.monotonic() >= until:
            raise errors.cluster_still_works(task, shown, sql)
        if shown != told:
            told = shown
            tell(f"    still worked on by {shown}")
        time.sleep(_PAUSES[min(number, len(_PAUSES) - 1)])
        number += 1


__all__ = ["execute"]
