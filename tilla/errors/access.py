"""T050-T061: mistakes in roles, users, grants, quotas and profiles."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, GraphError, Mistake
from tilla.errors.wording import listed, nearest


def bad_access_name(kind: str, shown: str) -> DeclarationError:
    """T050: a role, user, quota or policy without a usable name."""
    return DeclarationError(Mistake("T050", kind, f"{shown} is no name", expected="text, such as 'analyst'"))


def bad_pattern(where: str, shown: str) -> DeclarationError:
    """T051: something that grants nothing ClickHouse knows."""
    return DeclarationError(
        Mistake(
            "T051",
            where,
            f"{shown} is nothing that a grant can be on",
            expected="'database.*', 'database.table', 'database.prefix*', or a declared relation; one database each",
        )
    )


def grant_on_unknown(where: str, pattern: str, known: Sequence[str], what: str) -> DeclarationError:
    """T052: a grant or policy on something that the project does not hold."""
    return DeclarationError(
        Mistake(
            "T052",
            where,
            f"{pattern} covers nothing in the project: there is no such {what}",
            nearest=nearest(pattern, known),
            expected=f"one of {listed(known, 8)}" if known else "",
        )
    )


def raw_access(where: str, pattern: str, sources: Sequence[str]) -> DeclarationError:
    """T053: a grant that covers raw tables without saying so."""
    return DeclarationError(
        Mistake(
            "T053",
            where,
            f"{pattern} covers raw tables ({listed(sources, 4)})",
            expected="grants on curated and analytics databases only",
            hint="raw=True when these readers may see raw rows",
        )
    )


def view_needs_grant(where: str, view: str, reads: Sequence[str]) -> DeclarationError:
    """T054: a view that its reader may select from, over tables that he may not."""
    return DeclarationError(
        Mistake(
            "T054",
            where,
            f"{view} reads {listed(reads, 4)}, which this role may not read: a view runs with its reader's rights",
            hint="grant those too, or give the view sql_security='DEFINER' and a definer",
        )
    )


def plaintext_password(where: str) -> DeclarationError:
    """T055: a text where a hash, a key or a certificate belongs. The text is not repeated here."""
    return DeclarationError(
        Mistake(
            "T055",
            where,
            "the authentication is a plain text, which would end up in the script and in this repository",
            expected="tl.Auth.sha256_hash(...), .bcrypt_hash(...), .double_sha1_hash(...), .ssh_key(...), "
            ".certificate(...), or 'external' for a user that something else creates",
            hint='printf %s "$PASSWORD" | sha256sum   # its output goes into tl.Auth.sha256_hash(...)',
        )
    )


def bad_hash(kind: str, expected: str) -> DeclarationError:
    """T056: a password hash of the wrong form. The value is not repeated here."""
    return DeclarationError(Mistake("T056", f"Auth.{kind}", "this is no such hash", expected=expected))


def no_auth(where: str) -> DeclarationError:
    """T057: a user without any way to log in."""
    return DeclarationError(
        Mistake("T057", where, "there is no way to log in", hint="auth=tl.Auth.sha256_hash('...'), or auth='external'")
    )


def bad_host(where: str, shown: str) -> DeclarationError:
    """T058: a host that ClickHouse cannot match."""
    return DeclarationError(
        Mistake(
            "T058",
            where,
            f"{shown} is no host",
            expected="an address ('10.0.0.0/8'), a name ('etl.example'), a pattern ('%.example') or 'localhost'",
        )
    )


def not_an_access(where: str, shown: str, expected: str) -> DeclarationError:
    """T059: something else where a role, user or profile is wanted."""
    return DeclarationError(Mistake("T059", where, f"this takes no {shown}", expected=expected))


def access_not_in_project(where: str, kind: str, name: str, known: Sequence[str]) -> GraphError:
    """T060: a role or profile that is used but not part of the project."""
    return GraphError(
        Mistake(
            "T060",
            where,
            f"the {kind} {name} is not in the project",
            nearest=nearest(name, known),
            hint=f"tl.project(..., {(name.isidentifier() and name) or 'it'})",
        )
    )


def shared_access_name(where: str, kinds: Sequence[str]) -> GraphError:
    """T061: a user and a role of one name: a grant to that name would be ambiguous."""
    return GraphError(
        Mistake("T061", where, f"this is the name of a {' and of a '.join(kinds)}, so a grant to it is ambiguous")
    )
