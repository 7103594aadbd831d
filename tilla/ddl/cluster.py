"""Clusters: Replicated tables on every shard, and a Distributed table over them under the plain name.

For every table that is declared there are two: ``name_local``, on every node, with a Replicated engine, and
``name``, which reads all shards and sends a row to the shard of its key. So readers, views and scripts use
the same names as on one server.

Rows that are merged by key (Replacing, Collapsing, Summing, Coalescing) are only merged within a shard. Their
tables are sharded by the sorting key, and a view that fills one writes to the Distributed table, which sends
each row where its older versions are; it writes to the local table where the source is sharded so that this
is the same place. Aggregate states and plain rows may be anywhere: their views write locally, and the reading
view merges across shards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from sqlglot import exp

from tilla import engines, errors, text
from tilla.columns import Column
from tilla.ddl import history, write
from tilla.ddl.deployment import FILL_SETTINGS, MARKER_COLUMNS, MARKER_ORDER, Deployment, statement
from tilla.ddl.replicas import Replicas
from tilla.ddl.statements import BACKFILL, Statement
from tilla.engines import TableEngine
from tilla.engines_other import Distributed, distributed_arguments
from tilla.expressions.expr import Expr, Ordered, call
from tilla.expressions.nodes import print_node
from tilla.expressions.query import Query
from tilla.expressions.words import NONDETERMINISTIC
from tilla.objects.materialized import Trigger
from tilla.objects.refreshable import RefreshableView
from tilla.objects.view import View

if TYPE_CHECKING:
    from tilla.projects import Project

SUFFIX = "_local"

_WAYS = (
    "make the measures idempotent (uniqExact of an id, min, max, argMax), use a ReplacingMergeTree with a version, "
    "or use tl.RefreshableView(...)"
)

# Engines that merge rows of one sorting key into one: those rows must meet on one shard.
_MERGING = (engines.ReplacingMergeTree, engines.CollapsingMergeTree, engines.SummingMergeTree)


@attrs.frozen
class Cluster(Deployment):
    """A cluster of shards and replicas, by its name in ``system.clusters``.

    ``replica_path`` is the path of a table's replicas in Keeper (``/clickhouse/tables/{uuid}/{shard}``) and
    ``replica`` their name; without a path the server's own defaults count. The cluster's definition must say
    ``internal_replication = true``.
    """

    replica_path: str = ""
    replica: str = "{replica}"

    @property
    def replicated(self) -> write.Dialect:
        """How local tables are spelt."""
        return write.Dialect(on_cluster=self.on_cluster, engine=self._engine)

    def _engine(self, engine: TableEngine) -> tuple[str, tuple[str, ...]]:
        if not engine.replicable:
            return engine.name, engine.arguments()
        return f"Replicated{engine.name}", (*self._place, *engine.arguments())

    @property
    def _place(self) -> tuple[str, ...]:
        """The arguments in front of the engine's own: where its replicas meet in Keeper."""
        return (text.quote_string(self.replica_path), text.quote_string(self.replica)) if self.replica_path else ()

    @property
    def replicas(self) -> Replicas:
        return Replicas(self.on_cluster, self.on_cluster, place=self._place)

    # --- what it cannot have ---

    def check(self, project: Project) -> None:
        mistakes = errors.Collector()
        paths = {part.path for part in project.parts}
        for part in project.parts:
            engine = getattr(part, "engine", None)
            if engine is None or isinstance(part, RefreshableView):
                continue
            if engine.cluster:
                mistakes.add(errors.deployment_lacks(part.name, "a cluster", engine.name, engine.cluster))
            elif is_sharded(part):
                if (part.database, part.table + SUFFIX) in paths:
                    mistakes.add(errors.local_name_taken(part.name, part.name + SUFFIX))
                with mistakes.catch():
                    check_sharding(part)
        mistakes.raise_all()

    # --- schema ---

    def create_helper(self, name: str, columns: str, order: str) -> list[tuple[str, str]]:
        # One copy for all shards: every node writes to the first shard.
        local = name + SUFFIX
        engine, arguments = self._engine(engines.MergeTree(order_by=()))
        shown = f"{engine}({', '.join(arguments)})" if arguments else engine
        spread = self._distributed(local, call("toUInt64", 0))
        head = f"{self.dialect.cluster()}\n{columns}\n"
        return [
            (local, f"CREATE TABLE IF NOT EXISTS {local}{head}ENGINE = {shown}\n{order}"),
            (name, f"CREATE TABLE IF NOT EXISTS {name}{head}ENGINE = {spread}"),
        ]

    def create_marker(self) -> list[tuple[str, str]]:
        local = history.MARKER + SUFFIX
        name, arguments = self._engine(engines.MergeTree(order_by=()))
        engine = f"{name}({', '.join(arguments)})" if arguments else name
        spread = self._distributed(local, call("cityHash64", Expr(exp.Var(this="target"))))
        head = f"{self.dialect.cluster()}\n{MARKER_COLUMNS}\n"
        return [
            (local, f"CREATE TABLE IF NOT EXISTS {local}{head}ENGINE = {engine}\n{MARKER_ORDER}"),
            (history.MARKER, f"CREATE TABLE IF NOT EXISTS {history.MARKER}{head}ENGINE = {spread}"),
        ]

    def _distributed(self, local: str, sharding: Expr[Any]) -> str:
        arguments = distributed_arguments(self.on_cluster, text.read_qualified(local), sharding)
        return f"Distributed({', '.join(arguments)})"

    def create(self, part: Any) -> list[Statement]:
        if isinstance(part, Trigger):
            view = self.create_view(part, self.view_query(part))
            return [statement(part, view, _trigger_reason(part))]
        if isinstance(part, RefreshableView):
            return [statement(part, write.create_refreshable(_global_refresh(part), self.dialect))]
        if isinstance(part, View):
            return [statement(part, write.create_view(attrs.evolve(part, query=_global(part.query)), self.dialect))]
        if not is_sharded(part):
            writer = write.WRITERS.get(type(part), write.create_table)
            return [statement(part, writer(part, self.dialect))]
        local = local_name(part)
        return [
            statement(part, write.create_table(part, self.replicated, name=local), path=text.read_qualified(local)),
            statement(part, self._spread(part, local), f"reads {local} on every shard, and sends rows to theirs"),
        ]

    def _spread(self, part: Any, local: str) -> str:
        """The Distributed table: the same columns, without what only storage needs."""
        columns = [write.column_definition(_without_storage(column)) for column in part.columns]
        lines = [
            f"CREATE TABLE IF NOT EXISTS {part.qualified_name}{self.dialect.cluster()}",
            "(\n" + ",\n".join(f"    {column}" for column in columns) + "\n)",
            f"ENGINE = {self._distributed(local, sharding_of(part))}",
        ]
        return "\n".join([*lines, *write.comment_clause(part.comment)])

    def fires(self, relation: Any) -> str:
        return local_source(relation)

    def keeps(self, table: Any) -> str:
        return local_name(table) if is_sharded(table) else str(table.qualified_name)

    def fills(self, trigger: Trigger) -> str:
        return local_name(trigger.target) if writes_locally(trigger) else trigger.target.qualified_name

    def view_query(self, trigger: Trigger) -> str:
        source = self.fires(trigger.source)
        moved = source != trigger.source.qualified_name
        return history.select_over(trigger, source) if moved else write.query_text(trigger.query)

    def create_view(self, trigger: Trigger, query: str) -> str:
        return write.create_trigger(trigger, self.dialect, target=self.fills(trigger), query=query)

    def local_names(self, project: Project) -> dict[tuple[str, str], str]:
        return {part.path: local_name(part) for part in project.parts if is_sharded(part)}

    # --- history ---

    @property
    def fill_settings(self) -> str:
        # In the foreground: only then have the rows arrived when the marker says so.
        return f"distributed_foreground_insert = 1, distributed_product_mode = 'global', {FILL_SETTINGS}"

    @property
    def mark_settings(self) -> str:
        return "SETTINGS distributed_foreground_insert = 1\n"

    def settle(self, reader: Any, section: str) -> list[Statement]:
        """Wait for the replicas: a SELECT reads one of each shard, and it must have what the others were sent
        before.
        """
        sources = {relation.path: relation for relation in reader.needs() if relation.path != _written(reader)}
        locals_ = sorted({local_source(source) for source in sources.values() if is_sharded(source)})
        return [
            Statement(
                ".".join(_written(reader)),
                BACKFILL,
                section,
                f"SYSTEM SYNC REPLICA{self.dialect.cluster()} {local}",
                f"all rows of {local} reach the replicas that are read next",
            )
            for local in locals_
        ]

    def no_boundary(self, shards: int) -> str:
        if shards != 1:
            return (
                f"the cluster {self.on_cluster} has {shards} shards. A slice is staged and moved within one; over several it is not"
                " known which of them a cut run has reached"
            )
        if self.replica_path and "{uuid}" not in self.replica_path and "{table}" not in self.replica_path:
            return f"the replicas' path {self.replica_path} is one for all tables, so a stage cannot have its own"
        return ""

    def ways_out(self, ways: str) -> str:
        return _WAYS

    def refuse_rebuild(self, fill: history.Fill) -> None:
        raise errors.no_rebuild_on_cluster(fill.name, fill.verdict.reason, _WAYS)

    @property
    def refresh_note(self) -> str:
        return "; on this node: the others refresh on their own schedule, or when this is run there"


