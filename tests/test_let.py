"""Values named once inside a SELECT: `tl.let`, printed as WITH."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.testing import given


class Sale(tl.Columns):
    id = tl.column(t.UInt64)
    price = tl.column(t.Decimal(18, 2))
    discount = tl.column(t.Decimal(18, 2))
    tags = tl.column(t.Array(t.String))


sales = tl.Source("raw_let.sales", Sale)
net = tl.let(Sale.price - Sale.discount, "_net")


class Clean(tl.Columns):
    id = tl.derive(Sale.id)
    price = tl.derive(Sale.price * 2)  # takes the source column's name with another meaning
    net = tl.derive(net)
    twice = tl.derive(net * 2)
    share = tl.derive(f.count_equal(f.array_map(lambda tag: f.length(tag) + f.to_int64(net), Sale.tags), 7))


clean = tl.MaterializedView(
    "let.clean", Clean, source=sales, engine=ReplacingMergeTree(order_by=Clean.id, version=Clean.id)
)


def test_it_is_written_once_and_means_the_source_column() -> None:
    """WITH holds the expression, with the source in front of a name that an output takes."""
    assert clean.trigger_query.sql() == (
        "WITH\n"
        "    sales.price - discount AS _net\n"
        "SELECT\n"
        "    id,\n"
        "    sales.price * 2 AS price,\n"
        "    _net AS net,\n"
        "    _net * 2 AS twice,\n"
        "    countEqual(arrayMap(tag -> length(tag) + toInt64(_net), tags), 7) AS share\n"
        "FROM raw_let.sales"
    )


def test_live_rows_and_history_read_the_same_value() -> None:
    """10.00 - 2.50 = 7.50, twice 15.00; one tag of length 0 gives 0 + 7 = 7. Through the view."""
    row = {"id": 1, "price": "10.00", "discount": "2.50", "tags": ["", "abc"]}
    assert given({sales: [row]}).read(clean) == [
        {"id": 1, "price": Decimal("20.00"), "net": Decimal("7.50"), "twice": Decimal("15.00"), "share": 1}
    ]


def test_it_groups_as_its_expression() -> None:
    """A named value may be a group key and an argument of a measure."""

    class ByNet(tl.Columns):
        net = tl.derive(net)
        ids = tl.measure(f.uniq_exact(Sale.id))
        most = tl.measure(f.max(net))

    by_net = tl.Aggregation("let.by_net", ByNet, source=sales)
    rows = [{"id": n % 2, "price": "3.00", "discount": "1.00", "tags": []} for n in range(4)]
    assert given({sales: rows}).read(by_net) == [{"net": Decimal("2.00"), "ids": 2, "most": Decimal("2.00")}]


def test_two_declarations_with_another_value_behind_one_name_differ() -> None:
    """The text `_x + 1` is the same; what `_x` stands for is not, so the objects are not equal."""

    def made(value: tl.Expr[int]) -> tl.MaterializedView[tl.Columns]:
        x = tl.let(value, "_x")

        class Body(tl.Columns):
            id = tl.derive(Sale.id)
            y = tl.derive(x + 1)

        return tl.MaterializedView("let.same", Body, source=sales, engine=MergeTree(order_by=Body.id))

    assert made(Sale.id + 1) == made(Sale.id + 1)
    assert made(Sale.id + 1) != made(Sale.id + 2)


def _taken() -> object:
    return sales.select(Sale.id, tl.let(Sale.id + 1, "discount").as_("x"))


def _taken_by_output() -> object:
    return sales.select(tl.let(Sale.id + 1, "x").as_("x"))


def _twice() -> object:
    return sales.select(tl.let(Sale.id + 1, "_x").as_("a"), tl.let(Sale.id + 2, "_x").as_("b"))


def _inside_lambda() -> object:
    return f.array_map(lambda tag: tl.let(f.length(tag), "_n") + 1, Sale.tags)


def _each_inside_lambda() -> object:
    return f.array_map(lambda tag: tl.each(f.split_by_char(",", tag), "part"), Sale.tags)


def _unfinished() -> object:
    class Body(tl.Columns):
        a = tl.derive(Sale.id)
        b = tl.derive(tl.let(a + 1, "_a"))

    return Body


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (_taken, "T090", "discount is a column of what is read too"),
        (_taken_by_output, "T090", "x is a column of the result too"),
        (_twice, "T091", "stands for id + 1 and for id + 2"),
        (_inside_lambda, "T092", "_n is computed from the lambda's own argument"),
        (_each_inside_lambda, "T092", "part is computed from the lambda's own argument"),
        (_unfinished, "T089", "a body that has not ended"),
    ],
)
def test_a_name_that_would_mean_something_else_is_refused(made: Callable[[], object], code: str, says: str) -> None:
    """ClickHouse would resolve each of these silently to another value, or to none."""
    with pytest.raises(tl.DeclarationError) as caught:
        made()
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_renamed_database_is_renamed_inside_too() -> None:
    """A dictionary behind a named value, and behind an array turned into rows, moves with its database."""

    class Rate(tl.Columns):
        id = tl.column(t.UInt64)
        names = tl.column(t.Array(t.String))

    table = tl.Table("ref.rates", Rate, engine=MergeTree(order_by=Rate.id))
    rates = tl.Dictionary("ref.rate", Rate, source=table, primary_key=Rate.id, layout="hashed", lifetime=60)
    found = tl.let(f.dict_get(rates, "names", Sale.id), "_names")
    one = tl.each(found, "one_name")

    class Named(tl.Columns):
        id = tl.derive(Sale.id)
        name = tl.derive(one)
        many = tl.derive(f.length(found))

    view = tl.MaterializedView("let.named", Named, source=sales, engine=MergeTree(order_by=Named.id))
    project = tl.project("p", sales, table, rates, view).rename({"ref": "other"})
    text = tl.render(project, phases=["schema"])
    assert "'other.rate'" in text
    assert "ref.rate" not in text
    assert text.count("ARRAY JOIN") == 1
