"""A plan asks the server a few questions, whatever the number of objects: slow networks make each of them dear."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    at = tl.column(t.DateTime("UTC"))


class Day(tl.Columns):
    day = tl.derive(f.to_date(Raw.at))
    orders = tl.measure(f.uniq_exact(Raw.id))


class Recording:
    """The real server, with the questions that it was asked."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.asked: list[str] = []

    def rows(self, sql: str, **how: Any) -> Any:
        self.asked.append(sql)
        return self._server.rows(sql, **how)

    def scalar(self, sql: str, **how: Any) -> Any:
        self.asked.append(sql)
        return self._server.scalar(sql, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


def questions(engine: Any, database: str, pipelines: int) -> int:
    objects: list[Any] = []
    for number in range(pipelines):
        raw = tl.Source(f"{database}_raw_{pipelines}.orders_{number}", Raw)
        objects += [raw, tl.Aggregation(f"{database}_mart_{pipelines}.daily_{number}", Day, source=raw)]
    project = tl.project("many", *objects)
    tl.apply(tl.plan(project, engine, with_sources=True), engine)
    recording = Recording(engine)
    plan = tl.plan(project, recording, with_sources=True)
    assert not plan
    return len(recording.asked)


def test_a_plan_with_nothing_to_do_asks_at_most_five_questions(engine, database):
    few, many = questions(engine, database, 2), questions(engine, database, 25)
    assert few == many <= 5
