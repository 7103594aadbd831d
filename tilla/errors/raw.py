"""T701-T707: connectors, streams, raw fields and tables, accounts."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, Mistake, RefusedError, UsageError
from tilla.errors.wording import listed, nearest


def unknown_connector(name: str, known: Sequence[str]) -> DeclarationError:
    """T701: a connector whose streams Tilla does not know."""
    return DeclarationError(
        Mistake(
            "T701",
            "",
            f"there is no connector {name!r}",
            expected=f"one of {listed(known)}",
            nearest=nearest(name, known),
        )
    )


def unknown_stream(connector: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T702: a stream that a connector does not have."""
    return DeclarationError(
        Mistake(
            "T702",
            connector,
            f"there is no stream {name!r}",
            expected=f"one of {listed(known, 50)}",
            nearest=nearest(name, known),
        )
    )


def null_in_key(stream: str, field: str, layout: str) -> RefusedError:
    """T703: a record that a typed raw table cannot hold, because its key or version would be NULL."""
    return RefusedError(
        Mistake(
            "T703",
            f"{stream}.{field}",
            f"the record has no usable value, and the column takes no NULL in layout {layout}",
            hint="a layout with a payload column (v0, v1) keeps such records; so does sync mode append for a cursor",
        )
    )


def unknown_field(where: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T704: a field that a stream, or an object inside it, does not declare."""
    return DeclarationError(
        Mistake(
            "T704",
            where,
            f"there is no field {name!r}",
            expected=f"one of {listed(known, 30)}" if known else "nothing: the object is free-form",
            nearest=nearest(name, known),
        )
    )


def nothing_landed() -> UsageError:
    """T705: a server without a raw table that Tilla knows."""
    return UsageError(
        Mistake(
            "T705",
            "",
            "there is no table of a loader that Tilla knows",
            expected="tables with the columns of Airbyte (_airbyte_raw_id, _airbyte_ab_id) or dlt (_dlt_load_id)",
            hint="another server or user in --dsn: only tables that the user may read are seen; docs/loader-layout.md for other loaders",
        )
    )


def no_account(parameter: str, relation: str, columns: Sequence[str]) -> DeclarationError:
    """T706: a relation of the user's own that does not tell accounts apart, where there are several."""
    return DeclarationError(
        Mistake(
            "T706",
            relation,
            f"the relation given as {parameter} has no column account, and there are several accounts",
            expected=f"account, a String, beside {listed(columns)}",
            hint="ids are an account's own: name in each row the account that its id is of, as in accounts=",
        )
    )


def unknown_account(name: str, known: Sequence[str]) -> DeclarationError:
    """T707: a shop for an account that was not declared."""
    return DeclarationError(
        Mistake(
            "T707",
            "account_shop",
            f"there is no account {name!r}",
            expected=f"one of {listed(known)}" if known else "a shop_url as text: the only account has no name",
            nearest=nearest(name, known),
        )
    )
