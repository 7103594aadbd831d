"""Who may read what: roles, users and what is granted to them.

All privileges of a role come in one ``GRANT ... WITH REPLACE OPTION``, which takes away whatever is not in
it; the roles of a user or role in another one. The first leaves roles alone, the second privileges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import attrs

from tilla import errors, graph, text
from tilla.columns import ColumnName
from tilla.expressions.expr import as_sequence
from tilla.objects.access import Access, Local, Sentence, check_setting, cluster_clause, no_local, settings_clause
from tilla.objects.auth import EXTERNAL, Auth, auth_value, check_auth
from tilla.objects.base import Part, settings_field
from tilla.objects.patterns import Pattern, pattern_text, pattern_texts, read_pattern
from tilla.objects.privileges import PRIVILEGES, is_privilege

# What a read-only role may use in one query, unless it says otherwise: 4 GiB, 5 minutes, ten billion rows.
CAPS: Mapping[str, int] = {
    "max_memory_usage": 4 * 1024**3,
    "max_execution_time": 300,
    "max_rows_to_read": 10_000_000_000,
}


# Arguments that take one thing or several. One function for each, because a checker reads what they take from these.


def as_roles(value: Role | Sequence[Role]) -> tuple[Role, ...]:
    """One role or several, as a tuple."""
    return tuple(as_sequence(value))


def as_grants(value: Grant | Sequence[Grant]) -> tuple[Grant, ...]:
    """One grant or several, as a tuple."""
    return tuple(as_sequence(value))


def as_grantees(value: Role | User | Sequence[Role | User]) -> tuple[Role | User, ...]:
    """Whom something is for: one role or user, or several, as a tuple."""
    return tuple(as_sequence(value))


def as_texts(value: str | Sequence[str]) -> tuple[str, ...]:
    """One text or several, as a tuple."""
    return tuple(as_sequence(value))


# --- grants ---


def _columns(value: ColumnName | Sequence[ColumnName]) -> tuple[str, ...]:
    items = as_sequence(value)
    return tuple(item if isinstance(item, str) else str(getattr(item, "name", item)) for item in items)


@attrs.frozen
class Grant:
    """A privilege on something, for ``Role(grants=...)``: ``tl.Grant("dictGet", on="data.*")``.

    ``on`` is a pattern or a relation; ``columns`` limits SELECT and INSERT to these. Not an object of its
    own: a role gets all its privileges in one statement, so that one that is no longer declared is taken
    away.
    """

    privilege: str = attrs.field()
    on: str = attrs.field(kw_only=True, converter=pattern_text, metadata={"names": "one"})
    columns: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=_columns)

    @privilege.validator
    def _check_privilege(self, _: object, value: object) -> None:
        if not isinstance(value, str) or not is_privilege(value):
            raise errors.unknown_word(f"Grant on {self.on}", "privilege", str(value), PRIVILEGES, shown_most=12)

    def sql(self, on: str = "") -> str:
        """The privilege as a GRANT lists it."""
        columns = f"({', '.join(text.quote_identifier(name) for name in self.columns)})" if self.columns else ""
        return f"{self.privilege}{columns} ON {on or self.on}"


def grant_statement(grants: Sequence[Grant], to: str, on_cluster: str, local: Local) -> str:
    """One GRANT for all privileges: several with REPLACE OPTION would undo each other."""
    shown: dict[str, None] = {}
    for grant in grants:
        shown[grant.sql()] = None
        pattern = read_pattern(grant.on)
        behind = "" if pattern.prefix else local((pattern.database, pattern.name))
        if behind:
            shown[grant.sql(behind)] = None
    if not shown:
        return f"REVOKE{cluster_clause(on_cluster)} ALL ON *.* FROM {to}"
    return f"GRANT{cluster_clause(on_cluster)} {', '.join(shown)} TO {to} WITH REPLACE OPTION"


def roles_statement(roles: Sequence[Role], to: str, on_cluster: str) -> str:
    """One GRANT for all roles; it leaves privileges alone, as the one for privileges leaves roles alone."""
    if not roles:
        return f"REVOKE{cluster_clause(on_cluster)} ALL FROM {to}"
    return f"GRANT{cluster_clause(on_cluster)} {', '.join(r.quoted for r in roles)} TO {to} WITH REPLACE OPTION"


def check_grants(
    where: str, grants: Sequence[Grant], parts: Sequence[Part], raw: bool, mistakes: errors.Collector
) -> None:
    """Check the columns of grants, that no raw table is covered unless stated, and that granted views can be
    read.
    """
    for grant in grants:
        pattern = read_pattern(grant.on)
        covered = [part for part in parts if pattern.covers(part.path)]
        sources = [part.qualified_name for part in covered if part.kind == "Source"]
        if not raw and (sources or pattern.everything):
            mistakes.add(errors.raw_access(where, grant.on, sources or ["everything"]))
        for part in covered if grant.columns and not pattern.prefix else ():
            known = tuple(getattr(part, "column_names", ()))
            for name in grant.columns:
                if known and name not in known:
                    mistakes.add(errors.unknown_column(f"{where}: {grant.sql()}", name, known, part.name))
    paths = {part.path for part in parts}
    readable = [read_pattern(g.on) for g in grants if g.privilege.upper() in ("SELECT", "ALL")]
    for part in parts:
        if part.kind != "View" or not any(p.covers(part.path) for p in readable):
            continue
        if getattr(part, "sql_security", "").upper() in ("DEFINER", "NONE"):
            continue
        reads = sorted({(e.database, e.name) for e in graph.resolved(part, paths) if e.database not in graph.SYSTEM})
        closed = [text.quote_qualified(*path) for path in reads if not any(p.covers(path) for p in readable)]
        if closed:
            mistakes.add(errors.view_needs_grant(where, part.qualified_name, closed))


# --- roles and users ---


def check_kinds(where: str, items: Sequence[Any], kinds: tuple[type, ...], expected: str) -> None:
    """Raise for anything among roles, grants or profiles that is none."""
    for item in items:
        if not isinstance(item, kinds):
            raise errors.not_an_access(where, repr(item), expected)


@attrs.frozen(slots=False, repr=False)
class Role(Access):
    """A set of rights: ``tl.Role("analyst", select=("data_shopify.*", "analytics_shopify.*"), readonly=2)``.

    ``select`` lists patterns or relations. Raw tables are refused unless ``raw=True``. ``grants`` are further
    :class:`Grant` values, ``roles`` are roles that this one includes. ``readonly=2`` lets its users read and
    change settings for themselves, but not the caps: those are CONST. ``caps`` overrides the built-in ones
    (:data:`CAPS`: memory in bytes, seconds, rows; ``None`` lifts one); ``settings`` are defaults that a user
    may change.
    """

    rank: ClassVar[int] = 3

    select: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=pattern_texts, metadata={"names": "many"})
    grants: tuple[Grant, ...] = attrs.field(default=(), kw_only=True, converter=as_grants)
    roles: tuple[Role, ...] = attrs.field(default=(), kw_only=True, converter=as_roles)
    readonly: int | None = attrs.field(default=None, kw_only=True)
    caps: Mapping[str, object] = settings_field()
    settings: Mapping[str, object] = settings_field()
    raw: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            check_kinds(self.where, self.grants, (Grant,), "tl.Grant('dictGet', on='data.*')")
        with mistakes.catch():
            check_kinds(self.where, self.roles, (Role,), "a tl.Role")
        if self.readonly not in (None, 1, 2):
            mistakes.add(errors.unknown_word(self.where, "value of readonly", str(self.readonly), ("1", "2")))
        caps = {name: value for name, value in self.caps.items() if value is not None}
        for name, value in (*self.settings.items(), *caps.items()):
            with mistakes.catch():
                check_setting(self.where, name, value)
        mistakes.raise_all()

    @property
    def all_grants(self) -> tuple[Grant, ...]:
        """Every privilege, those of ``select`` first."""
        return (*(Grant("SELECT", on=pattern) for pattern in self.select), *self.grants)

    @property
    def all_caps(self) -> dict[str, object]:
        """Constant settings: ``readonly`` and the caps."""
        if self.readonly is None:
            return {name: value for name, value in self.caps.items() if value is not None}
        merged: dict[str, object] = {"readonly": self.readonly, **CAPS, **self.caps}
        return {name: value for name, value in merged.items() if value is not None}

    def patterns(self) -> tuple[Pattern, ...]:
        return tuple(read_pattern(grant.on) for grant in self.all_grants)

    def uses(self) -> tuple[Access, ...]:
        return self.roles

    def check(self, parts: Sequence[Part], access: Sequence[Access] = ()) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            super().check(parts, access)
        with mistakes.catch():
            check_shared_name(self, access)
        check_grants(self.where, self.all_grants, parts, self.raw, mistakes)
        mistakes.raise_all()

    def created(self, on_cluster: str = "") -> list[Sentence]:
        sql = f"CREATE ROLE IF NOT EXISTS {self.quoted}{cluster_clause(on_cluster)}"
        return [(sql, "a set of rights")]

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        settings = settings_clause(self.settings, self.all_caps)
        alter = f"ALTER ROLE {self.quoted}{cluster_clause(on_cluster)} SETTINGS {settings}"
        limits = "read-only, with caps that nobody in the role can change" if self.readonly else "its settings"
        return [
            (alter, limits),
            (
                grant_statement(self.all_grants, self.quoted, on_cluster, local),
                "all it may do; what is not here is revoked",
            ),
            (roles_statement(self.roles, self.quoted, on_cluster), "the roles it includes"),
        ]


@attrs.frozen(slots=False, repr=False)
class User(Access):
    """Somebody who logs in: ``tl.User("acme", auth=tl.Auth.sha256_hash("..."), roles=analyst)``.

    All rights come from ``roles``; a privilege that was granted to the user directly is revoked.
    ``auth="external"`` is a user that something else creates (LDAP, SSO, the Cloud console): only its roles
    are granted. ``hosts`` limits where it may connect from: addresses (``10.0.0.0/8``), names, patterns
    (``%.example``) or ``localhost``; none is anywhere. ``profile`` is a SettingsProfile; ``valid_until`` a
    moment as text, after which the login fails.
    """

    rank: ClassVar[int] = 4

    auth: tuple[Auth, ...] | str = attrs.field(default=None, kw_only=True, converter=auth_value)
    roles: tuple[Role, ...] = attrs.field(default=(), kw_only=True, converter=as_roles)
    hosts: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=as_texts)
    profile: Access | None = attrs.field(default=None, kw_only=True)
    default_database: str = attrs.field(default="", kw_only=True, metadata={"names": "database"})
    valid_until: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            check_auth(self.where, self.auth)
        with mistakes.catch():
            check_kinds(self.where, self.roles, (Role,), "a tl.Role")
        if self.profile is not None and self.profile.kind != "SettingsProfile":
            mistakes.add(errors.not_an_access(self.where, repr(self.profile), "a tl.SettingsProfile"))
        with mistakes.catch():
            hosts_clause(self.where, self.hosts)
        mistakes.raise_all()

    @property
    def external(self) -> bool:
        """True when something else creates the user."""
        return self.auth == EXTERNAL

    def uses(self) -> tuple[Access, ...]:
        return (*self.roles, *(() if self.profile is None else (self.profile,)))

    def check(self, parts: Sequence[Part], access: Sequence[Access] = ()) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            super().check(parts, access)
        with mistakes.catch():
            check_shared_name(self, access)
        mistakes.raise_all()

    def _identified(self) -> str:
        methods = ", ".join(method.sql() for method in cast("tuple[Auth, ...]", self.auth))
        return f"IDENTIFIED WITH {methods} {hosts_clause(self.where, self.hosts)}"

    def created(self, on_cluster: str = "") -> list[Sentence]:
        if self.external:
            return []
        sql = f"CREATE USER IF NOT EXISTS {self.quoted}{cluster_clause(on_cluster)} {self._identified()}"
        return [(sql, "may log in; has no rights yet")]

    def arranged(self, on_cluster: str = "", local: Local = no_local) -> list[Sentence]:
        grant = (
            roles_statement(self.roles, self.quoted, on_cluster),
            "its rights come from roles; others are taken away",
        )
        if self.external:
            return [grant]
        until = f" VALID UNTIL {text.quote_string(self.valid_until)}" if self.valid_until else ""
        identified = self._identified().replace(" HOST ", f"{until} HOST ", 1) if until else self._identified()
        database = text.quote_identifier(self.default_database) if self.default_database else "NONE"
        settings = f"PROFILE {text.quote_string(self.profile.name)}" if self.profile is not None else "NONE"
        alter = (
            f"ALTER USER {self.quoted}{cluster_clause(on_cluster)} {identified} "
            f"DEFAULT DATABASE {database} DEFAULT ROLE ALL SETTINGS {settings}"
        )
        return [
            (alter, "how it logs in, and from where"),
            (
                f"REVOKE{cluster_clause(on_cluster)} ALL ON *.* FROM {self.quoted}",
                "no rights besides those of its roles",
            ),
            grant,
        ]


def check_shared_name(item: Access, access: Sequence[Access]) -> None:
    """Refuse a user and a role of one name: GRANT ... TO name would find the user."""
    kinds = sorted({other.kind for other in access if other.name == item.name and isinstance(other, Role | User)})
    if len(kinds) > 1 and item.kind == kinds[0]:
        raise errors.shared_access_name(item.name, [kind.lower() for kind in kinds])


_ADDRESS = re.compile(r"(\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)(/[0-9A-Fa-f:.]+)?\Z")
_HOST = re.compile(r"[\w%][\w.%-]*\Z")


def hosts_clause(where: str, hosts: Sequence[str]) -> str:
    """HOST, from addresses, names and patterns."""
    shown = []
    for host in hosts:
        if not isinstance(host, str) or not host:
            raise errors.bad_host(where, repr(host))
        if host.lower() in ("localhost", "local"):
            shown.append("LOCAL")
        elif _ADDRESS.match(host):
            shown.append(f"IP {text.quote_string(host)}")
        elif _HOST.match(host):
            shown.append(f"{'LIKE' if '%' in host else 'NAME'} {text.quote_string(host)}")
        else:
            raise errors.bad_host(where, repr(host))
    return "HOST " + (", ".join(shown) if shown else "ANY")