# --- where rows are ---


def is_sharded(part: Any) -> bool:
    """Whether a relation is a pair of a local and a Distributed table."""
    engine = getattr(part, "engine", None)
    return engine is not None and engine.replicable and not isinstance(part, RefreshableView)


def local_name(part: Any) -> str:
    """The name of the local table of a pair."""
    return text.quote_qualified(part.database, part.table + SUFFIX)


def local_source(part: Any) -> str:
    """The table whose inserts fire a view on each node."""
    part = getattr(part, "target", part)
    if isinstance(getattr(part, "engine", None), Distributed):  # declared by hand, over a table that is there
        return str(part.engine.table.qualified_name)
    return local_name(part) if is_sharded(part) else str(part.qualified_name)


def _written(part: Any) -> tuple[str, str]:
    """The path of what a view writes."""
    path: tuple[str, str] = part.target.path if isinstance(part, Trigger) else part.path
    return path


def key_columns(engine: engines.MergeTree) -> tuple[Expr[Any], ...]:
    """The sorting key without directions."""
    return tuple(item.expr if isinstance(item, Ordered) else item for item in engine.order_by or ())


def merges_rows(engine: TableEngine) -> bool:
    """Whether a merge makes one row of several, so that they must meet on one shard."""
    return isinstance(engine, _MERGING)


