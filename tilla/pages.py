"""A page per database, written from the declarations: what a table holds, one row per what, and how each number is made.

``tilla docs`` writes them. Nothing in them is typed by hand, so they cannot say what the tables do not do: meaning is the
column's comment, a formula is the very SQL that fills the column.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import attrs

from tilla.columns import Measure
from tilla.ddl.split import file_name
from tilla.engines import MergeTree, ReplacingMergeTree, key_sql
from tilla.expressions.expr import Expr
from tilla.expressions.folding import folded
from tilla.expressions.query import Query
from tilla.expressions.reading import read
from tilla.expressions.scan import tokens
from tilla.expressions.shapes import Reading
from tilla.objects.aggregation import Aggregation
from tilla.objects.base import Part, Relation
from tilla.objects.materialized import MaterializedView
from tilla.objects.refreshable import RefreshableView
from tilla.objects.source import Source
from tilla.objects.view import View
from tilla.projects import Project

SHORT = 100
"""A formula up to this length stands in the table of columns, a longer one below it."""


@attrs.frozen
class Formula:
    """How one column is made: its SQL, and whether that is a column of another relation, unchanged."""

    sql: str = ""
    same: bool = False
    named: tuple[tuple[str, str], ...] = ()
    """The values that it uses by name, each after those that it uses itself."""


def pages(project: Project) -> dict[str, str]:
    """File name -> Markdown: one page per database that the project makes, and ``README.md`` that lists them."""
    databases: dict[str, list[Relation[Any]]] = {}
    for item in project.objects:
        if isinstance(item, Relation) and not isinstance(item, Source):
            databases.setdefault(item.database, []).append(item)
    known = {item.path: item for item in project.objects if isinstance(item, Relation)}
    found = {_file(name): _page(name, items, known) for name, items in sorted(databases.items())}
    return {"README.md": _index(databases), **found}


def _file(database: str) -> str:
    """The file of a database: below the folder whatever the name, and not the list itself on any file system."""
    name = file_name(database)
    return f"{'%52' + name[1:] if name.lower() == 'readme' else name}.md"


def _index(databases: Mapping[str, list[Relation[Any]]]) -> str:
    lines = ["# Tables", "", _GENERATED, "", "| Database | Tables and views |", "|---|---|"]
    for name, items in sorted(databases.items()):
        page = quote(_file(name))
        shown = ", ".join(f"[{item.table}]({page}#{_anchor(item.table)})" for item in _shown(items))
        lines.append(f"| [{name}]({page}) | {shown} |")
    return "\n".join(lines) + "\n"


_GENERATED = "Written by `tilla docs` from the declarations; a change is made there, not here."


def _shown(items: Iterable[Relation[Any]]) -> list[Relation[Any]]:
    """The relations of a list, without what stands with a table: its ``_latest`` view, and further views that fill it."""
    found = [item for item in items if not _fills_another(item)]
    names = {item.table for item in found}
    return [item for item in found if item.table.removesuffix("_latest") not in names - {item.table}]


def _fills_another(item: Any) -> bool:
    return isinstance(item, MaterializedView) and item.to is not None


def _fills(item: Any, table: Any) -> bool:
    return bool(_fills_another(item) and item.target.path == table.path)


def _page(database: str, items: list[Relation[Any]], known: Mapping[tuple[str, str], Relation[Any]]) -> str:
    lines = [f"# {database}", "", _GENERATED, "", "| Table | Rows |", "|---|---|"]
    lines += [f"| [{item.table}](#{_anchor(item.table)}) | {_cell(item.comment)} |" for item in _shown(items)]  # type: ignore[attr-defined]  # every relation that is made has one
    for item in items:
        lines += ["", *_section(item, known)]
    return "\n".join(lines) + "\n"


def _section(item: Any, known: Mapping[tuple[str, str], Relation[Any]]) -> Iterator[str]:
    yield f"## {item.table}"
    yield ""
    words = html.escape(item.comment, quote=False)
    if not words and _fills_another(item):
        words = f"Fills {_link(item, item.target.path, known)}, with the same key."
    if words:
        yield words
        yield ""
    yield from (f"- {line}" for line in _facts(item, known))
    yield ""
    formulas = {column.name: _formula(item, column.name) for column in item.columns}
    base = _base(item, formulas, known)
    inherited = () if base is None else base.column_names
    columns = [c for c in item.columns if c.name not in inherited]
    if base is not None:
        yield f"All columns of {_link(item, base.path, known)}{', and:' if columns else '.'}"
        yield "" if columns else "<!-- -->"
    if columns:
        yield "| Column | Type | Meaning | Formula |"
        yield "|---|---|---|---|"
    long: list[tuple[str, Formula]] = []
    for column in columns:
        formula = formulas[column.name]
        sql = formula.sql
        shown = f"`{_escaped(sql)}`" if sql else ""
        if formula.named or len(sql) > SHORT or "\n" in sql or "`" in sql:
            shown = f"[below](#{_anchor(item.table)}-{column.name})"
            long.append((column.name, formula))
        kind = "" if column.type is None else f"`{_escaped(str(column.type))}`"
        yield f"| `{column.name}` | {kind} | {_cell(column.comment)} | {shown} |"
    yield from _long(item, long)
    query = getattr(item, "refresh_query", None) or (item.query if isinstance(item, View) else None)
    if query is not None and not isinstance(query, Query):
        yield from _folded_away("The whole query", query.render().strip("\n"))


def _long(item: Any, formulas: list[tuple[str, Formula]]) -> Iterator[str]:
    """The formulas that a table of columns has no room for."""
    if not formulas:
        return
    yield ""
    yield f"<details><summary>Longer formulas: {', '.join(name for name, _ in formulas)}</summary>"
    for name, formula in formulas:
        yield ""
        yield f'<a id="{_anchor(item.table)}-{name}"></a>`{name}`'
        yield ""
        yield from _fenced(formula.sql if "\n" in formula.sql else _with_names(formula))
    yield ""
    yield "</details>"


def _with_names(formula: Formula) -> str:
    """A formula below the values that it uses by name; what else it repeats is written once, as ``A = ...``."""
    pieces, whole = shared(formula.sql)
    return "\n".join([*(f"{name} = {folded(piece)}" for name, piece in (*formula.named, *pieces)), folded(whole)])


def _folded_away(title: str, sql: str) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from _fenced(sql)
    yield ""
    yield "</details>"


def _fenced(sql: str) -> Iterator[str]:
    yield "```sql"
    yield sql
    yield "```"


def _facts(item: Any, known: Mapping[tuple[str, str], Relation[Any]]) -> Iterator[str]:
    """What kind of thing it is, its grain, its sources."""
    if isinstance(item, MaterializedView):
        source = _link(item, item.trigger_source.path, known)
        if item.to is not None:
            yield f"Kind: a view that writes into {_link(item, item.target.path, known)} at every insert into {source}"
        else:
            yield f"Kind: table, filled by the view `{item.trigger.table}` at every insert into {source}"
            others = [_link(item, r.path, known) for r in known.values() if _fills(r, item)]
            if others:
                yield f"Filled too by: {', '.join(others)}"
        if item.where is not None:
            yield f"Rows: only where `{item.where.sql()}`"
    elif isinstance(item, Aggregation):
        source = _link(item, item.source.path, known)
        yield f"Kind: view that finishes the states of `{item.state.table}`, which every insert into {source} updates"
        yield f"Grain: {_names(key.name for key in item.keys)}"
        yield f"Merge over days or groups: `SELECT ...Merge(column) FROM {item.state.name}`, never the numbers of this view"
    elif isinstance(item, RefreshableView):
        how = "added to, one refresh after another," if item.append else "rebuilt whole"
        yield f"Kind: table, {how} {item.refresh.text.lower()}"
    elif isinstance(item, View):
        yield "Kind: view, computed when it is read"
    else:
        yield "Kind: table"
    yield from _keys(item, known)
    named = {getattr(getattr(item, "trigger_source", None), "path", None)}
    sources = dict.fromkeys(
        _link(item, path, known) for part in item.parts() for path in _read_by(part) if path not in _own(item) | named
    )
    if sources:
        yield f"Source: {', '.join(sources)}"


def _keys(item: Any, known: Mapping[tuple[str, str], Relation[Any]]) -> Iterator[str]:
    engine = getattr(item, "engine", None)
    if isinstance(item, Aggregation) or not isinstance(engine, MergeTree):
        return
    key = key_sql(engine.order_by or ())
    if not key:
        return
    if isinstance(engine, ReplacingMergeTree):
        version = engine.version.name if engine.version is not None else "last insert"
        yield f"Grain: {_names(key)}; of several rows of one key the one with the highest `{version}` counts"
        latest = (item.database, f"{item.table}_latest")
        view = f"{_link(item, latest, known)}, or with `FINAL`" if latest in known else "with `FINAL`"
        yield f"Read: {view}; the table itself may hold a key several times"
    else:
        yield f"Grain: {_names(key)}"


def _read_by(part: Part) -> Iterator[tuple[str, str]]:
    for edge in part.edges():
        if edge.kind not in ("feeds", "refreshes after"):
            yield edge.database, edge.name


def _own(item: Any) -> set[tuple[str, str]]:
    return {part.path for part in item.parts()}


def _formula(item: Any, name: str) -> Formula:
    """The SQL that fills a column; '' where the loader or an insert does."""
    column = next(c for c in item.all_columns if c.name == name)
    if isinstance(column, Measure):
        return Formula(column.aggregate.sql(), named=_named(column.aggregate))
    derived = getattr(column, "derived", None)
    if derived is not None:
        return Formula(derived.sql(), named=_named(derived))
    query = getattr(item, "refresh_query", None) or getattr(item, "query", None)
    if query is None:
        return Formula()
    if isinstance(query, Query):
        sql = next(i.sql() for i in query.items if i.name == name)
    else:
        output = next((o for o in query.reading.outputs if o.name == name), None)
        sql = "" if output is None else query.reading.text[output.start : output.end]
        if sql and _is_column(_without_alias(sql, name)):
            sql = _deeper(query.reading, name) or sql
    sql = _without_alias(sql, name)
    if "--" not in sql and len(" ".join(sql.split())) <= SHORT:
        sql = " ".join(sql.split())
    return Formula(sql, same=sql.rpartition(".")[2].strip("`") == name)


def _named(expression: Expr[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((item.name, item.expr.sql()) for item in expression.lets)


def _without_alias(sql: str, name: str) -> str:
    """``a + b AS name`` without the name."""
    words = sql.split()
    if len(words) > 2 and words[-2].upper() == "AS" and words[-1].strip("`") == name:
        return sql.rstrip().removesuffix(words[-1]).rstrip()[:-2].rstrip()
    return sql


def _is_column(sql: str) -> bool:
    """Whether an item is a column by its name, nothing computed."""
    return sql.replace(".", "").replace("`", "").replace("_", "").isalnum()


def _deeper(reading: Reading, name: str) -> str:
    """The item that computes a column inside a query that passes it on; '' unless exactly one does."""
    found = set()
    for shape in reading.selects[1:]:
        inner = read(reading.text[shape.start : shape.end])
        for output in inner.outputs:
            sql = _without_alias(inner.text[output.start : output.end], name)
            if output.name == name and not _is_column(sql):
                found.add(sql)
    return found.pop() if len(found) == 1 else ""


def _base(
    item: Any, formulas: Mapping[str, Formula], known: Mapping[tuple[str, str], Relation[Any]]
) -> Relation[Any] | None:
    """The relation whose columns a view repeats, all of them."""
    if not isinstance(item, View):
        return None
    same = {name for name, formula in formulas.items() if formula.same}
    for path in dict.fromkeys(_read_by(item)):
        relation = known.get(path)
        if relation is not None and set(relation.column_names) <= same:
            return relation
    return None


# --- text ---


def shared(sql: str, least: int = 40) -> tuple[list[tuple[str, str]], str]:
    """The calls of at least this many characters that a formula repeats, as (name, SQL), and the formula with the names.

    Names are letters; a piece stands before what uses it.

    >>> shared("f(g(x + 1), g(x + 1))", least=5)
    ([('A', 'g(x + 1)')], 'f(A, A)')
    """
    texts = [sql]
    while len(texts) <= len(_LETTERS):
        calls: dict[str, int] = {}
        for call in (call for text in texts for call in _calls(text)):
            calls[call] = calls.get(call, 0) + 1
        gains = {call: (n - 1) * len(call) for call, n in calls.items() if n > 1 and len(call) >= least}
        if not gains:
            break
        best = max(gains, key=lambda call: (gains[call], call))
        name = _LETTERS[len(texts) - 1]
        texts = [*(text.replace(best, name) for text in texts), best]
    waiting = dict(zip(_LETTERS, texts[1:], strict=False))
    found: list[tuple[str, str]] = []
    while waiting:
        ready = next(n for n, text in waiting.items() if not any(_uses(text, other) for other in waiting))
        found.append((ready, waiting.pop(ready)))
    return found, texts[0]


def _uses(sql: str, name: str) -> bool:
    return any(sql[token.start : token.end] == name for token in tokens(sql))


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _calls(sql: str) -> Iterator[str]:
    """Every ``name(...)`` of an expression, inner ones too."""
    row = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    open_: list[int] = []
    for at, token in enumerate(row):
        word = sql[token.start : token.end]
        if word in ("(", "["):
            open_.append(at)
        elif word in (")", "]") and open_:
            first = open_.pop()
            if first and sql[row[first].start] == "(" and row[first - 1].kind == "word":
                yield sql[row[first - 1].start : token.end]


def _link(item: Any, path: tuple[str, str], known: Mapping[tuple[str, str], Relation[Any]]) -> str:
    """A relation's name, linked to its section; one that the loader owns says so."""
    name = ".".join(path)
    relation = known.get(path)
    if isinstance(relation, Source):
        return f"`{name}` (landed by the loader)"
    shown = path[1] if path[0] == item.database else name
    if relation is None:
        return f"`{shown}`"
    page = "" if path[0] == item.database else quote(_file(path[0]))
    return f"[`{shown}`]({page}#{_anchor(path[1])})"


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _names(names: Iterable[str]) -> str:
    return "one row per " + ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    """Prose in a cell of a Markdown table."""
    return html.escape(" ".join(text.split()), quote=False).replace("|", "\\|").replace("*", "\\*")


def _escaped(code: str) -> str:
    """Code in a cell of a Markdown table."""
    return code.replace("|", "\\|")


__all__ = ["folded", "pages"]
