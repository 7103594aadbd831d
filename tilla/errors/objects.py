"""T019-T049, T062-T064, T075-T079, T093-T100: mistakes in tables, views, aggregations and schedules."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, Mistake
from tilla.errors.wording import excerpt, listed, nearest


def unnamed_item(where: str, position: int, shown: str) -> DeclarationError:
    """T019: a SELECT item without an output name."""
    return DeclarationError(
        Mistake("T019", where, f"item {position} ({shown}) has no output name", hint='expression.as_("name")')
    )


def bad_name(shown: str) -> DeclarationError:
    """T020: a name that is not ``database.name``."""
    return DeclarationError(
        Mistake(
            "T020",
            shown,
            "this is not a name",
            expected="'database.name'",
            hint="backticks around a part that has a dot",
        )
    )


def unqualified_name(name: str) -> DeclarationError:
    """T021: a name without its database."""
    return DeclarationError(
        Mistake(
            "T021",
            name,
            "the name has no database, so it would depend on the session that runs the statement",
            expected="'database.name'",
            hint=f"'my_database.{name}'",
        )
    )


def untyped_column(where: str) -> DeclarationError:
    """T023: a column whose type is not known."""
    return DeclarationError(
        Mistake(
            "T023",
            where,
            "the type of this column is not known offline",
            hint="tl.derive(expression, t.String) states it, expression.cast(t.String) converts to it",
        )
    )


def no_columns(where: str) -> DeclarationError:
    """T024: a table without columns."""
    return DeclarationError(Mistake("T024", where, "a table needs at least one column"))


def no_source(where: str) -> DeclarationError:
    """T029: a derived body without the relation it derives from."""
    return DeclarationError(
        Mistake("T029", where, "nothing says what this is derived from", hint="source=relation, or query=tl.sql(...)")
    )


def not_a_relation(where: str, shown: str) -> DeclarationError:
    """T030: ``source=`` is no relation."""
    return DeclarationError(
        Mistake("T030", where, f"{shown} is not a relation", expected="a tl.Source, tl.Table, tl.MaterializedView, ...")
    )


def aggregate_in_derive(where: str, shown: str) -> DeclarationError:
    """T031: an aggregate in ``tl.derive``."""
    return DeclarationError(
        Mistake("T031", where, f"{shown} aggregates, so it is no value of a row", hint="tl.measure(...)")
    )


def unfilled_column(where: str) -> DeclarationError:
    """T032: a plain column in a derived body."""
    return DeclarationError(
        Mistake(
            "T032",
            where,
            "no expression and no default fills this column of a derived table",
            hint="tl.derive(expression), tl.column(type, default=...), or query=tl.sql(...) that selects it",
        )
    )


def no_trigger(where: str) -> DeclarationError:
    """T033: a view's SELECT whose left-most table is not among the references."""
    return DeclarationError(
        Mistake(
            "T033",
            where,
            "the left-most table of the SELECT is none of the referenced objects, so nothing fires the view",
            expected="FROM {source} first, other relations joined to it",
            hint='tl.sql("SELECT ... FROM {orders} ...", orders=orders)',
        )
    )


