"""What must hold on the oldest server that the docs name, run where chDB holds its engine (4.0.2: 25.8.2).

    pip install -e . chdb==4.0.2 pyarrow pandas
    python -m tests.oldest_engine

Little pytest: in that chDB ``DROP ... SYNC``, with which tests tidy up and backfills drop their stages, never
returns.
"""

from __future__ import annotations

import sys

import tilla as tl
from tilla.ddl.script import Script
from tilla.ddl.statements import SCHEMA
from tilla.shipped import everything

OLDEST = "25.8."


def main() -> int:
    """Create every object of every dataset, then plan again: nothing is refused, nothing differs."""
    with tl.connect("chdb://memory") as server:
        version = str(server.scalar("SELECT version()"))
        if not version.startswith(OLDEST):
            print(f"expected an engine of {OLDEST[:-1]}, this is {version}", file=sys.stderr)
            return 1
        for statement in Script(everything, with_sources=True, phases=frozenset((SCHEMA,))).statements():
            if not statement.creates or statement.creates[0].startswith("raw_"):
                server.execute(statement.sql)
        tl.apply(tl.plan(everything, server), server)
        again = tl.plan(everything, server)
        print(f"engine {version}")
        print(again)
        return 1 if again else 0


if __name__ == "__main__":
    sys.exit(main())
