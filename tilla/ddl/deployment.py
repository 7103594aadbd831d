"""Where a project runs: one server, ClickHouse Cloud, or a cluster. The same objects, spelt for each."""

from __future__ import annotations

from typing import Any

import attrs

from tilla.ddl import history, write
from tilla.ddl.statements import SCHEMA, Statement
from tilla.objects.dictionary import Dictionary
from tilla.objects.materialized import Trigger
from tilla.objects.refreshable import RefreshableView
from tilla.objects.view import View


@attrs.frozen
class Deployment:
    """One server: objects as they are declared."""

    name: str = "single"
    on_cluster: str = ""

    @property
    def dialect(self) -> write.Dialect:
        """How this deployment spells engines and clauses."""
        return write.Dialect(on_cluster=self.on_cluster)

    def create_database(self, name: str) -> str:
        """CREATE DATABASE, here."""
        return write.create_database(name, self.dialect)

    def create_marker(self) -> str:
        """The table that says which history is filled."""
        return (
            f"CREATE TABLE IF NOT EXISTS {history.MARKER}{self.dialect.cluster()}\n(\n    target String,\n"
            "    declaration String,\n    filled_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')\n)\n"
            "ENGINE = MergeTree\nORDER BY (target, declaration)"
        )

    def create(self, part: Any) -> list[Statement]:
        """The statements that create one part, with its helpers."""
        writer = write.WRITERS.get(type(part), write.create_table)
        return [
            Statement(
                ".".join(part.path), SCHEMA, section_of(part), writer(part, self.dialect), reason(part), part.path
            )
        ]

    def storage(self, table: Any) -> str:
        """The name of the table that holds the rows: what history is copied into."""
        name: str = table.qualified_name
        return name


SINGLE = Deployment()


def section_of(part: Any) -> str:
    """The section of the script in which a part is created; what needs a view (a dictionary over one) comes with the views."""
    if isinstance(part, Trigger | RefreshableView | View):
        return "views"
    return "views" if any(section_of(needed) == "views" for needed in part.needs()) else "tables"


def reason(part: Any) -> str:
    """One sentence on why a part exists."""
    if isinstance(part, Trigger):
        return f"fills {part.target.name} with every insert into {part.source.name}"
    if isinstance(part, RefreshableView):
        how = "adds to it" if part.append else "rebuilds it"
        return f"{how} {part.refresh.text.lower()}"
    if isinstance(part, View):
        return "reads " + ", ".join(sorted({f"{e.database}.{e.name}" for e in part.edges()}))
    if isinstance(part, Dictionary):
        return part.comment or "keeps rows in memory for look-ups by " + ", ".join(part.primary_key)
    return part.comment or {"Source": "landed by the loader"}.get(part.kind, "stored by " + part.engine.name)


def deployment(text: str) -> Deployment:
    """Read ``single``, ``cloud`` or ``cluster:NAME``."""
    from tilla import errors

    if text == "single":
        return SINGLE
    raise errors.bad_option("--target", text, "single, cloud or cluster:NAME")