def sharding_of(part: Any) -> Expr[Any]:
    """The shard of a row: as declared, else a hash of the sorting key, else any."""
    engine: engines.MergeTree = part.engine
    if engine.sharding_key is not None:
        return engine.sharding_key
    keys = key_columns(engine)
    if not keys:
        return call("toUInt64", 0) if merges_rows(engine) else call("rand")
    if not merges_rows(engine) and not isinstance(engine, engines.AggregatingMergeTree):
        return call("rand")
    hashed: Expr[Any] = call("cityHash64", *keys)
    nullable = any(key.type is not None and key.type.nullable for key in keys)
    return call("ifNull", hashed, 0) if nullable else hashed


def check_sharding(part: Any) -> None:
    """Refuse a sharding key under which versions of one row would be merged nowhere."""
    engine: engines.MergeTree = part.engine
    chosen = engine.sharding_key
    if chosen is None or not merges_rows(engine):
        return
    keys = key_columns(engine)
    texts = [key.sql() for key in keys]
    plain = {getattr(key, "name", "") for key in keys}
    used: Any = chosen.references
    random = any(c.name.lower() in NONDETERMINISTIC for c in chosen.node.find_all(exp.Anonymous))
    if random or (chosen.sql() not in texts and not {reference.name for reference in used} <= plain):
        raise errors.sharding_splits_key(part.name, chosen.sql(), texts)


def writes_locally(trigger: Trigger) -> bool:
    """Whether a view may write into the table of its node.

    Rows that are merged by key may only where the source has them on the shard already: where the target's
    sharding key, with every column replaced by the expression that fills it, is the source's sharding key.
    """
    target = trigger.target
    if not is_sharded(target):
        return False
    if not merges_rows(target.engine):
        return True
    source = getattr(trigger.source, "target", trigger.source)
    if not is_sharded(source) or not isinstance(trigger.query, Query):
        return False
    filled = {text.quote_identifier(item.name): item for item in trigger.query.items}
    wanted = sharding_of(target)
    references: Any = wanted.references
    if any(text.quote_identifier(reference.name) not in filled for reference in references):
        return False

    def replaced(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        inner = filled[node.name].node
        bracketed = isinstance(inner, exp.Binary) and isinstance(node.parent, exp.Binary | exp.Unary)
        return exp.Paren(this=inner) if bracketed else inner

    return print_node(wanted.node.transform(replaced)) == sharding_of(source).sql()


def _trigger_reason(trigger: Trigger) -> str:
    source = local_source(trigger.source)
    if writes_locally(trigger):
        return f"fills {local_name(trigger.target)} with every insert into {source}, on each node"
    return f"sends every insert into {source} to the shard of its key in {trigger.target.qualified_name}"


# --- spelling ---


def _without_storage(column: Column[Any]) -> Column[Any]:
    return column._evolved(options={"comment": column.comment} if column.comment else {})


def _global(query: Any) -> Any:
    """The query with its joins GLOBAL: the right side is read once, not by every shard anew (else code
    288).
    """
    if not isinstance(query, Query) or not query.joins:
        return query
    joins = tuple(attrs.evolve(join, kind=f"GLOBAL {join.kind}") for join in query.joins)
    return attrs.evolve(query, joins=joins)


def _global_refresh(view: RefreshableView[Any]) -> RefreshableView[Any]:
    if view.query is None or not isinstance(view.query, Query):
        return view
    return attrs.evolve(view, query=_global(view.query))
