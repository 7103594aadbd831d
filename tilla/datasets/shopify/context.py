"""What every curated table of a shop shares besides what all sources share: keys, money sets, exploded rows and their owners."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.common import (
    MOMENT,
    MONEY,
    WORD,
    Context,
    email_norm,
    entity,
    extracted_at,
    extraction_version,
    first_filled,
    generation_id,
    latest,
    local_day,
    month,
    stored,
    stored_columns,
    version,
    wide,
    word,
)
from tilla.sources.raw import Document, Landed

LENGTH = t.UInt32
OTHER_CURRENCY = "an amount in the customer's currency, without one in the shop's"


# --- pieces of column bodies ---


def shop_url(raw: Landed) -> tl.Column[str]:
    """The shop, as the connector is configured for it; '' in the key where a record has none."""
    return tl.derive(
        f.if_null(raw.text("shop_url"), ""),
        comment="shop name without its domain, from shop_url; '' when the record has none",
    )


def key(value: tl.Expr[int | None], comment: str) -> tl.Column[int]:
    """An id in a sorting key. The view's ``where`` leaves out records without it, so 0 never appears."""
    return tl.derive(f.if_null(value, f.cast(0, t.Int64)), comment=comment)


# --- money ---


def money(
    doc: Document,
    field: str,
    same_currency: tl.Expr[Any] | None = None,
    *,
    plain: str | None = None,
    set: str | None = None,
) -> tl.Expr[Decimal | None]:
    """An amount in the shop's currency, Decimal(18, 4).

    ``<field>_set.shop_money.amount`` wherever the set exists; the plain field only when it is missing and the order was
    presented in the shop's own currency (``same_currency``), because plain fields of some objects are presentment money.
    """
    in_set, alone = (set or f"{field}_set", "shop_money", "amount"), plain or field
    amount = doc.decimal(*in_set)
    if same_currency is None:
        return amount

    def refused(other: Document) -> tl.Expr[Any]:
        return f.and_(
            other.decimal(*in_set).is_null(), other.decimal(alone).is_not_null(), f.not_(f.if_null(same_currency, True))
        )

    doc.refuse((alone,), OTHER_CURRENCY, refused)
    return f.coalesce(amount, f.if_(same_currency, doc.decimal(alone), f.cast(None, t.Nullable(MONEY))))


def total(doc: Document, path: str, amount: Any, *, among: tl.Expr[list[str]] | None = None) -> tl.Expr[Decimal]:
    """The sum of an amount over the elements of the array at a path; an element without one adds nothing.

    ``among`` are the elements that count, where not all of them do.
    """
    array = doc.array(path) if among is None else among
    zero = Decimal("0.0000")
    return f.array_sum(array, lambda item: f.if_null(wide(amount(doc.element(item, path))), f.to_decimal256(zero, 4)))


def known(present: tl.Expr[Any], value: tl.Expr[Any]) -> tl.Expr[Any]:
    """A computed amount, NULL where the record lacks what it is computed from."""
    return f.if_(present.is_null(), f.cast(None, t.Nullable(MONEY)), value)


# --- exploded rows ---


def owned(key: str, version: str) -> str:
    """The guard of exploded rows: their owner is there in exactly this version.

    A line that an edit removed, or whose owner was deleted, drops out.
    """
    return f"(shop_url, {key}, {version}) IN (SELECT shop_url, {key}, version FROM {{owner}})"


def numbered(doc: Document, path: str, *, name: str) -> tuple[Document, tl.Expr[int]]:
    """The elements of an array that have no id of their own, each with its position from 1."""
    array = doc.array(path)
    pair = tl.each(f.array_zip(array, f.array_enumerate(array)), name)
    return doc.element(pair[1], path), f.cast(pair[2], t.UInt32)


__all__ = [
    "LENGTH",
    "MOMENT",
    "MONEY",
    "WORD",
    "Context",
    "email_norm",
    "entity",
    "extracted_at",
    "extraction_version",
    "first_filled",
    "generation_id",
    "key",
    "known",
    "latest",
    "local_day",
    "money",
    "month",
    "numbered",
    "owned",
    "shop_url",
    "stored",
    "stored_columns",
    "total",
    "version",
    "wide",
    "word",
]
