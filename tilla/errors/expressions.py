"""T001-T018, T080-T092, T095: mistakes in columns and expressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module

from tilla.errors.tree import DeclarationError, Mistake
from tilla.errors.wording import excerpt, listed, nearest


def no_public_name(name: str, known: Iterable[str]) -> AttributeError:
    """``tilla`` has no such name: a slip of the pen, or one that lives a module further."""
    for home, short in (("functions", "f"), ("types", "t"), ("engines", ""), ("testing", ""), ("analytics", "")):
        if hasattr(import_module(f"tilla.{home}"), name):
            hint = (
                f"{short}.{name} (from tilla import {home} as {short})" if short else f"from tilla.{home} import {name}"
            )
            return AttributeError(f"tilla has no {name!r}; write: {hint}", name=name)
    close = nearest(name, known)
    return AttributeError(f"tilla has no {name!r}" + (f"; nearest: tl.{close}" if close else ""), name=name)


def unknown_column(where: str, name: str, known: Sequence[str], owner: str) -> DeclarationError:
    """T001: a name that is not among the columns of a relation."""
    close = nearest(name, known)
    return DeclarationError(
        Mistake(
            "T001",
            where,
            f"there is no column {name!r} in {owner}",
            expected=f"one of {listed(known)}" if known else "",
            nearest=close,
        )
    )


def truth_of_expression(shown: str) -> DeclarationError:
    """T002: an expression used where Python wants True or False."""
    return DeclarationError(
        Mistake(
            "T002",
            shown,
            "an expression has no truth value in Python",
            hint="`a & b`, `a | b`, `~a` instead of `and`, `or`, `not`; `a.between(x, y)` for a chain; "
            "compare `.sql()` texts to compare two expressions",
        )
    )


def iteration_of_expression(shown: str) -> DeclarationError:
    """T003: an expression used as if it were a Python sequence."""
    return DeclarationError(Mistake("T003", shown, "an expression cannot be iterated", hint="tl.each(array, 'name')"))


def formatted_into_text(shown: str) -> DeclarationError:
    """T004: an object of Tilla inside an f-string, where it would lose its identity."""
    return DeclarationError(
        Mistake(
            "T004",
            shown,
            "an object of Tilla was formatted into text, so Tilla would not see what the SQL reads",
            hint='tl.sql("SELECT ... FROM {orders}", orders=orders), without the f in front of the text',
        )
    )


def unfinished_column(kind: str) -> DeclarationError:
    """T005: a column used before the class that names it has ended."""
    return DeclarationError(
        Mistake(
            "T005",
            kind,
            "a column has no name before the class body that declares it has ended",
            hint="use it in tl.derive(...) or tl.measure(...) of the same body, or as Body.column after the class",
        )
    )


def measure_as_value(name: str) -> DeclarationError:
    """T006: a stored aggregate state used where a value is wanted."""
    shown = name if name.isidentifier() else "Body.name"
    return DeclarationError(
        Mistake(
            "T006",
            name,
            "a measure is stored as an aggregate state, not as a value",
            expected="an expression",
            hint=f"{shown}.merge() over states; {shown}.value over finished values, as a RefreshableView has them",
        )
    )


def no_literal(kind: str) -> DeclarationError:
    """T007: a Python value that has no ClickHouse literal."""
    return DeclarationError(
        Mistake(
            "T007",
            "",
            f"a {kind} cannot be written as a ClickHouse literal",
            expected="None, bool, int, float, Decimal, str, date, datetime with a zone, timedelta, UUID, "
            "or a list, tuple or dict of them",
        )
    )


def naive_datetime(shown: str) -> DeclarationError:
    """T008: a datetime without a time zone."""
    return DeclarationError(
        Mistake(
            "T008",
            "",
            f"the datetime {shown} has no time zone, so the moment it means is unknown",
            hint="datetime(..., tzinfo=UTC), or tzinfo=ZoneInfo('Europe/Madrid')",
        )
    )


def not_simple(where: str, aggregate: str) -> DeclarationError:
    """T009: ``simple=True`` for an aggregate that ClickHouse does not allow there."""
    return DeclarationError(
        Mistake(
            "T009",
            where,
            f"{aggregate} cannot be stored as a SimpleAggregateFunction",
            expected="any, anyLast, min, max, sum, groupBitAnd/Or/Xor, groupArrayArray, groupUniqArrayArray, sumMap, ...",
            hint="tl.measure(...) without simple=True",
        )
    )


def two_defaults(where: str, kinds: Sequence[str]) -> DeclarationError:
    """T010: a column with two of DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL."""
    return DeclarationError(
        Mistake("T010", where, f"a column has one default at the most, here {' and '.join(kinds)} are given")
    )


def type_contradicts(where: str, known: str, stated: str) -> DeclarationError:
    """T011: ``tl.derive(expr, type)`` states another type than the expression has."""
    return DeclarationError(
        Mistake(
            "T011",
            where,
            f"the expression has type {known}, but {stated} is stated",
            expected=known,
            hint=f"tl.derive(expression.cast(t.{stated})) if the conversion is meant",
        )
    )


def not_an_aggregate(where: str, shown: str) -> DeclarationError:
    """T012: ``tl.measure`` of something that does not aggregate."""
    return DeclarationError(
        Mistake(
            "T012",
            where,
            f"tl.measure() takes an aggregate function, got {shown}",
            expected="f.sum(...), f.uniq_exact(...), f.count(), ...",
            hint="tl.derive(...) for a value of the row",
        )
    )


def not_a_column(where: str, kind: str) -> DeclarationError:
    """T013: an attribute of a body that is no column."""
    return DeclarationError(
        Mistake(
            "T013",
            where,
            f"a column body holds columns only, this is a {kind}",
            expected="tl.column(type), tl.derive(expression) or tl.measure(aggregate)",
            hint="a leading underscore for a helper that is no column",
        )
    )


def duplicate_column(where: str, name: str) -> DeclarationError:
    """T014: two columns of one name."""
    return DeclarationError(Mistake("T014", where, f"the column name {name!r} is used twice"))


def body_instantiated(where: str) -> DeclarationError:
    """T015: ``Body()``: a body is a list of columns, not a row."""
    return DeclarationError(
        Mistake("T015", where, "a column body is not a row and has no instances", hint=f"{where}.column_name")
    )


def not_a_body(shown: str) -> DeclarationError:
    """T016: something that is neither a body nor a sequence of columns."""
    return DeclarationError(
        Mistake(
            "T016",
            "",
            f"{shown} does not list columns",
            expected="a class derived from tl.Columns, or a sequence of named columns",
        )
    )


def nameless_column(where: str) -> DeclarationError:
    """T017: a column in a sequence without a name."""
    return DeclarationError(
        Mistake("T017", where, "a column in a sequence needs a name", hint='tl.column(t.String, name="...")')
    )


def not_a_key(shown: str) -> DeclarationError:
    """T018: a key item that is no column or expression."""
    return DeclarationError(
        Mistake(
            "T018",
            "",
            f"{shown} cannot stand in a key",
            expected="a column or an expression of the body",
            hint="order_by=(Order.id, Order.created_at)",
        )
    )


def nested_aggregate(name: str, inner: str) -> DeclarationError:
    """T080: an aggregate function over the result of another one."""
    return DeclarationError(
        Mistake(
            "T080",
            f"{name}({inner})",
            "an aggregate function cannot take the result of another one in the same query",
            hint="an inner query that computes it, or .merge() of a stored measure",
        )
    )


def not_a_lambda(function: str, shown: str) -> DeclarationError:
    """T081: a higher-order array function without a Python function."""
    return DeclarationError(
        Mistake(
            "T081",
            function,
            f"the first argument is a Python function of the array's elements, got {shown}",
            hint="f.array_map(lambda x: x + 1, array)",
        )
    )


def lambda_arrays(function: str, parameters: int, arrays: int) -> DeclarationError:
    """T082: a lambda with more or fewer parameters than there are arrays."""
    return DeclarationError(
        Mistake("T082", function, f"the lambda has {parameters} parameters", expected=f"{arrays}, one per array")
    )


def bad_json_path(shown: str) -> DeclarationError:
    """T083: a step of a JSON path that is neither a key nor a position."""
    return DeclarationError(
        Mistake(
            "T083",
            "",
            f"{shown} is no step of a JSON path",
            expected="a key such as 'id', or a position counted from 1 (-1 is the last)",
        )
    )


def odd_case(shown: str) -> DeclarationError:
    """T084: a branch of ``f.case`` that is not a pair."""
    return DeclarationError(
        Mistake(
            "T084",
            "f.case",
            f"a branch is a pair of a condition and a value, got {shown}",
            hint='f.case((order.total > 100, "large"), (order.total > 10, "middle"), default="small")',
        )
    )


def not_a_name(function: str, shown: str) -> DeclarationError:
    """T085: ``f.raw`` of something that is no function name."""
    return DeclarationError(
        Mistake("T085", function, f"{shown} is no function name", hint='f.raw("anyFunction", argument, type=t.String)')
    )


def no_branches(function: str) -> DeclarationError:
    """T086: a function of any number of arguments without one."""
    return DeclarationError(Mistake("T086", f"f.{function}", "there is no argument", expected="at least one"))


def decimal_scales(where: str, types: Sequence[str]) -> DeclarationError:
    """T087: branches of a condition that are Decimals of different scales."""
    return DeclarationError(
        Mistake(
            "T087",
            where,
            f"the branches are Decimals of different scales ({listed(types)}), which ClickHouse refuses",
            hint="a cast to one scale, such as value.cast(t.Decimal(38, 4))",
        )
    )


def repeated_combinator(name: str, suffix: str) -> DeclarationError:
    """T088: the same combinator twice on one aggregate."""
    return DeclarationError(
        Mistake(
            "T088", name, f"-{suffix} is there already, and ClickHouse takes a combinator once", hint="leave it out"
        )
    )


def in_several_columns(where: str, width: int, names: Sequence[str]) -> DeclarationError:
    """T095: ``x IN`` over a relation or query with another number of columns than x has values."""
    return DeclarationError(
        Mistake(
            "T095",
            where,
            f"IN compares {width} value{'s' if width > 1 else ''} with {len(names)} columns ({listed(names)})",
            hint="relation.select(Body.column) with as many columns as there are values",
        )
    )


def let_of_unfinished(name: str) -> DeclarationError:
    """A named value over columns of a body that has not ended."""
    return DeclarationError(
        Mistake(
            "T089",
            f"tl.let {name}",
            "it uses a column of a body that has not ended, which has no name yet",
            "an expression over the source's columns",
            hint="the let before the body, over RawBody.column; then derive from it",
        )
    )


def let_name_taken(where: str, name: str, source: bool) -> DeclarationError:
    """A named value that hides a column."""
    owner = "a column of what is read" if source else "a column of the result"
    return DeclarationError(
        Mistake(
            "T090",
            where,
            f"tl.let {name}: {name} is {owner} too, and ClickHouse would take one for the other",
            hint=f'tl.let(..., "_{name}")',
        )
    )


def let_twice(where: str, name: str, one: str, two: str) -> DeclarationError:
    """Two values under one name."""
    return DeclarationError(
        Mistake("T091", where, f"tl.let {name} stands for {excerpt(one)} and for {excerpt(two)}", hint="two names")
    )


def named_inside_lambda(name: str) -> DeclarationError:
    """A named value, or rows, of something that exists only inside a lambda."""
    return DeclarationError(
        Mistake(
            "T092",
            f"lambda around {name}",
            f"{name} is computed from the lambda's own argument, and stands outside of it in the SELECT",
            hint="the expression itself inside the lambda; tl.let and tl.each around it",
        )
    )
