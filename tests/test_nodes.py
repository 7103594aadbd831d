"""Names, ready text and calls write their SQL without a tree: it must be what sqlglot prints of their node, byte for byte."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tilla import functions as f
from tilla import shipped
from tilla import types as t
from tilla.columns import Measure
from tilla.ddl.statements import SCHEMA
from tilla.expressions.expr import Expr, Named, Reference, call, to_expr
from tilla.expressions.forms import Call
from tilla.expressions.nodes import print_node
from tilla.expressions.query import Query


def printed(expression: Expr[Any]) -> str:
    """The text by way of nodes alone."""
    return print_node(expression.node)


def inside(expression: Expr[Any]) -> list[Expr[Any]]:
    shape = expression.shape
    parts = [*shape.arguments, *shape.parameters] if isinstance(shape, Call) else []
    return [expression, *(deeper for part in parts for deeper in inside(part))]


def test_every_expression_of_the_shipped_project_is_written_as_sqlglot_prints_its_node():
    found = 0
    for part in shipped.project.parts:
        query = getattr(part, "refresh_query", None) or getattr(part, "query", None)
        if isinstance(query, Query):
            for item in (*query.items, *query.conditions):
                for expression in inside(item):
                    assert expression.sql() == printed(expression)
                    found += 1
    assert found > 500


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
leaves = st.one_of(
    st.builds(lambda n: Reference(n, t.String), names),
    st.builds(lambda n, r: Reference(n, t.String, r), names, names),
    st.builds(
        to_expr, st.one_of(st.integers(), st.text(max_size=8), st.booleans(), st.none(), st.floats(allow_nan=False))
    ),
)
functions = st.sampled_from(
    ["rand", "if", "toMonday", "LOWER", "CAST", "arrayJoin", "date_trunc", "count", "lagInFrame"]
)


def calls(inner: st.SearchStrategy[Expr[Any]]) -> st.SearchStrategy[Expr[Any]]:
    return st.builds(
        lambda name, items, parameters: call(name, *items, parameters=parameters),
        functions, st.lists(inner, max_size=3), st.lists(st.floats(0, 1), max_size=2),
    )  # fmt: skip


@given(st.recursive(leaves, calls, max_leaves=12))
def test_any_name_text_and_call_is_written_as_sqlglot_prints_its_node(expression: Expr[Any]):
    assert expression.sql() == printed(expression)
    assert Named(expression, "x").sql() == printed(expression)


@given(names, functions)
def test_a_call_over_operators_and_back_is_one_text(name: str, function: str):
    column = Reference(name, t.UInt64)
    whole = call(function, (column + 1) * 2, call("f", column)) + call(function, column)
    assert whole.sql() == printed(whole)


def test_a_measure_makes_its_state_and_its_column_once():
    measure = Measure("paid", f.uniq_exact(Reference("id", t.UInt64)))
    assert measure.state is measure.state
    assert measure.stored is measure.stored
    assert str(measure.stored.type) == "AggregateFunction(uniqExact, UInt64)"


def test_rendering_writes_the_same_twice():
    from tilla.ddl.script import Script

    script = Script(shipped.project, phases=frozenset((SCHEMA,)))
    assert script.text() == script.text() == Script(shipped.project, phases=frozenset((SCHEMA,))).text()


def test_a_double_quote_in_a_name_stays_one_inside_an_operator():
    """sqlglot doubles it in an identifier node; the column list of the table would have the plain one."""
    column = Reference('a"b', t.UInt64)
    assert (column + 1).sql() == '`a"b` + 1'
    assert call("f", column * 2).sql() == 'f(`a"b` * 2)'
