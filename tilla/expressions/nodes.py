"""The leaves of an expression tree: nodes with ready text, and Python values written as ClickHouse literals.

Nodes print as they were written: names and literals are :class:`exp.Var` leaves, calls are anonymous.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse

from tilla import errors, text
from tilla.expressions import rules

# One generator for all: building it costs more than printing a statement. `copy=True` below keeps shared nodes intact.
_GENERATOR = ClickHouse().generator()


def print_node(node: exp.Expr) -> str:
    """Print one node as ClickHouse reads it, on one line."""
    return _GENERATOR.generate(node, copy=True)


def leaf(sql: str) -> exp.Expr:
    """Wrap ready SQL text (a quoted name, a literal) as a node that prints as it is."""
    return exp.Var(this=sql)


def name_node(name: str, relation: str = "") -> exp.Expr:
    """Build a column reference, with the relation or alias in front when one is given.

    Columns are the only ``exp.Column`` nodes (literals and lambda arguments are leaves), so that a clause may
    put a qualifier in front of exactly the references. The names inside are leaves: an ``exp.Identifier`` escapes what is
    quoted already once more (sqlglot 30: backslashes, double quotes, line ends).
    """
    sql = text.quote_identifier(name)
    qualifier = leaf(text.quote_identifier(relation)) if relation else None
    return exp.Column(this=leaf(sql), table=qualifier)


def call_node(name: str, arguments: Iterable[exp.Expr], parameters: Sequence[exp.Expr] = ()) -> exp.Expr:
    """Build a call that prints its name as written: stock sqlglot functions rename some (``rand``, ``if``)."""
    if parameters:
        return exp.ParameterizedAgg(this=name, expressions=list(parameters), params=list(arguments))
    return exp.Anonymous(this=name, expressions=list(arguments))


# --- literals ---


def literal(value: object) -> str:
    """Write a Python scalar as ClickHouse SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer_literal(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
    if isinstance(value, str):
        return text.quote_string(value)
    if isinstance(value, Decimal):
        return _decimal_literal(value)
    if isinstance(value, dt.datetime):
        return _datetime_literal(value)
    if isinstance(value, dt.date):
        return f"toDate32('{value.isoformat()}')" if not 1970 <= value.year < 2149 else f"toDate('{value.isoformat()}')"
    if isinstance(value, dt.timedelta):
        micros = value // dt.timedelta(microseconds=1)
        return f"toIntervalMicrosecond({micros})" if micros % 1_000_000 else f"toIntervalSecond({micros // 1_000_000})"
    if isinstance(value, uuid.UUID):
        return f"toUUID('{value}')"
    raise errors.no_literal(type(value).__name__)


def _integer_literal(value: int) -> str:
    """Write an integer; ClickHouse would read one of more than 64 bits as a Float64 and lose its last digits."""
    if -(2**63) <= value < 2**64:
        return str(value)
    type_ = rules.integer_type(value)
    if type_ is None:
        raise errors.no_literal("int of more than 256 bits")
    return f"to{type_}('{value}')"


def _decimal_literal(value: Decimal) -> str:
    """Write a Decimal with its own scale: a bare ``1.5`` would be a Float64 in ClickHouse."""
    if not value.is_finite():
        raise errors.no_literal(f"Decimal {value}")
    if (digits := rules.decimal_digits(value)) > 76:
        raise errors.no_literal(f"Decimal of {digits} digits")
    return f"toDecimal{rules.decimal_width(digits)}('{value:f}', {rules.decimal_scale(value)})"


def _datetime_literal(value: dt.datetime) -> str:
    """Write a moment in UTC; a datetime without a zone is ambiguous and refused."""
    if value.tzinfo is None:
        raise errors.naive_datetime(value.isoformat(" "))
    moment = value.astimezone(dt.UTC)
    digits = 6 if moment.microsecond % 1000 else 3
    fraction = f"{moment.microsecond:06d}"[:digits]
    return f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S}.{fraction}', {digits}, 'UTC')"
