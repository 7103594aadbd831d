"""``rejects``: one row per field, or record, that was there and could not be used.

The curated tables never stop at a malformed record: what cannot be read is NULL, what has no key stays in raw. This view
says where. It is made from what the tables read (:mod:`tilla.sources.readings`), so a field that a table begins to read
is listed from then on. It reads the raw tables whenever it is read itself, every document of them: bound it by ``stream``
and ``extracted_at``, which ClickHouse takes down to the raw tables, before it reads a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import attrs

import tilla as tl
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.sources.raw import UTC_MS, Document, Landed, day_of, moment_of
from tilla.sources.readings import Check, Kind, Mark, Path, Reading, Requirement
from tilla.text import quote_string

SHOWN = 256
"""Characters of a rejected text that the view shows; the whole of it is in the raw row that ``raw_id`` names."""

_REASONS: dict[Kind, str] = {
    "decimal": "no number, or out of range",
    "integer": "no whole number of 64 bits",
    "boolean": "neither true nor false",
    "time": "no moment from 1900 to 2299",
    "date": "no date from 1900 to 2299",
    "array": "no JSON array",
    "text": "no JSON object",  # of what stands above a field
}
_NO_RECORD = "no JSON object: the record stays in raw only"
_NO_KEY = "missing or unreadable: the record stays in raw only"
_NO_ELEMENT_KEY = "missing: the element is left out"
_LOADER = "nulled by the loader: "


def rejects(
    name: str,
    streams: Iterable[Landed],
    *,
    by: Mapping[str, str] | None = None,
    account: Mapping[str, str] | None = None,
    comment: str = "",
) -> tl.View[Any]:
    """Declare the view over landed streams, after the tables that read them have been declared.

    ``by`` are columns that tell owners apart, each with the field it comes from (``{"shop_url": "shop_url"}``); ``account``
    a column of that name with a text per raw table (``database.table``).

    It runs as its definer (``SQL SECURITY DEFINER``): whoever may read the curated database may read it without a grant on
    raw, and sees the first 256 characters of what was rejected, nothing of what was not.
    """
    columns = _columns(tuple(by or ()), account is not None)
    parts, relations = [], {}
    for number, raw in enumerate(streams):
        key = f"raw_{number}"
        owners = [f.if_null(quiet(raw).text(field), "").sql() for field in (by or {}).values()]
        if account is not None:
            owners.append(quote_string(account[raw.source.qualified_name]))
        parts.append(_select(raw, key, tuple(c.name for c in columns), owners))
        relations[key] = raw.relation
    text = "\nUNION ALL\n".join(parts)
    return tl.View(
        name,
        columns,
        query=tl.sql(text, **relations),
        sql_security="DEFINER",
        comment=comment or "One row per field, or record, of the raw tables that was there and could not be used.",
    )


def quiet(raw: Landed) -> Landed:
    """The same stream; what is read of it is not noted."""
    return attrs.evolve(raw, places=())


def _columns(by: tuple[str, ...], account: bool) -> tuple[tl.Column[Any], ...]:
    owners = (*by, "account") if account else by
    return (
        *(tl.column(t.String, name=name, comment="as in the curated tables") for name in owners),
        tl.column(t.String, name="stream", comment="stream of the connector"),
        tl.column(
            t.Nullable(t.String),
            name="record_key",
            comment="the record's key, parts joined by |; NULL for a record that stays in raw only",
        ),
        tl.column(
            t.String, name="field", comment="path of the field, elements counted from 1; '' for the record as a whole"
        ),
        tl.column(
            t.Nullable(t.String),
            name="raw_text",
            comment=f"what stood there, its first {SHOWN} characters; NULL where nothing did, or the loader dropped it",
        ),
        tl.column(t.String, name="reason", comment="why it was not used"),
        tl.column(UTC_MS, name="extracted_at", comment="when the loader read the record (UTC)"),
        tl.column(t.String, name="raw_id", comment="the loader's id of the delivery, in raw_table"),
        tl.column(t.String, name="raw_table", comment="the table that the record is in"),
    )


def _select(raw: Landed, key: str, names: tuple[str, ...], owners: list[str]) -> str:
    """The part of the view over one raw table."""
    (place,) = raw.places
    notes, silent = place.notes, quiet(raw)
    required = [r for r in notes.requirements.values() if Mark.EACH not in r.path]
    whole = f.and_(*(r.condition for r in required)) if required else None
    parts = [f.if_null(silent.text(field), "") for field in raw.stream.primary_key]
    record_key = parts[0] if len(parts) == 1 else f.raw("concatWithSeparator", "|", *parts, type=t.String)
    known = record_key.sql() if whole is None else f"if(ifNull({whole.sql()}, 0), {record_key.sql()}, NULL)"
    found = _scope(silent, _tree(notes.readings, notes.requirements.values(), notes.checks.values()), 0)
    found = [*found, *(_missing_key(silent, r) for r in required)]
    rows = f"arrayConcat({', '.join(found)})" if len(found) > 1 else (found or ["[]"])[0]
    if raw.has_payload:
        document = f.if_null(raw.doc, "").sql()
        broken = f"[{_row(quote_string(''), document, _NO_RECORD)}]"
        rows = f"if(JSONType({document}) != 'Object', {broken}, {rows})"
        known = f"if(JSONType({document}) != 'Object', NULL, {known})"
    if (meta := _changes(silent)) is not None:
        rows = f"arrayConcat({rows}, {meta})"
    values = [
        *owners,
        quote_string(raw.stream.name),
        f"CAST({known}, 'Nullable(String)')",
        "reject.1",
        f"nullIf(substringUTF8(reject.2, 1, {SHOWN}), '')",
        "reject.3",
        raw.extracted_at.sql(),
        raw.raw_id.sql(),
        quote_string(".".join(raw.source.path)),
    ]
    said = [r.condition for r in required] + [c.refused(silent) for c in notes.checks.values()]
    # Two steps: a name given here would hide the raw column of that name from the other expressions.
    inner = ",\n        ".join(f"{value} AS its_{name}" for value, name in zip(values, names, strict=True))
    outer = ",\n    ".join(f"its_{name} AS {name}" for name in names)
    chosen = f"{_named(raw, said)}SELECT\n        {inner}\n    FROM {{{key}}}\n    ARRAY JOIN {rows} AS reject"
    return f"SELECT\n    {outer}\nFROM (\n    {chosen}\n)"


def _named(raw: Landed, expressions: Iterable[tl.Expr[Any]]) -> str:
    """The WITH clause of values that conditions use by name (``tl.let``)."""
    found: dict[str, str] = {}
    for let in (let for expression in expressions for let in expression.lets):
        sql = let.expr.sql()
        if found.setdefault(let.name, sql) != sql:
            raise errors.let_twice(f"rejects of {raw.stream.id}", let.name, found[let.name], sql)
    return "".join(
        f"{'WITH ' if n == 0 else ''}{sql} AS {name}{',' if n + 1 < len(found) else ''}\n    "
        for n, (name, sql) in enumerate(found.items())
    )


def _changes(raw: Landed) -> str | None:
    """What the loader says it changed: ``_airbyte_meta.changes``; None in layouts that do not say."""
    if not raw.tells_changes:
        return None
    entry = tl.column(t.String, name="entry")
    reason = f"concat({quote_string(_LOADER)}, {f.json_text(entry, 'reason').sql()})"
    row = f"({f.json_text(entry, 'field').sql()}, '', {reason})"
    return f"arrayMap(entry -> {row}, {f.json_array(raw.meta, 'changes').sql()})"


def _missing_key(raw: Landed, requirement: Requirement) -> str:
    """A record that its tables leave out, by the field that it lacks."""
    path = requirement.path
    texts = [_text(raw, p) for p in (path, *requirement.others)]
    seen = f.coalesce(*(f.null_if(text, "") for text in texts), "")
    row = _row(quote_string(written(path)), seen.sql(), _NO_KEY)
    return f"if(ifNull({requirement.condition.sql()}, 0), [], [{row}])"


def _row(field: str, text: str, reason: str) -> str:
    return f"({field}, {text}, {quote_string(reason)})"


# --- the readings, as scopes within each other ---


@attrs.define(eq=False)
class _Scope:
    """What is read of a record, or of every element of an array in it; paths start there."""

    readings: list[Reading] = attrs.field(factory=list)
    keys: list[Path] = attrs.field(factory=list)
    """Fields without which an element is left out."""
    checks: list[Check] = attrs.field(factory=list)
    arrays: dict[Path, _Scope] = attrs.field(factory=dict)

    def at(self, path: Path) -> tuple[_Scope, Path]:
        """The scope that a path leads into, and the rest of the path there."""
        if Mark.EACH not in path:
            return self, path
        cut = path.index(Mark.EACH)
        return self.arrays.setdefault(path[:cut], _Scope()).at(path[cut + 1 :])


def _tree(readings: Iterable[Reading], requirements: Iterable[Requirement], checks: Iterable[Check]) -> _Scope:
    root = _Scope()
    own_row = set()
    for requirement in requirements:
        if Mark.EACH in requirement.path:
            scope, path = root.at(requirement.path)
            if path not in scope.keys:
                scope.keys.append(path)
        else:
            own_row.add(requirement.path)
    for check in checks:
        scope, path = root.at(check.path)
        if not any(other.path == path for other in scope.checks):
            scope.checks.append(attrs.evolve(check, path=path))
    for reading in readings:
        scope, path = root.at(reading.path)
        for above in _objects(path):
            _add(scope, Reading(above, "text"))
        if reading.kind != "text" and reading.path not in own_row:
            _add(scope, attrs.evolve(reading, path=path))
    return root


def _add(scope: _Scope, reading: Reading) -> None:
    """Note a reading once; of several widths of one number, the first."""
    if all((r.path, r.kind) != (reading.path, reading.kind) for r in scope.readings):
        scope.readings.append(reading)


def _objects(path: Path) -> Iterable[Path]:
    """The paths above a field at which an object must stand."""
    for length in range(1, len(path)):
        if isinstance(path[length], str) and path[length - 1] is not Mark.PYTHON:
            yield path[:length]


def _scope(doc: Document, scope: _Scope, depth: int) -> list[str]:
    """Arrays of (field, text, reason), one for each way of reading, check and inner array."""
    out = []
    order = list(_REASONS)
    readings = sorted(
        (r for r in scope.readings if not _surely(doc, r)), key=lambda r: (order.index(r.kind), r.scale, r.precision)
    )
    for (kind, scale, precision), group in groupby(readings, key=lambda r: (r.kind, r.scale, r.precision)):
        found = ", ".join(f"({quote_string(written(r.path))}, {_text(doc, r.path).sql()})" for r in group)
        wrong = f"x.2 != '' AND {_unreadable(kind, scale, precision)}"
        out.append(f"arrayMap(x -> (x.1, x.2, {quote_string(_REASONS[kind])}), arrayFilter(x -> {wrong}, [{found}]))")
    for path in scope.keys:
        row = _row(quote_string(written(path)), "''", _NO_ELEMENT_KEY)
        out.append(f"if({_text(doc, path).sql()} = '', [{row}], [])")
    if scope.checks:
        found = ", ".join(_checked(doc, check) for check in scope.checks)
        out.append(f"arrayMap(x -> (x.1, x.2, x.3), arrayFilter(x -> x.4, [{found}]))")
    for path, inner in scope.arrays.items():
        out += _elements(doc, path, inner, depth + 1)
    return out


def _checked(doc: Document, check: Check) -> str:
    refused = f.if_null(check.refused(doc), False)
    parts = (quote_string(written(check.path)), _text(doc, check.path).sql(), quote_string(check.reason))
    return f"({', '.join(parts)}, CAST({refused.sql()}, 'Bool'))"


def _elements(doc: Document, path: Path, scope: _Scope, depth: int) -> list[str]:
    item, number = f"item_{depth}", f"number_{depth}"
    holder, rest = _held(doc, path)
    array = holder.array(*rest).sql()
    inside = _scope(holder.element(tl.column(t.String, name=item)), scope, depth)
    if not inside:
        return []
    prefix = quote_string(f"{written(path)}[")
    rows = f"arrayConcat({', '.join(inside)})" if len(inside) > 1 else inside[0]
    named = (
        f"arrayMap(y -> (concat({prefix}, toString({number}), if(y.1 = '', ']', concat('].', y.1))), y.2, y.3), {rows})"
    )
    return [f"arrayFlatten(arrayMap(({item}, {number}) -> {named}, {array}, arrayEnumerate({array})))"]


def _held(doc: Document, path: Path) -> tuple[Document, tuple[str | int, ...]]:
    """The document that the last steps of a path are read in: another one behind text as Python prints it."""
    steps: list[str | int] = []
    for step in path:
        if isinstance(step, Mark):
            doc, steps = doc.python(*steps), []
        else:
            steps.append(step)
    return doc, tuple(steps)


def _text(doc: Document, path: Path) -> tl.Expr[str]:
    """What stands at a path, '' where nothing does."""
    holder, rest = _held(doc, path)
    return f.if_null(holder.text(*rest), "") if rest else f.if_null(holder.doc, "")


def _surely(doc: Document, reading: Reading) -> bool:
    """True where the layout's own column cannot hold what cannot be read."""
    if not isinstance(doc, Landed):
        return False
    kind = doc.column_kind(reading.path[0]) if len(reading.path) == 1 and isinstance(reading.path[0], str) else None
    return kind is not None and kind.startswith(_SURE.get(reading.kind, "-"))


_SURE = {"integer": "Int64", "boolean": "Bool", "time": "DateTime", "date": "Date"}


def _unreadable(kind: Kind, scale: int, precision: int) -> str:
    """The condition that ``x.2`` cannot be read, by the very functions that read it."""
    text = tl.column(t.Tuple(t.String, t.String), name="x")[2]
    found: tl.Expr[Any]
    if kind == "decimal":
        found = f.json_decimal(f.to_json_string(text), scale=scale, precision=precision)
    elif kind == "integer":
        found = f.to_int64_or_null(text)
    elif kind == "boolean":
        found = f.json_bool(f.to_json_string(text))
    elif kind in ("time", "date"):
        found = moment_of(text) if kind == "time" else day_of(text)
    else:
        return f"NOT startsWith(trimLeft(x.2), {quote_string('[' if kind == 'array' else chr(123))})"
    return f"isNull({found.sql()})"


def written(path: Path) -> str:
    """A path as a person writes it: ``line_items[1].price``."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif isinstance(step, str):
            out += f".{step}" if out else step
    return out


__all__ = ["SHOWN", "rejects"]
