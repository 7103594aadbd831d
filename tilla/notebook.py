"""What a notebook shows of a relation, a project or a plan. Offline, escaped, and never in the way of the user's work.

Jupyter calls ``_repr_html_`` whenever a value ends a cell, also of a value that is half built or broken; a picture that
raises would hide the value. So the faces here answer with what they can.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from tilla import text

_TABLE = '<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def never_raises(face: Callable[[Any], str]) -> Callable[[Any], str]:
    """Fall back to the escaped repr, then to the class name."""

    @functools.wraps(face)
    def guarded(value: Any) -> str:
        try:
            return face(value)
        except Exception:
            try:
                return f"<code>{html.escape(repr(value))}</code>"
            except Exception:
                return f"<code>&lt;tilla {html.escape(type(value).__name__)}&gt;</code>"

    return guarded


def _cell(value: object, tag: str = "td") -> str:
    style = ' style="text-align:left;padding:2px 8px"'
    return f"<{tag}{style}>{html.escape(str(value))}</{tag}>"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    shown = "".join("<tr>" + "".join(_cell(v) for v in row) + "</tr>" for row in rows)
    return _TABLE.format(head="".join(_cell(h, "th") for h in head), rows=shown)


@never_raises
def relation_html(relation: Any) -> str:
    """Name, kind, engine and columns of a relation."""
    engine = getattr(relation, "engine", None)
    title = f"<b>{html.escape(relation.name)}</b> {html.escape(relation.kind)}"
    if engine is not None:
        title += f" <code>{html.escape(engine.name)}</code>"
    if getattr(relation, "comment", ""):
        title += f"<br>{html.escape(relation.comment)}"
    rows = (
        (c.name, c.type if c.type is not None else "", c.derived.sql() if c.derived is not None else "", c.comment)
        for c in relation.columns
    )
    return title + _table(("column", "type", "from", "comment"), rows)


@never_raises
def project_html(project: Any) -> str:
    """The objects of a project, and the flow of data as mermaid text that a notebook may draw."""
    rows = ((item.name, item.kind, getattr(item, "comment", "")) for item in project.objects)
    title = f"<b>{html.escape(project.name)}</b>: {len(project.objects)} objects"
    graph = f'<details><summary>graph</summary><pre class="mermaid">{html.escape(project.mermaid())}</pre></details>'
    return title + _table(("name", "kind", "comment"), rows) + graph


@never_raises
def access_html(access: Any) -> str:
    """Name, kind and what is declared of a role, user, quota, profile or row policy; a hash shows as dots."""
    rows = [(field.name, text.one_line(getattr(access, field.name))) for field in attrs.fields(type(access))[1:]]
    title = f"<b>{html.escape(access.name)}</b> {html.escape(access.kind)}"
    return title + _table(("declared", "as"), [row for row in rows if row[1] not in ("", "()", "{}", "None")])


@never_raises
def plan_html(plan: Any) -> str:
    """The lines of a plan as a shell shows them."""
    return f"<pre>{html.escape(str(plan))}</pre>"
