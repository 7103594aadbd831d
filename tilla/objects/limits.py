"""What readers may use and see: settings profiles, quotas and row policies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from tilla import errors, graph
from tilla.expressions.expr import Expr, as_sequence
from tilla.expressions.sql import Sql
from tilla.objects.access import Access, Local, Sentence, check_setting, cluster_clause, no_local, settings_clause
from tilla.objects.base import Edge, Part, Relation, check_references, settings_field
from tilla.objects.patterns import Pattern, pattern_texts, read_pattern
from tilla.objects.roles import Role, User, as_grantees, check_kinds
from tilla.objects.uses import expression_edges


def _grantees(to: Sequence[Access]) -> str:
    return ", ".join(item.quoted for item in to) or "NONE"


def as_profiles(value: SettingsProfile | str | Sequence[SettingsProfile | str]) -> tuple[SettingsProfile | str, ...]:
    """One profile or several, as a tuple."""
    return tuple(as_sequence(value))


@attrs.frozen(slots=False, repr=False)
class SettingsProfile(Access):
    """Settings for the users and roles in ``to``.

    ``settings`` are defaults that a user may change, ``constant`` ones he may not (CONST), ``limits`` the
    range in which he may (``{"max_threads": (1, 8)}``, either end None). ``inherit`` names profiles whose
    settings come first.
    """

    rank: ClassVar[int] = 0

    settings: Mapping[str, object] = settings_field()
    constant: Mapping[str, object] = settings_field()
    limits: Mapping[str, tuple[object, object]] = settings_field()
    inherit: tuple[SettingsProfile | str, ...] = attrs.field(default=(), kw_only=True, converter=as_profiles)
    to: tuple[Role | User, ...] = attrs.field(default=(), kw_only=True, converter=as_grantees)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            check_kinds(self.where, self.to, (Role, User), "a tl.Role or tl.User")
        with mistakes.catch():
            check_kinds(self.where, self.inherit, (SettingsProfile, str), "a tl.SettingsProfile, or the name of one")
        for name, value in (*self.settings.items(), *self.constant.items()):
            with mistakes.catch():
                check_setting(self.where, name, value)
        for name, ends in self.limits.items():
            with mistakes.catch():
                for end in ends:
                    check_setting(self.where, name, 0 if end is None else end)
                low, high = ends
                if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                    raise errors.bad_setting(self.where, name, f"from {low} to {high}", "the smaller end first")
        mistakes.raise_all()

    def uses(self) -> tuple[Access, ...]:
        return (*self.to, *(item for item in self.inherit if isinstance(item, SettingsProfile)))

    def created(self, on_cluster: str = "") -> list[Sentence]:
        sql = f"CREATE SETTINGS PROFILE IF NOT EXISTS {self.quoted}{cluster_clause(on_cluster)}"
        return [(sql, "a set of settings")]

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        inherit = [item if isinstance(item, str) else item.name for item in self.inherit]
        settings = settings_clause(self.settings, self.constant, self.limits, inherit)
        head = f"ALTER SETTINGS PROFILE {self.quoted}{cluster_clause(on_cluster)}"
        sql = f"{head} SETTINGS {settings} TO {_grantees(self.to)}"
        return [(sql, "its settings, and whom they bind")]


UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
RESOURCES = (
    "queries", "query_selects", "query_inserts", "errors", "result_rows", "result_bytes", "read_rows", "read_bytes",
    "written_bytes", "execution_time", "failed_sequential_authentications", "queries_per_normalized_hash",
)  # fmt: skip
KEYS = (
    "none", "user_name", "ip_address", "forwarded_ip_address", "client_key", "client_key_or_user_name",
    "client_key_or_ip_address", "normalized_query_hash",
)  # fmt: skip

# Intervals that a quota may have had before: an ALTER leaves those alone that it does not name.
_USUAL = tuple(f"1 {unit}" for unit in UNITS[1:])


def read_interval(where: str, value: str) -> str:
    """Read ``hour``, ``1 hour`` or ``15 minutes``."""
    found = re.fullmatch(r"(?:(\d+)\s+)?([A-Za-z]+?)s?", value.strip()) if isinstance(value, str) else None
    if not found or found.group(2).lower() not in UNITS or int(found.group(1) or 1) < 1:
        raise errors.bad_interval(where, str(value))
    return f"{int(found.group(1) or 1)} {found.group(2).lower()}"


@attrs.frozen(slots=False, repr=False)
class Quota(Access):
    """How much the users and roles in ``to`` may use in a time.

    ``limits`` maps an interval to what it may hold: ``{"1 hour": {"queries": 500, "execution_time": 600}, "1
    day": {"read_rows": 10**11}}`` (counts, bytes, seconds); ``{}`` only counts. ``keyed_by`` says who shares
    one count: every ``user_name`` has its own, ``ip_address``, ..., or ``none``: all together. Altering a
    quota keeps what was used so far.
    """

    rank: ClassVar[int] = 2

    limits: Mapping[str, Mapping[str, float]] = settings_field()
    keyed_by: str = attrs.field(default="user_name", kw_only=True)
    to: tuple[Role | User, ...] = attrs.field(default=(), kw_only=True, converter=as_grantees)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            check_kinds(self.where, self.to, (Role, User), "a tl.Role or tl.User")
        if self.keyed_by not in KEYS:
            mistakes.add(errors.unknown_word(self.where, "key of a quota", self.keyed_by, KEYS))
        for interval, limits in self.limits.items():
            with mistakes.catch():
                read_interval(self.where, interval)
            for name, value in limits.items():
                if name not in RESOURCES:
                    mistakes.add(errors.unknown_word(f"{self.where} {interval}", "limit of a quota", name, RESOURCES))
                elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                    mistakes.add(
                        errors.bad_setting(f"{self.where} {interval}", name, repr(value), "a number from 0 on")
                    )
        mistakes.raise_all()

    def uses(self) -> tuple[Access, ...]:
        return self.to

    def created(self, on_cluster: str = "") -> list[Sentence]:
        sql = f"CREATE QUOTA IF NOT EXISTS {self.quoted}{cluster_clause(on_cluster)} {self._keyed()}"
        return [(sql, "counts what is used")]

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        shown = {}
        for interval, limits in self.limits.items():
            held = ", ".join(f"{name} = {limits[name]}" for name in RESOURCES if name in limits)
            shown[read_interval(self.where, interval)] = f"MAX {held}" if held else "TRACKING ONLY"
        shown |= {interval: "NO LIMITS" for interval in _USUAL if interval not in shown}
        intervals = ", ".join(f"FOR INTERVAL {interval} {held}" for interval, held in shown.items())
        head = f"ALTER QUOTA {self.quoted}{cluster_clause(on_cluster)} {self._keyed()}"
        sql = f"{head} {intervals} TO {_grantees(self.to)}"
        return [(sql, "how much may be used, and by whom; what was used so far still counts")]

    def _keyed(self) -> str:
        return "NOT KEYED" if self.keyed_by == "none" else f"KEYED BY {self.keyed_by}"


@attrs.frozen(slots=False, repr=False)
class RowPolicy(Access):
    """Which rows of a table the roles and users in ``to`` see: those for which ``using`` is true.

    ``on`` lists tables (no wildcards). Several policies of one reader add up; a ``restrictive`` one takes
    rows away from the sum. Readers without any policy on the table see all rows or none, as the server's
    ``users_without_row_policies_can_read_rows`` says (default: all).
    """

    rank: ClassVar[int] = 1

    on: tuple[str, ...] = attrs.field(kw_only=True, converter=pattern_texts, metadata={"names": "many"})
    using: Expr[Any] | Sql = attrs.field(kw_only=True, eq=lambda e: e.sql())
    to: tuple[Role | User, ...] = attrs.field(kw_only=True, converter=as_grantees)
    restrictive: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            check_kinds(self.where, self.to, (Role, User), "a tl.Role or tl.User")
        if not self.to:
            mistakes.add(errors.not_an_access(self.where, "empty to=", "at least one tl.Role or tl.User"))
        if not isinstance(self.using, Expr | Sql):
            mistakes.add(errors.not_an_access(self.where, repr(self.using), "an expression or tl.sql('...')"))  # type: ignore[unreachable]  # from untyped code
        for pattern in self.on:
            if pattern.endswith("*"):
                mistakes.add(errors.bad_pattern(self.where, pattern))
        mistakes.raise_all()

    def patterns(self) -> tuple[Pattern, ...]:
        return tuple(read_pattern(item) for item in self.on)

    def edges(self) -> Iterable[Edge]:
        return expression_edges([self.using])

    def uses(self) -> tuple[Access, ...]:
        return self.to

    def check(self, parts: Sequence[Part], access: Sequence[Access] = ()) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            super().check(parts, access)
        by_path = {part.path: part for part in parts}
        with mistakes.catch():
            graph.check_edges(self.where, graph.resolve(self.edges(), by_path, self.where), by_path)
        references: Any = self.using.references if isinstance(self.using, Expr) else ()
        for pattern in self.patterns():
            part = by_path.get((pattern.database, pattern.name))
            if isinstance(part, Relation) and part.column_names:
                with mistakes.catch():
                    check_references(self.where, references, (part,))
        mistakes.raise_all()

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        tables: dict[str, None] = {}
        for pattern in self.patterns():
            tables[pattern.sql()] = None
            behind = local((pattern.database, pattern.name))
            if behind:
                tables[behind] = None
        kind = "RESTRICTIVE" if self.restrictive else "PERMISSIVE"
        # What a person wrote stays as it is: a line may end in a comment, and a string may hold the end of a line.
        condition = self.using.sql() if isinstance(self.using, Sql) else " ".join(self.using.sql().split("\n"))
        sql = (
            f"CREATE ROW POLICY OR REPLACE {self.quoted}{cluster_clause(on_cluster)} ON {', '.join(tables)} "
            f"AS {kind} FOR SELECT USING {condition} TO {_grantees(self.to)}"
        )
        return [(sql, f"which rows of {', '.join(self.on)} its readers see")]