def output_not_in_body(where: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T034: the SELECT gives a column that the body does not list."""
    return DeclarationError(
        Mistake(
            "T034",
            where,
            f"the SELECT gives a column {name!r} that the body does not list; a view maps columns by name",
            expected=f"one of {listed(known)}",
            nearest=nearest(name, known),
        )
    )


def output_missing(where: str, name: str, found: Sequence[str]) -> DeclarationError:
    """T035: the body lists a column that the SELECT does not give."""
    return DeclarationError(
        Mistake(
            "T035",
            where,
            f"the SELECT gives no column {name!r}, so it would silently hold its type's default",
            expected=f"{name} among {listed(found)}",
            nearest=nearest(name, found),
            hint=f"... AS {name}",
        )
    )


def source_never_fires(where: str, source: str, kind: str) -> DeclarationError:
    """T036: a view on something whose inserts fire nothing."""
    return DeclarationError(
        Mistake(
            "T036",
            where,
            f"inserts never fire a view on {source} ({kind or 'not a table'}): ClickHouse accepts it and it stays empty",
            expected="a Source, a Table, or a MaterializedView with its own table",
            hint="tl.RefreshableView(...), which reads anything",
        )
    )


def reads_its_target(where: str) -> DeclarationError:
    """T037: a view that reads the table it writes into."""
    return DeclarationError(Mistake("T037", where, "the view reads the table that it writes into"))


def reads_itself(where: str) -> DeclarationError:
    """T038: a view that reads itself."""
    return DeclarationError(Mistake("T038", where, "the view reads itself"))


def not_incremental(where: str, what: str, why: str) -> DeclarationError:
    """T039: something in a materialized view's SELECT that ClickHouse computes per inserted block."""
    return DeclarationError(
        Mistake(
            "T039",
            where,
            f"the SELECT of a materialized view has {what}: {why}",
            expected="what is true of each inserted block by itself",
            hint="tl.RefreshableView(...)",
        )
    )


def target_type_differs(where: str, have: str, want: str, target: str) -> DeclarationError:
    """T040: a view's column has another type than the table it writes into."""
    state = want.startswith("AggregateFunction") and not have.startswith("AggregateFunction")
    return DeclarationError(
        Mistake(
            "T040",
            where,
            f"the view gives {have}, {target} stores {want}",
            expected=want,
            hint="tl.measure(...): the -State of the aggregate" if state else f"expression.cast(t.{want})",
        )
    )


def no_measures(where: str) -> DeclarationError:
    """T041: an aggregation without a measure."""
    return DeclarationError(
        Mistake("T041", where, "an aggregation has no measure", hint="name = tl.measure(f.uniq_exact(Body.id))")
    )


def unstable_key(where: str, names: Sequence[str], source: str) -> DeclarationError:
    """T042: a group key over versioned rows that an edit may move."""
    return DeclarationError(
        Mistake(
            "T042",
            where,
            f"rows of {source} are versions of entities, and the group key uses {listed(names)}: "
            "an entity whose value changes would be counted in both groups",
            expected="group keys whose source columns never change for an entity, named in stable=",
            hint=f"stable=({', '.join('Body.' + n for n in names)},) if they never change, else tl.RefreshableView(...)",
        )
    )


def doubling_measure(where: str, measures: Sequence[tuple[str, str]], source: str) -> DeclarationError:
    """T043: a measure that counts a row twice when it is sent twice."""
    shown = ", ".join(f"{name} = {sql}" for name, sql in measures)
    return DeclarationError(
        Mistake(
            "T043",
            where,
            f"a row of {source} that is sent twice would count twice in {shown}",
            expected="uniqExact of the entity's id, min, max, argMax, ...: the same answer however often a row comes",
            hint="f.uniq_exact(Body.id) to count, tl.RefreshableView(...) over FINAL to sum, "
            "or append_only_unique=True if no row is ever sent twice",
        )
    )


def not_a_query(where: str, shown: str) -> DeclarationError:
    """T044: ``query=`` is neither a typed query nor SQL by hand."""
    return DeclarationError(
        Mistake("T044", where, f"{shown} is not a query", hint='tl.sql("SELECT ... FROM {orders}", orders=orders)')
    )


def empty_interval(where: str) -> DeclarationError:
    """T045: an interval of nothing."""
    return DeclarationError(Mistake("T045", where, "the interval is empty or negative", hint="tl.every(hours=1)"))


def mixed_interval(where: str, shown: str) -> DeclarationError:
    """T046: months or years together with shorter units."""
    return DeclarationError(
        Mistake("T046", where, f"{shown}: ClickHouse does not mix months or years with shorter units")
    )


def offset_of_after(shown: str) -> DeclarationError:
    """T047: OFFSET on an AFTER schedule."""
    return DeclarationError(Mistake("T047", shown, "AFTER has no offset", expected="tl.every(...).offset(...)"))


def not_a_schedule(where: str, shown: str) -> DeclarationError:
    """T048: ``refresh=`` is no schedule."""
    return DeclarationError(Mistake("T048", where, f"{shown} is not a schedule", hint="refresh=tl.every(hours=1)"))


def unknown_output(where: str, items: Sequence[str]) -> DeclarationError:
    """T049: items of a SELECT by hand whose column name only the engine knows."""
    return DeclarationError(
        Mistake(
            "T049",
            where,
            f"the column names of {listed(items)} are not known: a view maps columns by name, an insert by position",
            expected="a name for every item, and no * in the outermost SELECT",
            hint="expression AS name",
        )
    )


def bad_interval(where: str, shown: str) -> DeclarationError:
    """T062: an interval that a quota cannot have."""
    return DeclarationError(
        Mistake(
            "T062",
            where,
            f"{shown!r} is no interval of a quota",
            expected="a number and second, minute, hour, day, week, month, quarter or year, such as '1 hour'",
        )
    )


def unknown_word(where: str, what: str, shown: str, known: Sequence[str], *, shown_most: int = 30) -> DeclarationError:
    """T063: a word of a fixed list, misspelt."""
    return DeclarationError(
        Mistake(
            "T063",
            where,
            f"{shown!r} is no {what}",
            expected=f"one of {listed(known, shown_most)}",
            nearest=nearest(str(shown), known),
        )
    )


def bad_setting(where: str, name: str, shown: str, expected: str = "a number, text, True or False") -> DeclarationError:
    """T064: a setting whose name or value cannot be written, or whose value is no limit."""
    return DeclarationError(Mistake("T064", where, f"the setting {name!r} cannot be {shown}", expected=expected))


def merged_away(where: str, engine: str, lost: Sequence[str], key: Sequence[str]) -> DeclarationError:
    """T096: a column whose values a merge would drop, because it is neither in the sorting key nor merged."""
    return DeclarationError(
        Mistake(
            "T096",
            where,
            f"{engine} merges rows of one ({', '.join(key)}) into one and keeps the first {', '.join(lost)} of them",
            expected="every column in the sorting key, or a state, or a sum",
            hint=f"order_by with {', '.join(lost)}; tl.measure(f.any(...), simple=True) where one value stands for all",
        )
    )


def target_computes(where: str, kind: str, target: str) -> DeclarationError:
    """T097: a view's column that the table it writes into computes by itself."""
    return DeclarationError(
        Mistake(
            "T097",
            where,
            f"{target} computes this column itself ({kind}): ClickHouse refuses the view (code 8)",
            hint="leave it out of the view, or declare it in the table with default=",
        )
    )


def engine_loses_states(where: str, engine: str) -> DeclarationError:
    """T098: an Aggregation on an engine whose merges keep one row of several."""
    return DeclarationError(
        Mistake(
            "T098",
            where,
            f"{engine} keeps one row of several, so the states of the others are lost",
            expected="AggregatingMergeTree (the default), or SummingMergeTree for sums",
            hint="leave engine= out",
        )
    )


def engine_type(where: str, place: str, shown: str, type: str, expected: str) -> DeclarationError:
    """T099: an engine's column or expression whose type ClickHouse does not take there."""
    return DeclarationError(Mistake("T099", f"{where} {place}", f"{shown} is {type}", expected=expected))


def no_target(where: str, target: str, kind: str) -> DeclarationError:
    """T094: a view that writes into something that keeps no rows of its own, or replaces them."""
    why = {"RefreshableView": "every refresh replaces its rows"}.get(kind, "it keeps no rows that a view could add to")
    return DeclarationError(
        Mistake("T094", where, f"{target} is a {kind}: {why}", expected="a Table", hint="to=tl.Table(...), or no to=")
    )


def not_unicode(where: str, char: str, before: str) -> DeclarationError:
    """T075: a text that no UTF-8 can hold: half of a pair of code units."""
    shown = before.encode("utf-8", "backslashreplace").decode()
    return DeclarationError(
        Mistake(
            "T075",
            where,
            f"{char!a} after {shown!r} is half a character, which UTF-8 cannot hold",
            hint="text.encode('utf-16', 'surrogatepass').decode('utf-16') puts halves together",
        )
    )


def projection_name(name: str) -> DeclarationError:
    """T093: a projection whose name has a slash."""
    why = "ClickHouse refuses '/' in the name of a projection (code 36)"
    return DeclarationError(
        Mistake("T093", f"projection {name}", why, hint=f"tl.Projection({name.replace('/', '_')!r}, ...)")
    )


def nested_derived(where: str, members: Sequence[str]) -> DeclarationError:
    """T079: a whole Nested as a derived column: a table stores it as arrays of its own, which a view must give one by one."""
    return DeclarationError(
        Mistake(
            "T079",
            where,
            "a Nested is stored as one array for each member, so a view cannot give it as one column (code 8)",
            hint=f"an Array column 'name.{members[0]}' in the body of the source, derived under the same name; so for each member",
        )
    )


def wrong_kind(where: str, given: object, expected: str, hint: str = "") -> DeclarationError:
    """T076: a value of another kind than its place takes."""
    shown = repr(given) if isinstance(given, type) else f"{excerpt(repr(given))} (a {type(given).__name__})"
    return DeclarationError(Mistake("T076", where, f"{shown} cannot stand here", expected=expected, hint=hint))


def unreadable_clause(where: str, clause: str, detail: str) -> DeclarationError:
    """T077: text of a clause that would run into what follows it."""
    what = f"{excerpt(clause)!r} cannot stand in CREATE TABLE: {detail}"
    return DeclarationError(
        Mistake("T077", where, what, hint="only the text of the clause itself, its brackets closed")
    )


def named_twice(where: str, what: str, name: str) -> DeclarationError:
    """T078: two indexes, projections or constraints of one table with one name."""
    return DeclarationError(Mistake("T078", where, f"two {what} are named {name!r}", hint="a name of its own for each"))


def empty_select(where: str) -> DeclarationError:
    """T100: a SELECT without items."""
    return DeclarationError(Mistake("T100", where, "nothing is selected", expected="at least one column or expression"))


def stamp_type(where: str, column: str, type: str) -> DeclarationError:
    """T138: a column that the server cannot stamp: it holds no moment, or may hold none."""
    return DeclarationError(
        Mistake(
            "T138",
            where,
            f"{column} is {type}: the server stamps a moment on every row",
            expected="DateTime or DateTime64(n), not Nullable",
            hint="landed_at = tl.column(t.DateTime64(3)), DEFAULT now64(3) in the loader's table",
        )
    )
