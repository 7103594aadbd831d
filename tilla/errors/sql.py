"""T201-T211: mistakes in SQL by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import Mistake, SqlError
from tilla.errors.wording import at, listed, nearest


def unreadable_sql(line: int, column: int, what: str, near: str = "", hint: str = "") -> SqlError:
    """T201: SQL by hand that cannot be read, so what it depends on is not known."""
    shown = f"cannot read {what}" + (f", at {near.splitlines()[0].rstrip()!r}" if near.strip() else "")
    return SqlError(Mistake("T201", at(line, column), shown, hint=hint))


def reference_without_object(line: int, column: int, name: str, known: Sequence[str]) -> SqlError:
    """T202: ``{name}`` in SQL by hand, and no argument of that name."""
    close = nearest(name, known)
    return SqlError(
        Mistake(
            "T202",
            at(line, column),
            f"there is no argument for {{{name}}}",
            expected=f"one of {listed(known)}" if known else "",
            nearest=close,
            hint=f"{{{close}}}" if close else f"tl.sql(..., {name}={name})",
        )
    )


def object_without_reference(name: str, written: Sequence[str]) -> SqlError:
    """T203: an argument of ``tl.sql`` that the text never names."""
    close = nearest(name, written)
    return SqlError(
        Mistake(
            "T203",
            "tl.sql",
            f"the argument {name} is never used",
            nearest=f"{{{close}}}" if close else "",
            hint=f"{{{name}}} where the object stands; quotes and comments are not searched",
        )
    )


def bad_reference(line: int, column: int, written: str) -> SqlError:
    """T204: braces in SQL by hand that hold no plain name."""
    return SqlError(
        Mistake(
            "T204",
            at(line, column),
            f"{written} is no reference",
            expected="{name}, or {name:Type} for a query parameter of ClickHouse",
        )
    )


def bad_reference_value(name: str, value: object) -> SqlError:
    """T205: an argument of ``tl.sql`` that is neither a relation nor an expression."""
    hint = f"tl.sql(..., {name}=orders) with orders = tl.Table(...)"
    if isinstance(value, (str, int, float, bool)):
        hint = f"the value itself in the text, or a query parameter such as {{{name}:String}}"
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
    return SqlError(
        Mistake(
            "T205",
            "tl.sql",
            f"the argument {name} is {kind}",
            expected="a table, source, view, dictionary or expression",
            hint=hint,
        )
    )


def sql_not_text(value: object) -> SqlError:
    """T206: ``tl.sql`` without text."""
    return SqlError(
        Mistake("T206", "tl.sql", f"the text is a {type(value).__name__}", expected="a str that holds one SELECT")
    )


def sql_from_fstring(line: int, column: int) -> SqlError:
    """T207: an f-string put the printed form of an object into the text."""
    return SqlError(
        Mistake(
            "T207",
            at(line, column),
            "an f-string has put an object's printed form into the SQL",
            hint='"... FROM {orders} ..." without the f, and pass orders=orders',
        )
    )


def cannot_bound(line: int, column: int, table: str, why: str, hint: str) -> SqlError:
    """T208: a source that cannot be limited to a slice of its rows by splicing."""
    return SqlError(Mistake("T208", at(line, column), f"cannot limit {table} to a slice: {why}", hint=hint))


def output_clause(where: str) -> SqlError:
    """T209: the SELECT of an object says where its result goes."""
    return SqlError(
        Mistake(
            "T209",
            where,
            "the SELECT ends in FORMAT or INTO OUTFILE, which is for the client that asks, and no part of a view",
            hint="the SELECT without it",
        )
    )


def option_ignored(where: str, option: str, beside: str, hint: str) -> SqlError:
    """T210: an option that would mean nothing beside another one."""
    return SqlError(Mistake("T210", where, f"{option} means nothing beside {beside}", hint=hint))


def stated_type_differs(where: str, column: str, have: str, want: str) -> SqlError:
    """T211: a column that a SELECT by hand takes as it is, stated with another type."""
    return SqlError(
        Mistake(
            "T211",
            where,
            f"the SELECT gives {column} as it is, {have}; the body states {want}",
            expected=have,
            hint=f"that type in the body, or a conversion in the SELECT: CAST({column.rpartition('.')[2]}, '{want}')",
        )
    )
