"""T022-T028, T065-T074: mistakes in engines, keys and dictionaries."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, Mistake
from tilla.errors.wording import listed, nearest


def not_an_engine(where: str, shown: str) -> DeclarationError:
    """T022: ``engine=`` is not an engine value."""
    return DeclarationError(
        Mistake("T022", where, f"{shown} is not a table engine", expected="MergeTree(order_by=...) of tilla.engines")
    )


def missing_order_by(where: str, engine: str, names: Sequence[str]) -> DeclarationError:
    """T025: a MergeTree without ORDER BY."""
    example = ", ".join(f"Body.{name}" for name in names)
    return DeclarationError(
        Mistake(
            "T025",
            where,
            f"{engine} has no order_by",
            expected="the columns that most queries filter by, most selective last",
            hint=f"order_by=({example},), or order_by=() for no order",
        )
    )


def nullable_key(where: str, key: str, type_: str) -> DeclarationError:
    """T026: a key column that may be NULL."""
    return DeclarationError(
        Mistake(
            "T026",
            where,
            f"the key item {key} is {type_}: ClickHouse refuses NULL in a key (code 44)",
            expected="a type that is not Nullable",
            hint="f.if_null(column, '') in the column, or settings={'allow_nullable_key': 1} if NULL is a value of its own",
        )
    )


def primary_key_no_prefix(where: str, primary: Sequence[str], order: Sequence[str]) -> DeclarationError:
    """T027: PRIMARY KEY is not a prefix of ORDER BY."""
    return DeclarationError(
        Mistake(
            "T027",
            where,
            f"the primary key ({', '.join(primary)}) is not a prefix of ORDER BY ({', '.join(order)})",
            expected=f"the first {len(primary)} of ({', '.join(order)})",
        )
    )


def engine_or_to(where: str) -> DeclarationError:
    """T028: a materialized view with neither or both of ``engine`` and ``to``."""
    return DeclarationError(
        Mistake(
            "T028",
            where,
            "a materialized view writes into its own table (engine=...) or into another one (to=...)",
            expected="exactly one of engine= and to=",
        )
    )


def bad_layout(where: str, shown: str, known: Sequence[str]) -> DeclarationError:
    """T065: a layout that ClickHouse does not have."""
    return DeclarationError(
        Mistake(
            "T065",
            where,
            f"there is no layout {shown}",
            expected=f"one of {listed(known, 30)}",
            nearest=nearest(shown, known),
        )
    )


def layout_needs(where: str, layout: str, what: str, hint: str = "") -> DeclarationError:
    """T066: a layout with a key, a range, a parameter or a lifetime that it cannot have, or without one that it needs."""
    return DeclarationError(Mistake("T066", where, f"the layout {layout} {what}", hint=hint))


def bad_attribute(where: str, what: str, expected: str = "") -> DeclarationError:
    """T067: an attribute that a dictionary cannot have."""
    return DeclarationError(Mistake("T067", where, what, expected=expected))


def bad_dictionary_source(where: str, shown: str) -> DeclarationError:
    """T068: something that a dictionary cannot be loaded from."""
    return DeclarationError(
        Mistake(
            "T068",
            where,
            f"a dictionary cannot be loaded from {shown}",
            expected="a table, view or query, or a source of tilla.dictionaries (ClickHouse, Http, File, External, Null)",
        )
    )


def secret_in_text(where: str, parameter: str) -> DeclarationError:
    """T069: a password where everybody can read it. The value is not repeated here."""
    return DeclarationError(
        Mistake(
            "T069",
            where,
            f"{parameter} is written as text, which would end up in the script, in system tables and in this repository",
            hint="secret=tl.secret('name'), with CREATE NAMED COLLECTION name AS ... made once by an administrator",
        )
    )


def bad_lifetime(where: str, shown: str) -> DeclarationError:
    """T070: a lifetime that is neither a number of seconds nor a range of them."""
    return DeclarationError(
        Mistake(
            "T070",
            where,
            f"{shown} is no lifetime",
            expected="seconds, or (shortest, longest) in seconds; 0 never reloads",
        )
    )


def engine_takes_no_settings(engine: str) -> DeclarationError:
    """T071: settings for an engine that has none."""
    return DeclarationError(Mistake("T071", engine, "this engine takes no SETTINGS (code 36)"))


def engine_needs(engine: str, what: str, hint: str = "") -> DeclarationError:
    """T072: an engine without something that it needs."""
    return DeclarationError(Mistake("T072", engine, what, hint=hint))


def engine_refuses_column(where: str, engine: str, kind: str) -> DeclarationError:
    """T073: a column that an engine cannot have."""
    return DeclarationError(
        Mistake(
            "T073",
            where,
            f"a table with the engine {engine} takes no column with {kind}",
            hint="add it in a materialized view",
        )
    )


def engine_order(engine: str, smaller: str, larger: str) -> DeclarationError:
    """T074: two limits of an engine, the wrong way round."""
    return DeclarationError(
        Mistake("T074", engine, f"{smaller} is larger than {larger}", expected=f"{smaller} <= {larger}")
    )
