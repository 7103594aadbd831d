"""SQL by hand: verbatim text in which ``{name}`` stands for a declared object.

``tl.sql`` has no format language. Outside string literals, quoted names and comments, ``{orders}`` is replaced
by the object passed as ``orders=``; everything else, ClickHouse's own ``{x:UInt64}`` parameters included, comes out
byte for byte. The text is never parsed into a tree and printed again: a printer would rename unaliased columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeGuard

import attrs

from .. import errors
from .reading import Reading, TableUse, bound_source, read, read_expression, replace_source
from .scan import closed, position, splice, tokens

__all__ = ["Reading", "Sql", "TableUse", "bound_source", "read", "read_expression", "replace_source", "sql"]

_PRINTED_OBJECT = "<tilla "


class _Relation(Protocol):
    @property
    def qualified_name(self) -> str: ...


class _Expression(Protocol):
    def sql(self) -> str: ...


def _compared(references: tuple[tuple[str, object], ...]) -> tuple[tuple[str, str], ...]:
    # Expressions overload ==, so two references are compared by the text they stand for.
    return tuple((name, _written(value, None)) for name, value in references)


@attrs.frozen(repr=False)
class Sql:
    """SQL that a person wrote, with its references. Made by :func:`sql`."""

    text: str
    references: tuple[tuple[str, object], ...] = attrs.field(default=(), eq=_compared)
    """(name, object) in order of first use."""
    spots: tuple[tuple[int, int, str], ...] = attrs.field(default=(), eq=False)
    """(start, end, name) of every reference in the text."""

    def render(self, names: Mapping[object, str] | None = None) -> str:
        """Return the text with its references filled in; all else byte for byte.

        ``names`` overrides what stands for a relation, such as its name in another database.
        """
        filled = {name: _written(value, names) for name, value in self.references}
        return splice(self.text, [(start, end, filled[name]) for start, end, name in self.spots])

    def sql(self) -> str:
        """Return the text as :meth:`render` does, ready to stand inside another one: a final comment ends with its line."""
        return closed(self.render())

    def with_references(self, references: Mapping[str, object]) -> Sql:
        """Return the same text with other objects behind its references; names not given keep theirs."""
        return attrs.evolve(self, references=tuple((name, references.get(name, old)) for name, old in self.references))

    def relations(self) -> tuple[object, ...]:
        """Return the relations among the references, those of referenced texts included, in order of first use."""
        found: dict[int, object] = {}
        for _, value in self.references:
            for relation in value.relations() if isinstance(value, Sql) else [value]:
                if _is_relation(relation):
                    found.setdefault(id(relation), relation)
        return tuple(found.values())

    @property
    def reading(self) -> Reading:
        """What the SELECT reads and yields; raises SqlError when it cannot be read."""
        return read(self.render())

    def _repr_html_(self) -> str:
        from html import escape

        try:
            return f"<pre>{escape(self.render())}</pre>"
        except Exception:  # a notebook shows what it can of a broken value
            return f"<code>{escape(repr(self))}</code>"

    def __repr__(self) -> str:
        first = " ".join(self.text.split())
        return f"<tilla sql {first[:60] + '..' if len(first) > 62 else first}>"


def sql(text: str, /, **references: object) -> Sql:
    """Take SQL as it is written; ``{name}`` stands for the object passed as ``name=``.

    >>> sql("SELECT {lo:UInt64}, '{orders}' -- {orders}").render()
    "SELECT {lo:UInt64}, '{orders}' -- {orders}"

    Raises SqlError (T202 to T207), all mistakes at once: a reference without an argument, an argument that the text
    never names, braces that hold no name, a value that is no object, an f-string.
    """
    given: object = text
    if not isinstance(given, str):
        raise errors.sql_not_text(given)
    printed = text.find(_PRINTED_OBJECT)
    if printed >= 0:
        raise errors.sql_from_fstring(*position(text, printed))
    mistakes = errors.Collector()
    spots: list[tuple[int, int, str]] = []
    for start, end, inner in _braces(text):
        if not inner.isidentifier():
            mistakes.add(errors.bad_reference(*position(text, start), text[start:end]))
        elif inner not in references:
            spots.append((start, end, inner))
            mistakes.add(errors.reference_without_object(*position(text, start), inner, list(references)))
        else:
            spots.append((start, end, inner))
    used = dict.fromkeys(name for _, _, name in spots)
    for name, value in references.items():
        if name not in used:
            mistakes.add(errors.object_without_reference(name, [n for n in used if n not in references]))
        elif not (_is_relation(value) or _is_expression(value)):
            mistakes.add(errors.bad_reference_value(name, value))
    mistakes.raise_all()
    return Sql(text, tuple((name, references[name]) for name in used), tuple(spots))


def _braces(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what is inside) of braces in code that are no ``{name:Type}`` parameter."""
    row = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    at = 0
    while at < len(row):
        _, start, end = row[at]
        if text[start:end] != "{":
            at += 1
            continue
        if at + 1 < len(row) and text[row[at + 1].start] == "{":
            at += 1  # `{{` is no escape: the outer brace stays
            continue
        stop = at + 1
        while stop < len(row) and text[row[stop].start : row[stop].end] not in ("}", "{"):
            stop += 1
        parameter = stop > at + 2 and text[row[at + 2].start] == ":" and row[at + 1].kind in ("word", "quoted")
        if stop == len(row) or text[row[stop].start] == "{":
            yield start, row[stop - 1].end, ""
            at = stop
            continue
        if not parameter:
            yield start, row[stop].end, text[end : row[stop].start].strip()
        at = stop + 1


def _is_relation(value: object) -> TypeGuard[_Relation]:
    return not isinstance(value, type) and isinstance(getattr(value, "qualified_name", None), str)


def _is_expression(value: object) -> TypeGuard[_Expression]:
    return not isinstance(value, type) and callable(getattr(value, "sql", None))


def _written(value: object, names: Mapping[object, str] | None) -> str:
    """Return the SQL that a reference stands for."""
    if isinstance(value, Sql):
        return closed(value.render(names))
    if _is_relation(value):
        # Compared one by one: a declared object need not be hashable.
        other = (text for key, text in (names or {}).items() if key is value or key == value)
        return next(other, value.qualified_name)
    if _is_expression(value):
        return value.sql()
    raise errors.bad_reference_value("", value)
