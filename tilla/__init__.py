"""Tilla: schema as code for ClickHouse.

Tables, materialized views and aggregations are Python values; DDL, order, backfill, drift, grants and docs follow from
them. The usual start::

    import tilla as tl
    from tilla import functions as f, types as t
    from tilla.engines import MergeTree, ReplacingMergeTree

Names are loaded when they are first used, so that ``import tilla`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tilla.columns import Column, Columns, Measure, column, columns_of, derive, measure
    from tilla.ddl.statements import Statement
    from tilla.dictionaries import secret
    from tilla.engines import Ttl
    from tilla.errors import DeclarationError, RefusedError, ServerError, TillaError, UsageError
    from tilla.expressions.expr import Expr, each, let, parameter
    from tilla.expressions.query import Query
    from tilla.expressions.sql import Sql, sql
    from tilla.objects.aggregation import Aggregation
    from tilla.objects.auth import Auth
    from tilla.objects.clients import ReadOnlyClient
    from tilla.objects.dictionary import Dictionary
    from tilla.objects.limits import Quota, RowPolicy, SettingsProfile
    from tilla.objects.materialized import MaterializedView
    from tilla.objects.refreshable import RefreshableView, Schedule, after, every
    from tilla.objects.roles import Grant, Role, User
    from tilla.objects.source import Source
    from tilla.objects.table import Constraint, Index, Projection, Table
    from tilla.objects.view import View
    from tilla.operations import Plan, apply, backfill, plan, render
    from tilla.projects import Project, project
    from tilla.servers import Server, connect
    from tilla.sources.staleness import rebuild, stale

__version__ = "0.1.0"

# Where each public name lives.
_HOMES = {
    "tilla.columns": ("Column", "Columns", "Measure", "column", "columns_of", "derive", "measure"),
    "tilla.ddl.statements": ("Statement",),
    "tilla.dictionaries": ("secret",),
    "tilla.engines": ("Ttl",),
    "tilla.errors": ("DeclarationError", "RefusedError", "ServerError", "TillaError", "UsageError"),
    "tilla.expressions.expr": ("Expr", "each", "let", "parameter"),
    "tilla.expressions.query": ("Query",),
    "tilla.expressions.sql": ("Sql", "sql"),
    "tilla.objects.aggregation": ("Aggregation",),
    "tilla.objects.roles": ("Grant", "Role", "User"),
    "tilla.objects.auth": ("Auth",),
    "tilla.objects.clients": ("ReadOnlyClient",),
    "tilla.objects.dictionary": ("Dictionary",),
    "tilla.objects.limits": ("Quota", "RowPolicy", "SettingsProfile"),
    "tilla.objects.materialized": ("MaterializedView",),
    "tilla.objects.refreshable": ("RefreshableView", "Schedule", "after", "every"),
    "tilla.objects.source": ("Source",),
    "tilla.objects.table": ("Constraint", "Index", "Projection", "Table"),
    "tilla.objects.view": ("View",),
    "tilla.operations": ("Plan", "apply", "backfill", "plan", "render"),
    "tilla.projects": ("Project", "project"),
    "tilla.servers": ("Server", "connect"),
    "tilla.sources.staleness": ("rebuild", "stale"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022  # grouped as a reader meets them
    "Columns", "Column", "Measure", "column", "derive", "measure", "columns_of", "each", "let", "parameter", "Expr", "Query",
    "Source", "Table", "MaterializedView", "Aggregation", "RefreshableView", "View", "Dictionary", "Index", "Projection", "Constraint",
    "Role", "User", "Auth", "Grant", "ReadOnlyClient", "SettingsProfile", "Quota", "RowPolicy", "secret",
    "Ttl", "Schedule", "every", "after", "sql", "Sql",
    "project", "Project", "render", "Statement",
    "connect", "Server", "plan", "Plan", "apply", "backfill", "stale", "rebuild",
    "TillaError", "DeclarationError", "RefusedError", "ServerError", "UsageError",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        if name in ("types", "functions", "engines", "dictionaries", "errors"):
            return import_module(f"tilla.{name}")
        if name.startswith("_") or find_spec(f"tilla.{name}"):  # what inspectors and `from tilla import module` ask for
            raise AttributeError(f"module 'tilla' has no attribute {name!r}")
        raise import_module("tilla.errors").no_public_name(name, __all__)
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
