"""Hypothesis strategy of whole projects: ``@given(projects("my_prefix"))``.

What comes out is meant to be legal, and everything that is legal may come out: odd names, any type, every engine of
one server, several views into one table. So whatever is refused, on a declaration or by the engine, is a fault.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

import tilla as tl
from tilla import engines, text
from tilla import functions as f
from tilla import types as t
from tilla.testing.strategies import data_types

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Reserved words, digits first, dots, quotes, other alphabets, and what a shell, a comment or HTML would read.
ODD = (
    "orders", "select", "from", "a-b", "1st", "p.q", "back`tick", "it's", 'say "x"', "ключ", "日本", "x y", "%s", "{x}", "$set",
    "<b>", "-- x", "/*", "semi;colon", "back\\slash", "null", "true", "_", "UPPER", "tab\tline\nend", "d'or`\\",
)  # fmt: skip
_COMMENTS = st.sampled_from(("", *ODD)) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

_KEYS = (t.UInt64, t.Int32, t.String, t.Date, t.DateTime, t.DateTime64(3, "UTC"), t.LowCardinality(t.String), t.UUID)
_WHOLE = (t.UInt8, t.UInt32, t.UInt64, t.Int16, t.Int64)
_PLAIN = (*_KEYS, *_WHOLE, t.Float64, t.Decimal(18, 4), t.Bool, t.Nullable(t.String), t.Nullable(t.Decimal(38, 2)))
_CODECS = ("ZSTD(3)", "LZ4", "NONE", "LZ4HC(9)")


@st.composite
def projects(draw: Any, prefix: str = "law", *, sizes: tuple[int, int] = (2, 7)) -> tl.Project:
    """A project whose databases all start with ``prefix_``; ``sizes`` is how many objects there are besides sources."""
    return _Maker(draw, prefix).project(*sizes)


class _Maker:
    """Draws one project, object by object; each may read those that were there before it."""

    def __init__(self, draw: Draw, prefix: str) -> None:
        self._draw = draw
        # One draw for all choices: they are spread evenly then, which many small draws are not, and are a hundred times cheaper.
        self._random = random.Random(draw(st.integers(0, 2**48)))
        self._databases = [f"{prefix}_{name}" for name in self._some(ODD, 1, 3)]
        self._names = iter(self._some(ODD, len(ODD), len(ODD)))
        self.objects: list[Any] = []
        self.sources: list[Any] = []  # what may fire a view
        self.readable: list[Any] = []

    def _name(self, plain: bool = False) -> str:
        """A name of its own; ``plain``: without a dot, as dictionaries need it."""
        database, name = self._pick(self._databases), next(self._names)
        if plain:
            database, name = database.replace(".", "_"), name.replace(".", "_")
        return text.quote_qualified(database, name)

    def _pick(self, values: Sequence[Any]) -> Any:
        return self._random.choice(list(values))

    def _maybe(self, times: int = 2) -> bool:
        """True once in so many times."""
        return self._random.randrange(times) == 0

    def _some(self, values: Sequence[Any], low: int, high: int) -> list[Any]:
        """Some of the values, in any order, none twice."""
        found = list(values)
        high = min(high, len(found))
        return self._random.sample(found, self._random.randint(min(low, high), high))

    def project(self, low: int, high: int) -> tl.Project:
        for _ in range(self._random.randint(1, 2)):
            made = tl.Source(self._name(), self._columns(), versioned=self._maybe())
            self._add(made, fires=True)
        makers: tuple[Callable[[], None], ...] = (
            self._table,
            self._view_of_rows,
            self._views_into_one,
            self._aggregation,
            self._refreshable,
        )
        makers += (
            self._view,
            self._by_hand,
            self._dictionary,
            self._rows_by_hand,
            self._elements,
            self._over,
            self._asked,
        )
        for _ in range(self._random.randint(low, high)):
            self._pick(makers)()
        if self._maybe():
            self._access()
        return tl.project("law", *self.objects)

    def _add(self, made: Any, *, fires: bool = False, readable: bool = True) -> None:
        self.objects.append(made)
        self.sources += [made] if fires else []
        self.readable += [made] if readable else []

    # --- columns ---

    def _columns(self, stored: bool = False) -> list[tl.Column[Any]]:
        """A key, a moment, and some columns of any type, with options that fit it; ``stored``: in a MergeTree, which takes more."""
        names = self._some([name for name in ODD if name != "_"], 4, 8)
        found = [
            tl.column(self._pick(_KEYS), name=names[0]),
            tl.column(self._pick((t.Date, t.DateTime)), name=names[1]),
        ]
        found.append(tl.column(self._pick(_WHOLE), name=names[2], comment=self._draw(_COMMENTS)))
        for name in names[3:]:
            plain = self._maybe()
            kind = self._pick(_PLAIN) if plain else self._draw(_ANY_TYPE)
            if "." in name and not plain:
                kind = t.String  # `a.b` of an array is a part of a Nested `a`
            found.append(tl.column(kind, name=name, **self._options(kind, found[1], stored)))
        return found

    def _options(self, kind: t.DataType[Any], moment: tl.Column[Any], stored: bool) -> dict[str, Any]:
        how: dict[str, Any] = {"comment": self._draw(_COMMENTS)}
        if kind == t.String and self._maybe():
            how["default"] = self._draw(_COMMENTS)
        elif kind in _WHOLE and self._maybe():
            how["default"] = self._draw(st.integers(0, 127))
        if kind in _PLAIN and self._maybe():
            how["codec"] = self._pick(_CODECS)
        if kind in _WHOLE and self._maybe():
            how["statistics"] = self._pick((("uniq",), ("minmax", "tdigest")))
        if stored and self._maybe(6):
            how["ttl"] = f.raw("addDays", moment, 9)
        if stored and self._maybe(6):
            how["settings"] = {"max_compress_block_size": 65536}
        return how

    # --- tables ---

    def _engine(self, columns: Sequence[Any]) -> engines.TableEngine:
        """An engine of one server over a body of :meth:`_columns`."""
        key, moment, number = columns[:3]
        kind = self._pick(
            ("merge", "merge", "merge", "replacing", "summing", "aggregating", "coalescing", "memory", "null", "log")
        )
        if kind in ("memory", "null", "log"):
            return {"memory": engines.Memory(), "null": engines.Null(), "log": engines.Log()}[kind]
        how: dict[str, Any] = {"order_by": self._pick(((key,), (), (key, moment), (moment, key)))}
        if kind in ("merge", "replacing"):
            how["partition_by"] = self._pick((None, f.raw("toYYYYMM", moment), moment))
            how["ttl"] = self._pick(
                ((), tl.Ttl(f.raw("addDays", moment, 30)), tl.Ttl(f.raw("addMonths", moment, 1), recompress="ZSTD(9)"))
            )
            how["primary_key"] = how["order_by"][:1] if self._maybe() else ()
        how["settings"] = self._pick(
            ({}, {"index_granularity": 1024}, {"ttl_only_drop_parts": True, "min_bytes_for_wide_part": 0})
        )
        if kind == "replacing":
            return engines.ReplacingMergeTree(version=self._pick((None, number, moment)), **how)
        made: dict[str, type[engines.MergeTree]] = {
            "summing": engines.SummingMergeTree,
            "aggregating": engines.AggregatingMergeTree,
        }
        made |= {"coalescing": engines.CoalescingMergeTree}
        return made.get(kind, engines.MergeTree)(**how)

    def _clauses(self, columns: Sequence[Any], engine: engines.TableEngine) -> dict[str, Any]:
        """Indexes, a projection, a constraint and a comment."""
        how: dict[str, Any] = {"comment": self._draw(_COMMENTS)}
        _, moment, number = columns[:3]
        if type(engine) is not engines.MergeTree or self._maybe():
            return how
        names = self._some(ODD, 3, 3)
        how["indexes"] = [
            tl.Index(names[0], number, self._pick(("minmax", "set(10)", "bloom_filter(0.01)")), granularity=2)
        ]
        sql = f"SELECT {moment.sql()}, count() GROUP BY {moment.sql()}"
        how["projections"] = [tl.Projection(names[1].replace("/", "_"), sql)]
        how["constraints"] = [tl.Constraint(names[2], number >= 0, assume=self._maybe())]
        return how

    def _table(self) -> None:
        columns = self._columns(stored=True)
        engine = self._engine(columns)
        if not isinstance(engine, engines.MergeTree):
            columns = self._columns()
            engine = self._pick((engines.Null, engines.Memory, engines.Log))()
        if isinstance(engine, engines.SummingMergeTree | engines.AggregatingMergeTree | engines.Log):
            columns = [c for c in columns if c.type in _PLAIN]
        made = tl.Table(self._name(), columns, engine=engine, **self._clauses(columns, engine))
        self._add(made, fires=True, readable=not isinstance(engine, engines.Null))

    # --- what is derived ---

    def _derived(self, source: Any) -> list[tl.Column[Any]]:
        """Some columns of a source, and values made of them, under names that may be the source's own."""
        taken = [c for c in source.columns if c.default_kind in ("", "DEFAULT")]
        taken = [c for c in taken if not isinstance(c.type, t.NestedType)]  # stored as its arrays, under other names
        first = [c for c in taken if c.type in _KEYS and not c.type.nullable] or taken[:1]
        chosen = [self._pick(first), *self._some(taken, 1, 4)]
        names = self._some([name for name in ODD if name != "_"], 5, 5)
        found = []
        for name, column in zip(names, chosen, strict=False):
            name = name.replace(".", "_")
            found.append(tl.derive(self._value(column), name=name, comment=self._draw(_COMMENTS)))
        return found

    def _value(self, column: Any) -> Any:
        """A column, or something simple made of it."""
        ways = [column]
        if column.type in _WHOLE:
            ways += [column + 1, f.if_(column > 3, column, 0), f.to_string(column)]
        if column.type in (t.Date, t.DateTime):
            ways += [f.to_date(column), f.to_month(column)]
        if column.type == t.String:
            ways += [f.lower(column), f.length(column)]
        return self._pick(ways)

    def _target(self, columns: Sequence[Any]) -> engines.MergeTree:
        keys = [c for c in columns if c.type in _KEYS]
        numbers = [c for c in columns if c.type in _WHOLE]
        if keys and numbers and self._maybe():
            return engines.ReplacingMergeTree(version=numbers[0], order_by=(keys[0],))
        return engines.MergeTree(order_by=(keys[0],) if keys else ())

    def _view_of_rows(self) -> None:
        source = self._pick(self.sources)
        columns = self._derived(source)
        numbers = [c for c in source.columns if c.type in _WHOLE and c.default_kind in ("", "DEFAULT")]
        where = numbers[0] > 1 if numbers and self._maybe() else None
        made = tl.MaterializedView(
            self._name(),
            columns,
            source=source,
            where=where,
            engine=self._target(columns),
            comment=self._draw(_COMMENTS),
        )
        self._add(made, fires=True)

    def _views_into_one(self) -> None:
        """A table, and two views that write into it."""
        source = self._pick(self.sources)
        columns = self._derived(source)
        stored = [tl.column(c.type, name=c.name) for c in columns if c.type is not None]
        target = tl.Table(self._name(), stored, engine=self._target(stored))
        self._add(target, fires=True)
        for _ in range(2):
            self._add(tl.MaterializedView(self._name(), columns, source=source, to=target), readable=False)

    def _measures(self, source: Any) -> list[Any]:
        taken = [c for c in source.columns if c.default_kind in ("", "DEFAULT")]
        names = self._some(["n", "m-1", "сумма", "max", "1st measure"], 1, 3)
        found = []
        for name in names:
            column = self._pick(taken)
            ways: list[Any] = [f.count()] + ([f.uniq_exact(column)] if column.type in _PLAIN else [])
            ways += [f.max(column), f.min(column)] if column.type in _KEYS else []
            ways += [f.sum(column), f.avg(column)] if column.type in _WHOLE else []
            found.append(tl.measure(self._pick(ways), name=name, comment=self._draw(_COMMENTS)))
        return found

    def _aggregation(self) -> None:
        source = self._pick(self.sources)
        keys = [c for c in source.columns if c.type in _KEYS and c.default_kind in ("", "DEFAULT")]
        if not keys:
            return
        key = self._pick(keys)
        body = [
            tl.derive(self._value(key), name=self._pick(("k", "a-b", "from", key.name.replace(".", "_")))),
            *self._measures(source),
        ]
        made = tl.Aggregation(
            self._name(), body, source=source, stable=(key,), append_only_unique=True, comment=self._draw(_COMMENTS)
        )
        self._add(made)

    def _refreshable(self) -> None:
        readable = [r for r in self.readable if not isinstance(r, tl.Dictionary | tl.View)]
        source = self._pick(readable)
        keys = [c for c in source.columns if c.type in _KEYS]
        if not keys:
            return
        body = [tl.derive(self._pick(keys), name=self._pick(("k", "a-b", "from"))), *self._measures(source)]
        schedule = self._pick(
            (
                tl.every(days=1),
                tl.every(hours=6).offset(minutes=5),
                tl.after(days=2),
                tl.every(weeks=1).randomize(hours=1),
            )
        )
        made = tl.RefreshableView(
            self._name(),
            body,
            source=source,
            refresh=schedule,
            engine=engines.MergeTree(order_by=(body[0],)),
            append=self._maybe(),
            settings=self._pick(({}, {"max_threads": 2})),
            refresh_settings=self._pick(({}, {"refresh_retries": 3})),
            comment=self._draw(_COMMENTS),
        )
        self._add(made)

    def _view(self) -> None:
        source = self._pick(self.readable)
        chosen = self._some(list(source.columns), 1, 3)
        query = source.select(*(self._value(c).as_(f"{i} {c.name}".replace(".", "_")) for i, c in enumerate(chosen)))
        same = [c for c in source.columns if c.type == t.UInt64]
        others = [r for r in self.readable for c in r.columns if c.type == t.UInt64]
        if same and others and self._maybe():
            other = self._pick(others)
            inner = other.select(next(c for c in other.columns if c.type == t.UInt64).as_("inner"))
            query = query.where(same[0].is_in(inner))
        self._add(tl.View(self._name(), query=query, comment=self._draw(_COMMENTS)))

    def _by_hand(self) -> None:
        source = self._pick(self.readable)
        column = text.quote_identifier(source.columns[0].name)
        sql = self._pick(
            (
                f"SELECT {column} AS `x y`, 'it''s {{r}}' AS s FROM {{r}}",
                f"WITH c AS (SELECT {column} AS v FROM {{r}})\nSELECT v -- {{r}}\nFROM c",
                f"select {column} as a from {{r}} union all select {column} from {{r}}",
                "SELECT (SELECT count() FROM {r}) AS n",
            )
        )
        self._add(tl.View(self._name(), query=tl.sql(sql, r=source), comment=self._draw(_COMMENTS)))

    def _rows_by_hand(self) -> None:
        """A view over SQL by hand into a table of its own."""
        source = self._pick(self.sources)
        keys = [c for c in source.columns if c.type in _KEYS and c.default_kind == ""]
        if not keys:
            return
        key = self._pick(keys)
        name = self._pick(("a", "x y", "from"))
        sql = f"SELECT s.{text.quote_identifier(key.name)} AS {text.quote_identifier(name)} -- {{s}}\nFROM {{s}} AS s WHERE 1"
        body = [tl.column(key.type, name=name)]
        made = tl.MaterializedView(
            self._name(), body, query=tl.sql(sql, s=source), engine=engines.MergeTree(order_by=(body[0],))
        )
        self._add(made, fires=True)

    def _elements(self) -> None:
        """A view with a row for each element of an array, and a value named once."""
        source = self._pick(self.sources)
        numbers = [c for c in source.columns if c.type in _WHOLE and c.default_kind == ""]
        if not numbers:
            return
        number = self._pick(numbers)
        word = self._pick(("one", "each-1", "ключ"))
        element = tl.each(f.array(number, number), word)
        named = tl.let(number + 1, self._pick(("kept", "a let")))
        body = [
            tl.derive(element, name="element"),
            tl.derive(named * 2, name="2"),
            tl.derive(named + element, name="sum of both"),
        ]
        self._add(
            tl.MaterializedView(self._name(), body, source=source, engine=engines.MergeTree(order_by=())), fires=True
        )

    def _over(self) -> None:
        """A table over another one: Buffer, Merge, or a Set and a view that asks it."""
        tables = [o for o in self.objects if isinstance(o, tl.Table) and isinstance(o.engine, engines.MergeTree)]
        kind = self._pick(("buffer", "merge", "set"))
        if kind == "set":
            ids = tl.Table(self._name(), [tl.column(t.UInt64, name="id")], engine=engines.Set())
            asked = tl.Source(self._name(), self._columns())
            numbers = [c for c in asked.columns if c.type in _WHOLE]
            view: Any = tl.View(self._name(), query=asked.select(numbers[0].as_("n")).where(numbers[0].is_in(ids)))
            for made in (ids, asked, view):
                self._add(made, readable=made is asked)
        elif tables:
            under = self._pick(tables)
            columns = [tl.column(c.type, name=c.name) for c in under.columns]
            over: Any = (
                engines.Buffer(table=under, layers=1)
                if kind == "buffer"
                else engines.Merge(under.database, "^no such name$")
            )
            self._add(tl.Table(self._name(), columns, engine=over), readable=False)

    def _asked(self) -> None:
        """A view with a parameter."""
        source = self._pick(self.readable)
        numbers = [c for c in source.columns if c.type in _WHOLE]
        if numbers:
            query = source.select(numbers[0].as_("n")).where(numbers[0] > tl.parameter("low", t.UInt64))
            self._add(tl.View(self._name(), query=query), readable=False)

    def _dictionary(self) -> None:
        found = [r for r in self.objects if isinstance(r, tl.Source | tl.Table) and r.columns[0].type == t.UInt64]
        if not found:
            return
        source = self._pick(found)
        if isinstance(getattr(source, "engine", None), engines.Null) or "." in source.columns[0].name:
            return
        attributes = [
            c for c in source.columns[1:] if c.type in (t.String, t.Date, t.UInt32, t.Float64) and not c.default_kind
        ]
        if attributes:
            body = [tl.column(c.type, name=c.name) for c in (source.columns[0], *attributes)]
            layout = self._pick(("flat", "hashed", "sparse_hashed", "cache"))
            how: dict[str, Any] = {
                "layout": tl.dictionaries.Layout("cache", size_in_cells=100) if layout == "cache" else layout
            }
            made = tl.Dictionary(
                self._name(plain=True),
                body,
                source=source,
                primary_key=body[0].name,
                comment=self._draw(_COMMENTS),
                **how,
            )
            self._add(made, readable=False)

    # --- access ---

    def _access(self) -> None:
        names = self._some(ODD, 5, 5)
        role = tl.Role(
            f"role {names[0]}",
            select=[f"{text.quote_identifier(d)}.*" for d in sorted({o.database for o in self.objects})],
            readonly=2,
            raw=True,
        )
        user = tl.User(f"user {names[1]}", auth="external", roles=role)
        quota = tl.Quota(f"quota {names[2]}", limits={"1 hour": {"queries": 100}}, to=role)
        profile = tl.SettingsProfile(f"profile {names[3]}", settings={"max_threads": 2}, to=role)
        self.objects += [role, user, quota, profile]


def _storable(kind: t.DataType[Any]) -> bool:
    """Whether a MergeTree takes the type with the server's default settings, which call some types suspicious."""
    inside = list(kind.walk())
    low = [part.children[0].without_nullable() for part in inside if isinstance(part, t.LowCardinalityType)]
    if not all(part == t.String or str(part).startswith("FixedString") for part in low):
        return False  # code 455
    long = [part for part in inside if isinstance(part, t.FixedStringType) and part.length > 256]
    mixed = [part for part in inside if isinstance(part, t.VariantType) and len(part.children) > 1]
    return not long and not mixed  # code 44


_ANY_TYPE = data_types(max_leaves=3).filter(_storable)  # made once: building it costs more than drawing from it

__all__ = ["ODD", "projects"]
