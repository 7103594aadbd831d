"""From one part to its CREATE statement: the clauses that sqlglot has no node for, or a wrong one.

Clause order is fixed, because ClickHouse refuses another one (code 62): ENGINE, PARTITION BY, PRIMARY KEY, ORDER BY,
SAMPLE BY, TTL, SETTINGS, COMMENT. What differs between deployments (ON CLUSTER, Replicated engines) comes in as a
:class:`Dialect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from tilla import engines, text
from tilla.columns import Column
from tilla.expressions.expr import Expr
from tilla.expressions.query import Query
from tilla.expressions.scan import closed
from tilla.objects.dictionary import Dictionary, default_text
from tilla.objects.materialized import Trigger
from tilla.objects.refreshable import RefreshableView
from tilla.objects.table import Constraint, Index, Projection, Table
from tilla.objects.view import View


@attrs.frozen
class Dialect:
    """How one deployment spells the same object.

    ``on_cluster`` is the name for ON CLUSTER, or ''. ``engine`` turns an engine into its name and arguments.
    """

    on_cluster: str = ""
    engine: Callable[[engines.TableEngine], tuple[str, tuple[str, ...]]] = lambda e: (e.name, e.arguments())

    def cluster(self) -> str:
        """The ON CLUSTER clause with its space in front, or ''."""
        return f" ON CLUSTER {text.quote_identifier(self.on_cluster)}" if self.on_cluster else ""


SINGLE = Dialect()


def create_database(name: str, dialect: Dialect = SINGLE) -> str:
    """CREATE DATABASE."""
    return f"CREATE DATABASE IF NOT EXISTS {text.quote_identifier(name)}{dialect.cluster()}"


def create_table(table: Any, dialect: Dialect = SINGLE, *, name: str = "") -> str:
    """CREATE TABLE of a Table, Source or the own target of a view."""
    items = [column_definition(c) for c in table.columns]
    items += [index_definition(i) for i in getattr(table, "indexes", ())]
    items += [projection_definition(p) for p in getattr(table, "projections", ())]
    items += [constraint_definition(c) for c in getattr(table, "constraints", ())]
    lines = [f"CREATE TABLE IF NOT EXISTS {name or table.qualified_name}{dialect.cluster()}", _bracketed(items)]
    lines += engine_clauses(table.engine, dialect)
    lines += comment_clause(table.comment)
    return "\n".join(lines)


def create_trigger(view: Trigger, dialect: Dialect = SINGLE, *, target: str = "", query: str = "") -> str:
    """CREATE MATERIALIZED VIEW ... TO; ``target`` and ``query`` stand for others than declared."""
    head = f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.qualified_name}{dialect.cluster()}"
    head += f" TO {target or view.target.qualified_name}"
    return "\n".join([head, *security(view), *query_clause(query or query_text(view.query), view.comment)])


def create_refreshable(view: RefreshableView[Any], dialect: Dialect = SINGLE) -> str:
    """CREATE MATERIALIZED VIEW ... REFRESH, with its own storage."""
    lines = [f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.qualified_name}{dialect.cluster()}"]
    refresh = f"REFRESH {view.refresh.text}"
    if view.parents:
        refresh += " DEPENDS ON " + ", ".join(parent.qualified_name for parent in view.parents)
    lines.append(refresh)
    lines += settings_clause(view.refresh_settings)
    lines += ["APPEND"] if view.append else []
    lines.append(_bracketed([column_definition(c) for c in view.columns]))
    lines += engine_clauses(view.engine, dialect)
    lines += ["EMPTY"] if view.empty else []
    lines += security(view)
    query = "\n".join([query_text(view.refresh_query), *settings_clause(view.settings)])
    return "\n".join([*lines, *query_clause(query, view.comment)])


def create_view(view: View[Any], dialect: Dialect = SINGLE) -> str:
    """CREATE VIEW."""
    head = f"CREATE VIEW IF NOT EXISTS {view.qualified_name}{dialect.cluster()}"
    return "\n".join([head, *security(view), *query_clause(query_text(view.query), view.comment)])


def create_dictionary(dictionary: Dictionary[Any], dialect: Dialect = SINGLE) -> str:
    """CREATE DICTIONARY."""
    lines = [f"CREATE DICTIONARY IF NOT EXISTS {dictionary.qualified_name}{dialect.cluster()}"]
    lines.append(_bracketed([attribute_definition(dictionary, column) for column in dictionary.columns]))
    keys = [text.quote_identifier(name) for name in dictionary.primary_key]
    lines.append(f"PRIMARY KEY {', '.join(keys)}")
    lines += [f"SOURCE({dictionary.source.text()})", f"LAYOUT({dictionary.kept_layout.text()})"]
    if dictionary.seconds is not None:
        lines.append("LIFETIME(MIN {} MAX {})".format(*dictionary.seconds))
    if dictionary.range:
        low, high = (text.quote_identifier(name) for name in dictionary.range)
        lines.append(f"RANGE(MIN {low} MAX {high})")
    if dictionary.settings:
        lines.append(f"SETTINGS({settings_text(dictionary.settings)})")
    return "\n".join([*lines, *comment_clause(dictionary.comment)])


def query_text(query: Any, sources: Mapping[str, str] | None = None) -> str:
    """The text of a typed query or of SQL by hand, which stays as it was written."""
    if isinstance(query, Query):
        return query.text(sources)
    rendered: str = query.render()
    return rendered.strip("\n")


# --- pieces ---


def column_definition(column: Column[Any]) -> str:
    """One line of the column list."""
    parts = [f"{text.quote_identifier(column.name)} {column.type}"]
    if column.default_kind:
        value = column.default_value
        parts.append(column.default_kind if value is None else f"{column.default_kind} {closed(value.sql())}")
    options = column.options
    if options.get("comment"):
        parts.append(f"COMMENT {text.quote_string(options['comment'])}")
    if options.get("codec"):
        parts.append(f"CODEC({options['codec']})")
    if options.get("statistics"):
        parts.append(f"STATISTICS({', '.join(options['statistics'])})")
    if options.get("ttl") is not None:
        parts.append(f"TTL {closed(options['ttl'].sql())}")
    if options.get("settings"):
        parts.append(f"SETTINGS ({settings_text(options['settings'])})")
    return " ".join(parts)


def attribute_definition(dictionary: Dictionary[Any], column: Column[Any]) -> str:
    """One line of a dictionary's column list; ClickHouse takes no comment there."""
    parts = [f"{text.quote_identifier(column.name)} {column.type}"]
    if column.name in dictionary.expressions:
        parts.append(f"EXPRESSION {dictionary.expressions[column.name].sql()}")
    elif column.default_value is not None:
        parts.append(f"DEFAULT {default_text(dictionary.name, column.default_value)}")
    if column.name in dictionary.hierarchical:
        parts.append("HIERARCHICAL" + (" BIDIRECTIONAL" if dictionary.bidirectional else ""))
    parts += ["INJECTIVE"] if column.name in dictionary.injective else []
    parts += ["IS_OBJECT_ID"] if column.name in dictionary.object_id else []
    return " ".join(parts)


