"""The examples of the function catalogue as a program for a type checker, and Python types as it spells them.

A checker says by ``reveal_type`` what it takes each example for; the example itself, made, says what ClickHouse gives.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from tests.support import catalogue
from tilla import types as t

_HEAD = (
    *("import datetime as dt, uuid", "from decimal import Decimal", "from typing import Any"),
    *("import tilla as tl", "from tilla import functions as f, types as t"),
    *("from tilla.expressions.expr import Reference", "", "class C(tl.Columns):"),
)
_PYTHON = {
    t.IntegerType: "int",
    t.IntervalType: "int",
    t.FloatType: "float",
    t.DecimalType: "decimal.Decimal",
    t.BoolType: "bool",
    t.StringType: "str",
    t.FixedStringType: "str",
    t.EnumType: "str",
    t.DateType: "datetime.date",
    t.DateTimeType: "datetime.datetime",
    t.DateTime64Type: "datetime.datetime",
    t.TimeType: "datetime.timedelta",
    t.Time64Type: "datetime.timedelta",
    t.UUIDType: "uuid.UUID",
    t.IPv4Type: "ipaddress.IPv4Address",
    t.IPv6Type: "ipaddress.IPv6Address",
}


def examples() -> list[str]:
    """The catalogue's examples as source, over the columns of ``C``."""
    tree = ast.parse(Path(catalogue.__file__).read_text(encoding="utf-8"))
    simple = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and [a.arg for a in n.args.args] == ["c"]]
    return [re.sub(r"\bc\.(?=[a-z])", "C.", ast.unparse(node.body)) for node in simple]


def program(shown: list[str], kind: str = "plain") -> str:
    """The program: one line ``reveal_type(example)`` for each, the first in line :data:`FIRST`.

    ``kind`` is a variant of the columns: Nullable where that exists.
    """
    columns = [f"    {name} = tl.column({catalogue.variant(type, kind)!r})" for name, type in catalogue.COLUMNS.items()]
    return "\n".join([*_HEAD, *columns, *(f"reveal_type({example})" for example in shown), ""])


FIRST = len(_HEAD) + len(catalogue.COLUMNS) + 1


def made(shown: list[str]) -> list[Any]:
    """The examples as expressions."""
    names: dict[str, Any] = {}
    exec(program([]), names)
    return [eval(example, names) for example in shown]


def spelled(type: t.DataType[Any] | None) -> str:
    """The Python type of the values of a ClickHouse type, as mypy writes it; Any where there are several."""
    if type is None:
        return "Any"
    inner = t.unwrap(type)
    if type.nullable:
        return f"{spelled(inner)} | None"
    if isinstance(inner, t.ArrayType):
        return f"list[{spelled(inner.element)}]"
    if isinstance(inner, t.MapType):
        return f"dict[{spelled(inner.key)}, {spelled(inner.value)}]"
    if isinstance(inner, t.TupleType) and not inner.names:
        return f"tuple[{', '.join(map(spelled, inner.elements))}]"
    return _PYTHON.get(inner.__class__, "Any")
