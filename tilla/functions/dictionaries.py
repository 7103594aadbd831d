"""Look-ups in dictionaries and Join tables.

The object goes in itself (``f.dict_get(rates, "rate", key)``), so that Tilla knows what the expression reads
and creates it first; a plain name works too and is taken as it is.
"""

from __future__ import annotations

from typing import Any

from tilla import errors
from tilla.expressions.expr import Expr, call, to_expr
from tilla.expressions.face import merged
from tilla.expressions.rules import UINT8, Type, nullable


def dict_get(dictionary: Any, attribute: str, key: object) -> Expr[Any]:
    """``dictGet('dictionary', 'attribute', key)``: the attribute's own default where the key is absent."""
    return _look_up("dictGet", dictionary, attribute, key)


def dict_get_or_default(dictionary: Any, attribute: str, key: object, default: object) -> Expr[Any]:
    """``dictGetOrDefault('dictionary', 'attribute', key, default)``."""
    return _look_up("dictGetOrDefault", dictionary, attribute, key, default)


def dict_get_or_null(dictionary: Any, attribute: str, key: object) -> Expr[Any]:
    """``dictGetOrNull('dictionary', 'attribute', key)``: NULL where the key is absent."""
    found = _look_up("dictGetOrNull", dictionary, attribute, key)
    found.type = nullable(found.type) if found.type is not None else None
    return found


def dict_has(dictionary: Any, key: object) -> Expr[bool]:
    """``dictHas('dictionary', key)``: 1 where the key is there."""
    return _reading(call("dictHas", _name(dictionary), to_expr(key), type=UINT8), dictionary)


def join_get(table: Any, column: str, *keys: object) -> Expr[Any]:
    """``joinGet('table', 'column', key, ...)``: a value of a Join table, its type's default where the key is absent."""
    return _look_up("joinGet", table, column, *keys)


def join_get_or_null(table: Any, column: str, *keys: object) -> Expr[Any]:
    """``joinGetOrNull('table', 'column', key, ...)``: NULL where the key is absent."""
    found = _look_up("joinGetOrNull", table, column, *keys)
    found.type = nullable(found.type) if found.type is not None else None
    return found


def _look_up(name: str, source: Any, attribute: str, *arguments: object) -> Expr[Any]:
    type = _attribute_type(source, attribute)
    return _reading(call(name, _name(source), attribute, *arguments, type=type), source)


def _name(source: Any) -> str:
    """Return ``database.name`` without quotes, as these functions want it."""
    if isinstance(source, str):
        return source
    path = getattr(source, "path", None)  # database and name, unquoted
    return ".".join(path) if path is not None else f"{source.database}.{source.name}"


def _attribute_type(source: Any, attribute: str) -> Type | None:
    """Return the type of a column of the object; a column it does not have is an error."""
    columns = getattr(source, "columns", None)
    if isinstance(source, str) or not isinstance(columns, list | tuple):
        return None
    for column in columns:
        if column.name == attribute:
            found: Type | None = column.type
            return found
    raise errors.unknown_column(_name(source), attribute, [column.name for column in columns], _name(source))


def _reading(expression: Expr[Any], source: Any) -> Expr[Any]:
    if not isinstance(source, str):
        expression.reads = merged(expression.reads, (source,))
    return expression


__all__ = [
    "dict_get",
    "dict_get_or_default",
    "dict_get_or_null",
    "dict_has",
    "join_get",
    "join_get_or_null",
]
