"""Rules of comparison, logic, conditions and absence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

from tilla.expressions.rules.arithmetic import number
from tilla.expressions.rules.core import BFLOAT16, BOOL, NOTHING, NULL, UINT8, Type, plain, propagate, rule, strip
from tilla.expressions.rules.literals import decimal_scale
from tilla.types.common import common
from tilla.types.containers import NullableType, TupleType, VariantType
from tilla.types.rules import bare, nullable
from tilla.types.scalars import DecimalType
from tilla.types.semistructured import DynamicType

# --- comparison, logic, absence ---


@rule("equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals")
def _compare(a: Type, b: Type) -> Type | None:
    inner = [t for side in (a, b) if isinstance(side, TupleType) for t in side.elements]
    if any(isinstance(t, TupleType | VariantType | DynamicType) for t in inner):
        return None
    return NullableType(UINT8) if any(t.nullable for t in inner) else UINT8


@rule("like", "notLike", "ilike", "notILike", "match")
def _matches(a: Type, b: Type) -> Type | None:
    return UINT8


@plain("in", "notIn", "globalIn", "globalNotIn")
def _in(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """NULL IN (...) is NULL. Only the left side counts, whatever the set holds."""
    return propagate(lambda left: UINT8, types[:1], constant)


@plain("and", "or", "xor")
def _logic(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """Bool where one argument is a Bool (a Nullable(Bool) does not count, 26.9), else UInt8."""
    known = [bare(type) for type in types if type is not None]
    if len(known) < len(types) or any(_truth(type) is None for type in known):
        return None
    out = BOOL if BOOL in known else UINT8
    return NullableType(out) if any(type.nullable for type in known) else out


def _truth(type: Type) -> Type | None:
    """Return the type of a condition, or None for what cannot be one."""
    inner = type.without_nullable()
    found = number(inner)
    if found is None or found.bits > 64 or found == BFLOAT16:
        return inner if inner == NOTHING else None
    return found


@rule("not")
def _not(a: Type) -> Type | None:
    return (BOOL if a == BOOL else UINT8) if _truth(a) is not None else None


@plain("isNull", "isNotNull")
def _is_null(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return UINT8


# --- branches of a condition ---


def branches(types: Sequence[Type]) -> Type | None:
    """Return the common type of the branches of a condition, where Decimals must have one scale (26.9)."""
    return common(types) if len({scale_of(type) for type in types} - {None}) < 2 else None


def scale_of(type: Type | None) -> int | None:
    """Return the scale of a Decimal, Nullable or not; None for anything else."""
    inner = strip(type) if type is not None else None
    return inner.scale if isinstance(inner, DecimalType) else None


def in_scale(value: Decimal, scale: int) -> Decimal:
    """Write a Decimal with more digits behind the point, so that it fits a branch of that scale."""
    return value if decimal_scale(value) >= scale else value.quantize(Decimal(1).scaleb(-scale), context=_EXACT)


_EXACT = Context(prec=80)


@rule("ifNull", nulls=False)
def _if_null(a: Type, b: Type) -> Type | None:
    if a == NULL:
        return b
    return branches([a.without_nullable(), b]) if a.nullable else a


@rule("coalesce", nulls=False)
def _coalesce(*types: Type) -> Type | None:
    kept: list[Type] = []
    for type in types:
        if type == NULL:
            continue
        kept.append(type)
        if not type.nullable:
            break
    if len(kept) <= 1:
        return kept[0] if kept else NULL
    return branches([*(type.without_nullable() for type in kept[:-1]), kept[-1]])


@rule("nullIf", nulls=False)
def _null_if(a: Type, b: Type) -> Type | None:
    return nullable(a)


@plain("assumeNotNull")
def _assume(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return types[0].without_nullable() if types[0] is not None else None


@plain("toNullable")
def _to_nullable(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return nullable(types[0]) if types[0] is not None else None


@plain("if")
def _if(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return _branches(types[1:])


@plain("multiIf")
def _multi_if(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return _branches([*types[1:-1:2], types[-1]])


def _branches(types: Sequence[Type | None]) -> Type | None:
    known = [type for type in types if type is not None]
    return branches(known) if len(known) == len(types) else None
