"""T301-T312: mistakes in a project and its graph."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, GraphError, Mistake, UsageError
from tilla.errors.wording import listed, nearest


def cycle(where: str, path: Sequence[str]) -> GraphError:
    """T301: objects that need each other in a circle."""
    return GraphError(Mistake("T301", where, "these need each other in a circle: " + " -> ".join(path)))


def flow_cycle(where: str, path: Sequence[str]) -> GraphError:
    """T310: rows that come back to where they came from."""
    return GraphError(
        Mistake(
            "T310",
            where,
            "rows go round in a circle: " + " -> ".join(path),
            expected="tables and views along which rows go one way",
            hint="one view less, or a table of its own for what it writes",
        )
    )


def dangling(where: str, kind: str, name: str, known: Sequence[str]) -> GraphError:
    """T302: a name that no object of the project has."""
    return GraphError(
        Mistake(
            "T302",
            where,
            f"{kind} {name}, which is not in the project",
            expected=f"one of {listed(known)}" if known else "",
            nearest=nearest(name, known),
            hint=f'put it into tl.project(...); a table that somebody else owns is tl.Source("{name}", Body)',
        )
    )


def unqualified_in_sql(where: str, name: str, fits: Sequence[str]) -> GraphError:
    """T303: a table named without its database in SQL by hand."""
    return GraphError(
        Mistake(
            "T303",
            where,
            f"the SQL reads {name} without a database, so it would depend on the session",
            nearest=fits[0] if fits else "",
            hint=f"{{{name}}} and {name}=object, or {fits[0] if fits else 'database.' + name}",
        )
    )


def merge_of_nothing(where: str, database: str, pattern: str, known: Sequence[str]) -> GraphError:
    """T308: merge() over a pattern that no object of the project fits; the server cannot tell its columns (code 636)."""
    return GraphError(
        Mistake(
            "T308",
            where,
            f"merge({database!r}, {pattern!r}) fits nothing in the project",
            expected=f"a pattern for some of {listed(known)}" if known else "",
            hint='put the tables into tl.project(...); those that somebody else owns are tl.Source("database.name", Body)',
        )
    )


def unreadable_pattern(where: str, pattern: str, why: str) -> GraphError:
    """T309: the regular expression of a merge() or of the engine Merge cannot be read."""
    return GraphError(Mistake("T309", where, f"the regular expression {pattern!r} cannot be read: {why}"))


def duplicate_object(where: str, name: str, kinds: Sequence[str]) -> GraphError:
    """T304: two objects of one name in a project."""
    return GraphError(
        Mistake("T304", where, f"{name} is declared twice ({' and '.join(kinds)})", hint="another name for one of them")
    )


def other_declaration(where: str, name: str) -> GraphError:
    """T305: an object that refers to another declaration of the same name than the project holds."""
    return GraphError(
        Mistake(
            "T305",
            where,
            f"this uses a {name} that is declared differently from the {name} in the project",
            hint="one declaration, used in both places",
        )
    )


def own_database(where: str, name: str) -> DeclarationError:
    """T311: an object in the database where Tilla notes what it has done."""
    return DeclarationError(
        Mistake(
            "T311", where, f"{name} is in the database in which Tilla notes what is filled", hint="another database"
        )
    )


def alike_names(where: str, shown: str, names: Sequence[str]) -> DeclarationError:
    """T312: objects whose names read alike without quotes."""
    return DeclarationError(
        Mistake(
            "T312",
            where,
            f"{' and '.join(names)} both read {shown}: in patterns, files, the JSON and the notes on what is filled",
            hint="another name for one of them",
        )
    )


def not_an_object(where: str, shown: str) -> DeclarationError:
    """T306: something in a project that is no declared object."""
    return DeclarationError(
        Mistake(
            "T306",
            where,
            f"{shown} is not an object that a project can hold",
            expected="tl.Table, tl.View, tl.Role, ...",
        )
    )


def unknown_object(where: str, name: str, known: Sequence[str]) -> UsageError:
    """T307: a name or pattern that fits nothing in the project."""
    return UsageError(
        Mistake(
            "T307",
            where,
            f"nothing in the project fits {name!r}",
            nearest=nearest(name, known),
            expected=f"a pattern over {listed(known, 6)}" if known else "",
        )
    )
