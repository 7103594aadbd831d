"""What access objects have in common: a plain name, statements that may run twice, checks against the
project.

Every statement converges: objects are created IF NOT EXISTS and then altered to what is declared. Roles,
users and grants are in :mod:`tilla.objects.roles`, limits (profiles, quotas, row policies) in
:mod:`tilla.objects.limits`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

import attrs

from tilla import errors, graph, text
from tilla.objects.base import Declared, Edge, Part
from tilla.objects.patterns import Pattern

Sentence = tuple[str, str]  # a statement and its reason
Local = Callable[[tuple[str, str]], str]  # the name of the table behind a Distributed one, or ''


def no_local(_: tuple[str, str]) -> str:
    """No table has another one behind it: one server, or Cloud."""
    return ""


@attrs.frozen(slots=False, repr=False)
class Access(Declared):
    """An object of the access phase: it has a plain name and no database."""

    rank: ClassVar[int] = 0  # among the others, when it is altered: limits come before rights

    name: str = attrs.field()

    @name.validator
    def _check_name(self, _: object, value: object) -> None:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise errors.bad_access_name(self.kind, repr(value))

    @property
    def quoted(self) -> str:
        """The name as it stands in SQL."""
        return text.quote_identifier(self.name)

    def parts(self) -> tuple[Part, ...]:
        return ()

    def members(self) -> tuple[Access, ...]:
        """The objects on the server that this one stands for."""
        return (self,)

    def covers(self, path: tuple[str, str]) -> bool:
        """Whether it says something about an object: then it needs it in the project."""
        return any(pattern.covers(path) for pattern in self.patterns())

    def patterns(self) -> tuple[Pattern, ...]:
        """What its grants and policies are on."""
        return ()

    def uses(self) -> tuple[Access, ...]:
        """The roles and profiles that must be in the project too."""
        return ()

    def _repr_html_(self) -> str:
        from tilla.notebook import access_html

        return access_html(self)

    def edges(self) -> Iterable[Edge]:
        """What it reads, so that it must be there: the tables and dictionaries in the filter of a row policy."""
        return ()

    def check(self, parts: Sequence[Part], access: Sequence[Access] = ()) -> None:
        """Raise for grants on what the project does not hold, and for roles that are not in it; all at
        once.
        """
        mistakes = errors.Collector()
        known = {(item.kind, item.name) for item in access}
        for used in self.uses() if access else ():
            if (used.kind, used.name) not in known:
                names = [item.name for item in access if item.kind == used.kind]
                mistakes.add(errors.access_not_in_project(self.where, used.kind.lower(), used.name, names))
        for pattern in self.patterns():
            _check_pattern(self.where, pattern, parts, mistakes)
        mistakes.raise_all()

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"{self.kind} {self.name}"

    def created(self, on_cluster: str = "") -> list[Sentence]:
        """The statements after which its name is known; they give no rights."""
        return []

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        """The statements that make it what is declared, whatever it was before."""
        return []

    def statements(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        """All statements, each with its reason; run again they change nothing."""
        return [*self.created(on_cluster), *self.arranged(on_cluster, local)]


def access_statements(
    items: Iterable[Access], on_cluster: str = "", local: Local = no_local
) -> list[tuple[Access, str, str]]:
    """The statements of several access objects in an order that works: names first, then limits, rights
    last.
    """
    members = sorted((m for item in items for m in item.members()), key=lambda m: (m.rank, m.kind, m.name))
    created = [(m, sql, reason) for m in members for sql, reason in m.created(on_cluster)]
    return created + [(m, sql, reason) for m in members for sql, reason in m.arranged(on_cluster, local)]


def cluster_clause(on_cluster: str) -> str:
    """ON CLUSTER with its space in front, or ''."""
    return f" ON CLUSTER {text.quote_identifier(on_cluster)}" if on_cluster else ""


def _check_pattern(where: str, pattern: Pattern, parts: Sequence[Part], mistakes: errors.Collector) -> None:
    """Refuse a pattern over nothing: a typo there silently grants nothing."""
    if pattern.everything or pattern.database in graph.SYSTEM or any(pattern.covers(part.path) for part in parts):
        return
    databases = sorted({part.database for part in parts})
    if pattern.database not in databases:
        mistakes.add(errors.grant_on_unknown(where, pattern.sql(), [f"{name}.*" for name in databases], "database"))
    else:
        names = sorted(part.qualified_name for part in parts if part.database == pattern.database)
        mistakes.add(errors.grant_on_unknown(where, pattern.sql(), names, "table"))


# --- settings of roles and profiles ---


def check_setting(where: str, name: object, value: object) -> None:
    """Raise for a setting that cannot be written, or whose value is no limit; whether ClickHouse knows it the server says."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise errors.bad_setting(where, str(name), "a setting")
    if not isinstance(value, bool | int | float | str):
        raise errors.bad_setting(where, name, repr(value))
    if name.startswith("max_") and not _is_limit(name, value):
        kind = "a number from 0 on" if name.endswith(_FRACTIONS) else "a whole number from 0 on, or text such as '4G'"
        raise errors.bad_setting(where, name, repr(value), f"{kind}; 0 is no limit")


# Of the settings max_*, those that take fractions (26.9), and those for which -1 says that there is no limit.
_FRACTIONS = ("_time", "_time_leaf", "_ratio", "_multiplier", "_multiplier_for_merge_tables", "_parameter", "_group_by",
              "_external_sort", "_external_distinct", "_external_join")  # fmt: skip
_MINUS_ONE = ("max_partitions_to_read", "max_limit_for_ann_queries")


def _is_limit(name: str, value: bool | float | str) -> bool:
    if isinstance(value, str):
        number = r"\d+(\.\d+)?" if name.endswith(_FRACTIONS) else r"\d+([KMGTP]i?)?"
        return re.fullmatch(rf"auto(\(\d+\))?|{number}", value) is not None
    if isinstance(value, bool) or not math.isfinite(value):
        return False
    if value == -1 and name in _MINUS_ONE:
        return True
    return value >= 0 and (value == int(value) or name.endswith(_FRACTIONS))


def settings_clause(
    settings: Mapping[str, object],
    constant: Mapping[str, object] = {},
    limits: Mapping[str, tuple[object, object]] = {},
    inherit: Sequence[str] = (),
) -> str:
    """What stands behind SETTINGS: profiles, then settings by name; NONE takes away what was there."""
    shown = [f"PROFILE {text.quote_string(name)}" for name in inherit]
    for name in sorted({*settings, *constant, *limits}):
        item = name
        value = constant.get(name, settings.get(name))
        item += f" = {setting_value(value)}" if value is not None else ""
        low, high = limits.get(name, (None, None))
        item += f" MIN {setting_value(low)}" if low is not None else ""
        item += f" MAX {setting_value(high)}" if high is not None else ""
        item += " CONST" if name in constant else ""
        shown.append(item)
    return ", ".join(shown) or "NONE"


def setting_value(value: object) -> str:
    """A setting's value: booleans as 0 and 1, text in quotes."""
    if isinstance(value, bool):
        return str(int(value))
    return text.quote_string(value) if isinstance(value, str) else str(value)
