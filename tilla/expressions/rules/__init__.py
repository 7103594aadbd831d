"""ClickHouse's type rules for operators and for what is built from them, without sqlglot.

``result("plus", [UInt8, UInt8])`` is UInt16, as the server says. None means unknown: a rule never guesses,
so a type that Tilla states is the type that the server has. The rules of named functions stand in
:mod:`tilla.expressions.returns`, those of aggregates in :mod:`tilla.expressions.aggregates`.

Three things happen around almost every function, and are spelled once in :func:`propagate`: a Nullable
argument makes the result Nullable, NULL itself makes it ``Nullable(Nothing)``, and a single LowCardinality
column among constants keeps its dictionary.
"""

from __future__ import annotations

from tilla.expressions.rules.arithmetic import by_interval, integer, number, wider
from tilla.expressions.rules.core import (
    BFLOAT16,
    BOOL,
    DATE,
    DATE32,
    FLOAT32,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    NOTHING,
    NULL,
    RULES,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    UUID_,
    Rule,
    Type,
    plain,
    propagate,
    result,
    rule,
    strip,
)
from tilla.expressions.rules.literals import (
    decimal_digits,
    decimal_scale,
    decimal_type,
    decimal_width,
    integer_type,
    literal_type,
)
from tilla.expressions.rules.logic import branches, in_scale, scale_of
from tilla.expressions.rules.members import element, element_of_array, is_tuple, width
from tilla.types.common import common
from tilla.types.rules import bare, nullable

__all__ = [
    "BFLOAT16",
    "BOOL",
    "DATE",
    "DATE32",
    "FLOAT32",
    "FLOAT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "NOTHING",
    "NULL",
    "RULES",
    "STRING",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "UUID_",
    "Rule",
    "Type",
    "bare",
    "branches",
    "by_interval",
    "common",
    "decimal_digits",
    "decimal_scale",
    "decimal_type",
    "decimal_width",
    "element",
    "element_of_array",
    "in_scale",
    "integer",
    "integer_type",
    "is_tuple",
    "literal_type",
    "nullable",
    "number",
    "plain",
    "propagate",
    "result",
    "rule",
    "scale_of",
    "strip",
    "wider",
    "width",
]
