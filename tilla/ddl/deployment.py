"""Where a project runs: one server, ClickHouse Cloud, or a cluster. The same objects, spelt for each.

A deployment turns parts into statements and says what it cannot have. Clusters are in
:mod:`tilla.ddl.cluster`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors, text
from tilla.ddl import history, write
from tilla.ddl.replicas import ONE, Replicas
from tilla.ddl.statements import SCHEMA, Statement
from tilla.objects.aggregation import Aggregation
from tilla.objects.dictionary import Dictionary
from tilla.objects.materialized import Trigger
from tilla.objects.merging import lost_in_merges
from tilla.objects.refreshable import RefreshableView
from tilla.objects.table import Table
from tilla.objects.view import View

if TYPE_CHECKING:
    from tilla.objects.base import Edge
    from tilla.projects import Project

# A copy of history writes into every partition of the target at once; ClickHouse stops at 100 otherwise (code 252).
FILL_SETTINGS = "max_partitions_per_insert_block = 0"


@attrs.frozen
class Deployment:
    """One server: objects as they are declared."""

    name: str = "single"
    on_cluster: str = ""

    @property
    def replicas(self) -> Replicas:
        """How all replicas are reached."""
        return ONE

    def among(self, clusters: Callable[[], Collection[str]]) -> Deployment:
        """This deployment on a server that knows these clusters."""
        return self

    @property
    def dialect(self) -> write.Dialect:
        """How this deployment spells engines and clauses."""
        return write.Dialect(on_cluster=self.on_cluster)

    def check(self, project: Project) -> None:
        """Raise for everything in a project that this deployment cannot have, all at once."""

    # --- schema ---

    def create_database(self, name: str) -> str:
        """CREATE DATABASE, here."""
        return write.create_database(name, self.dialect)

    def create_marker(self) -> list[tuple[str, str]]:
        """The table that says which history is filled: name and statement."""
        return self.create_helper(history.MARKER, MARKER_COLUMNS, MARKER_ORDER)

    def create_helper(self, name: str, columns: str, order: str) -> list[tuple[str, str]]:
        """A table of Tilla's own: name and statement."""
        return [(name, f"CREATE TABLE IF NOT EXISTS {name}\n{columns}\nENGINE = MergeTree\n{order}")]

    def create(self, part: Any) -> list[Statement]:
        """The statements that create one part, with its helpers."""
        writer = write.WRITERS.get(type(part), write.create_table)
        return [statement(part, writer(part, self.dialect))]

    def local_names(self, project: Project) -> dict[tuple[str, str], str]:
        """The tables behind those of a project that hold the rows of one node, where they are others."""
        return {}

    # --- views ---

    def fires(self, relation: Any) -> str:
        """The table whose inserts fire the views over a relation."""
        name: str = relation.qualified_name
        return name

    def keeps(self, table: Any) -> str:
        """The table that keeps the rows of one."""
        name: str = table.qualified_name
        return name

    def fills(self, trigger: Trigger) -> str:
        """The table into which a view writes."""
        name: str = trigger.target.qualified_name
        return name

    def view_query(self, trigger: Trigger) -> str:
        """The SELECT of a view as it is created here."""
        return write.query_text(trigger.query)

    def create_view(self, trigger: Trigger, query: str) -> str:
        """CREATE MATERIALIZED VIEW with a SELECT of its own."""
        return write.create_trigger(trigger, self.dialect, query=query)

    # --- history ---

    def no_boundary(self, shards: int) -> str:
        """Why no boundary can be drawn here, or ''. ``shards`` is how many there are."""
        return ""

    def ways_out(self, ways: str) -> str:
        """What to write instead of a history that cannot be filled."""
        return ways

    def storage(self, table: Any) -> str:
        """The name of the table that history is copied into."""
        name: str = table.qualified_name
        return name

    def aside(self, table: Any) -> str:
        """The name of a copy that is built aside."""
        return text.quote_qualified(history.DATABASE, "aside " + ".".join(table.path))

    def stage_database(self, table: Any) -> str:
        """The database in which slices of a table's history are staged."""
        return history.DATABASE

    @property
    def fill_settings(self) -> str:
        """The settings of a copy of history."""
        return FILL_SETTINGS

    @property
    def mark_settings(self) -> str:
        """The settings of the insert of a marker, as a line, or ''."""
        return ""

    def settle(self, reader: Any, section: str) -> list[Statement]:
        """What must happen before a view's SELECT is run over all that its sources hold."""
        return []

    def refuse_rebuild(self, fill: history.Fill) -> None:
        """Raise where a target that is not overlap-safe cannot be built aside and exchanged in."""
        if not fill.target.engine.movable:
            raise errors.cannot_rebuild(fill.name, fill.target.engine.name)
        if fill.leaks:
            raise errors.rebuild_loses(fill.name, fill.leaks)

    @property
    def refresh_note(self) -> str:
        """What the reason of a refresh adds, or ''."""
        return ""


