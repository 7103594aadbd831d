"""The table of rules, and what happens around almost every function: Nullable and LowCardinality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import LowCardinalityType, NullableType, VariantType
from tilla.types.rules import bare, nullable
from tilla.types.scalars import BoolType, FloatType, IntegerType, NothingType, StringType, UUIDType
from tilla.types.semistructured import DynamicType
from tilla.types.temporal import DateType

Type = DataType[Any]
Rule = Callable[[Sequence[Type | None], Sequence[bool]], "Type | None"]

BOOL, STRING, UUID_, NOTHING = BoolType("Bool"), StringType("String"), UUIDType("UUID"), NothingType("Nothing")
DATE, DATE32 = DateType("Date"), DateType("Date32")
UINT8, UINT16, UINT32, UINT64 = (IntegerType(bits, False) for bits in (8, 16, 32, 64))
INT8, INT16, INT32, INT64 = (IntegerType(bits, True) for bits in (8, 16, 32, 64))
FLOAT32, FLOAT64, BFLOAT16 = FloatType("Float32", 32), FloatType("Float64", 64), FloatType("BFloat16", 16)
NULL: Type = NullableType(NOTHING)

RULES: dict[str, Rule] = {}


def result(function: str, types: Sequence[Type | None], constant: Sequence[bool] = ()) -> Type | None:
    """Return the type of ``function(arguments)``, or None when Tilla does not know it.

    ``constant`` says of each argument whether it reads no column; it only matters for LowCardinality.
    """
    rule = RULES.get(function)
    return rule(types, constant) if rule is not None else None


# --- Nullable and LowCardinality ---


def strip(type: Type) -> Type:
    """Return the type without LowCardinality and Nullable."""
    return bare(type).without_nullable()


def propagate(
    base: Callable[..., Type | None],
    types: Sequence[Type | None],
    constant: Sequence[bool] = (),
    *,
    nulls: bool = True,
    dictionary: bool = True,
) -> Type | None:
    """Apply ``base`` to the stripped argument types and put Nullable and LowCardinality back.

    ``nulls=False``: the function handles NULL itself, so ``base`` sees Nullable types and decides.
    ``dictionary=False``: the function is never computed on a dictionary.
    """
    known = [type for type in types if type is not None]
    if len(known) < len(types):
        return None
    if any(isinstance(type, VariantType | DynamicType) for type in known):
        return None
    plain = [bare(type) for type in known]
    if not nulls:
        found = base(*plain)
    elif NULL in plain:
        return NULL
    else:
        found = base(*(type.without_nullable() for type in plain))
        if found is not None and any(type.nullable for type in plain):
            found = nullable(found)
    if found is None or not dictionary or not found.can_be_low_cardinality:
        return found
    columns = [type for type, fixed in zip(known, [*constant, *[False] * len(known)], strict=False) if not fixed]
    if len(columns) == 1 and isinstance(columns[0], LowCardinalityType):
        return LowCardinalityType(found)
    return found


def rule(
    *names: str, nulls: bool = True, dictionary: bool = True
) -> Callable[[Callable[..., Type | None]], Callable[..., Type | None]]:
    """Register a function of stripped argument types as the rule of ``names``."""

    def register(base: Callable[..., Type | None]) -> Callable[..., Type | None]:
        for name in names:
            RULES[name] = lambda types, constant: propagate(base, types, constant, nulls=nulls, dictionary=dictionary)
        return base

    return register


def plain(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule that sees the argument types as they are, None for an unknown one."""

    def register(base: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, base))
        return base

    return register