def index_definition(index: Index) -> str:
    """One skipping index."""
    granularity = f" GRANULARITY {index.granularity}" if index.granularity is not None else ""
    return f"INDEX {text.quote_identifier(index.name)} {_operand(index.expression)} TYPE {index.type}{granularity}"


def projection_definition(projection: Projection) -> str:
    """One projection."""
    settings = f" WITH SETTINGS ({settings_text(projection.settings)})" if projection.settings else ""
    return f"PROJECTION {text.quote_identifier(projection.name)} ({closed(projection.query)}){settings}"


def constraint_definition(constraint: Constraint) -> str:
    """One constraint."""
    kind = "ASSUME" if constraint.assume else "CHECK"
    return f"CONSTRAINT {text.quote_identifier(constraint.name)} {kind} {constraint.condition.sql()}"


def engine_clauses(engine: engines.TableEngine, dialect: Dialect = SINGLE) -> list[str]:
    """ENGINE and the clauses behind it, in the only order that ClickHouse accepts."""
    name, arguments = dialect.engine(engine)
    lines = [f"ENGINE = {name}({', '.join(arguments)})" if arguments else f"ENGINE = {name}"]
    if isinstance(engine, engines.MergeTree):
        if engine.partition_by is not None:
            lines.append(f"PARTITION BY {engine.partition_by.sql()}")
        if engine.primary_key:
            lines.append(f"PRIMARY KEY {key_text(engines.key_sql(engine.primary_key))}")
        lines.append(f"ORDER BY {key_text(engines.key_sql(engine.order_by or ()))}")
        if engine.sample_by is not None:
            lines.append(f"SAMPLE BY {engine.sample_by.sql()}")
        if engine.ttl:
            lines.append("TTL " + ", ".join(rule.sql() for rule in engine.ttl))
    else:
        partition_by, primary_key = getattr(engine, "partition_by", None), getattr(engine, "primary_key", ())
        lines += [f"PARTITION BY {partition_by.sql()}"] if partition_by is not None else []
        lines += [f"PRIMARY KEY {key_text(engines.key_sql(primary_key))}"] if primary_key else []
    return lines + settings_clause(engine.all_settings())