MARKER_COLUMNS = (
    "(\n    target String,\n    declaration String,\n    filled_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')\n)"
)
MARKER_ORDER = "ORDER BY (target, declaration)"

SINGLE = Deployment()

WAREHOUSE = "all_groups.default"


@attrs.frozen
class Cloud(Deployment):
    """ClickHouse Cloud: engines as they are declared, because the service makes Shared ones of them by
    itself.

    It has no shards and no files of one's own, and every statement reaches all its nodes, so nothing is ON
    CLUSTER. Tables move only within their database there, so a copy built aside stands beside its target.
    """

    name: str = "cloud"
    cluster: str = "default"

    @property
    def replicas(self) -> Replicas:
        return Replicas(self.cluster, sequential=True)

    def among(self, clusters: Callable[[], Collection[str]]) -> Cloud:
        # ``default`` has the replicas of one service. Where several services share the data (a warehouse), rows come through all.
        return attrs.evolve(self, cluster=WAREHOUSE) if WAREHOUSE in clusters() else self

    def check(self, project: Project) -> None:
        mistakes = errors.Collector()
        for part in project.parts:
            engine, source = getattr(part, "engine", None), getattr(part, "source", None)
            if engine is not None and engine.cloud:
                mistakes.add(errors.deployment_lacks(part.name, "ClickHouse Cloud", engine.name, engine.cloud))
            if isinstance(part, Dictionary) and part.source.cloud:
                kind = type(source).__name__
                mistakes.add(
                    errors.deployment_lacks(part.name, "ClickHouse Cloud", f"the source {kind}", part.source.cloud)
                )
        mistakes.raise_all()

    def aside(self, table: Any) -> str:
        return text.quote_qualified(table.database, f"{table.table} aside")

    def stage_database(self, table: Any) -> str:
        database: str = table.database
        return database


def statement(part: Any, sql: str, why: str = "", path: tuple[str, str] | None = None) -> Statement:
    """The statement that creates a part, or with ``path`` a helper of it."""
    made = path or part.path
    return Statement(".".join(made), SCHEMA, section_of(part), sql, why or reason(part), made)


def section_of(part: Any) -> str:
    """The section of the script in which a part is created; what needs a view (a dictionary over one) comes
    with those.
    """
    if isinstance(part, Trigger | RefreshableView | View | Aggregation):
        return "views"
    if isinstance(part, Table | Dictionary) and any(section_of(needed) == "views" for needed in part.needs()):
        return "views"
    return "tables"


def _read(edge: Edge) -> str:
    return f"what fits {edge.database}, {edge.name}" if edge.matching else f"{edge.database}.{edge.name}"


def reason(part: Any) -> str:
    """One sentence on why a part exists."""
    comment: str = getattr(part, "comment", "")
    if isinstance(part, Trigger):
        return f"fills {part.target.name} with every insert into {part.source.name}"
    lost = lost_in_merges(part) if isinstance(part, RefreshableView) or part.kind == "Table" else []
    merged = f"; of rows with one key its merges keep the first {', '.join(lost)}" if lost else ""
    if isinstance(part, RefreshableView):
        how = "adds to it" if part.append else "rebuilds it"
        return f"{how} {part.refresh.text.lower()}{merged}"
    if isinstance(part, View):
        return "reads " + ", ".join(sorted({_read(e) for e in part.edges()}))
    if isinstance(part, Dictionary):
        return comment or "keeps rows in memory for look-ups by " + ", ".join(part.primary_key)
    return (comment or ("landed by the loader" if part.kind == "Source" else f"stored by {part.engine.name}")) + merged


TARGETS = "single, cloud, cluster:NAME, or cluster:NAME:/path/of/{shard} with the replicas' path in Keeper"


def deployment(target: str | Deployment) -> Deployment:
    """Read ``single``, ``cloud``, ``cluster:NAME`` or ``cluster:NAME:/path/in/keeper``; a Deployment is one
    already.
    """
    if isinstance(target, Deployment):
        return target
    if target == "single":
        return SINGLE
    if target == "cloud":
        return Cloud()
    kind, _, rest = target.partition(":")
    name, slash, path = rest.partition(":/")
    if kind == "cluster" and name and (not slash or path):
        from tilla.ddl.cluster import Cluster

        return Cluster(f"cluster {name}", on_cluster=name, replica_path=f"/{path}" if slash else "")
    close = errors.nearest(target, ("single", "cloud", "cluster:"))
    raise errors.bad_option("--target", target, TARGETS, close + "NAME" if close == "cluster:" else close)