def key_text(items: Iterable[str]) -> str:
    """A key: one item bare, several in brackets, none as ``tuple()``."""
    found = list(items)
    if not found:
        return "tuple()"
    return found[0] if len(found) == 1 else f"({', '.join(found)})"


def settings_text(settings: Mapping[str, object]) -> str:
    """``a = 1, b = 'x'`` in the order of the names, so that the order of writing makes no difference."""
    return ", ".join(f"{name} = {setting_value(settings[name])}" for name in sorted(settings))


def setting_value(value: object) -> str:
    """A setting's value: booleans as 0 and 1, text in quotes."""
    if isinstance(value, bool):
        return str(int(value))
    return text.quote_string(value) if isinstance(value, str) else str(value)


def settings_clause(settings: Mapping[str, object]) -> list[str]:
    """SETTINGS, once: a second clause would be read as settings of the query (code 115)."""
    return [f"SETTINGS {settings_text(settings)}"] if settings else []


def comment_clause(comment: str) -> list[str]:
    """COMMENT, when there is one."""
    return [f"COMMENT {text.quote_string(comment)}"] if comment else []


def query_clause(query: str, comment: str) -> list[str]:
    """AS and the SELECT, then COMMENT: before 26.2 it is taken there only, and without a bracket read as an alias."""
    return ["AS (", query, ")", *comment_clause(comment)] if comment else ["AS", query]


def security(view: Any) -> list[str]:
    """DEFINER and SQL SECURITY, as they were declared."""
    lines = []
    if view.definer:
        user = view.definer if view.definer.upper() == "CURRENT_USER" else text.quote_identifier(view.definer)
        lines.append(f"DEFINER = {user}")
    if view.sql_security:
        lines.append(f"SQL SECURITY {view.sql_security.upper()}")
    return lines


def _bracketed(items: Iterable[str]) -> str:
    return "(\n" + ",\n".join(f"    {item}" for item in items) + "\n)"


def _operand(expression: Expr[Any]) -> str:
    sql = expression.sql()
    return sql if getattr(expression, "name", "") or "(" in sql else f"({sql})"


WRITERS: dict[type, Callable[[Any, Dialect], str]] = {
    Table: create_table,
    Dictionary: create_dictionary,
    Trigger: create_trigger,
    RefreshableView: create_refreshable,
    View: create_view,
}
