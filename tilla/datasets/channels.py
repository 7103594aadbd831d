"""The channel of a visit, from its source and medium: one rule for GA4's sessions and the shop's orders alike."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f

SEARCH_ENGINES = ("google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex")
_NOTHING = ("", "(none)", "(not set)", "(direct)", "direct")


def channel_group(
    source: tl.Expr[Any],
    medium: tl.Expr[Any],
    *,
    paid: tl.Expr[Any] | None = None,
    offline: tl.Expr[Any] | None = None,
) -> tl.Expr[str]:
    """The channel, by the first rule that holds; case does not matter, absent counts as empty. String.

    Paid Search: ``paid`` (the landing page has a gclid), or medium cpc, ppc or paid*. Email: source or medium contains email,
    e-mail or e_mail, or the source is klaviyo. Organic Search: medium organic, or a search engine as the source, its web
    mail left out. Offline: ``offline`` (a sale over the counter). Direct: neither source nor medium. Referral: medium
    referral. Else Other; rows that GA4 sums up as ``(other)`` or has no data for are Other too.

    >>> from tilla import types as t
    >>> rule = channel_group(f.cast("News", t.String), f.cast("e-mail", t.String))
    >>> rule.sql().startswith("multiIf(match(lower(trimBoth(ifNull(CAST('e-mail', 'String'), '')))")
    True
    """
    by = f.lower(f.trim(f.if_null(source, "")))
    how = f.lower(f.trim(f.if_null(medium, "")))
    engines = "|".join(SEARCH_ENGINES)
    bought = f.match(how, "^(cpc|ppc|paid.*)$")
    searched = f.and_(f.match(by, f"(^|[.])({engines})($|[.])"), f.not_(f.match(by, "^mail[.]")))
    return f.multi_if(
        bought if paid is None else f.or_(paid, bought),
        "Paid Search",
        f.or_(f.match(by, "e[-_]?mail"), f.match(how, "e[-_]?mail"), by == "klaviyo"),
        "Email",
        f.or_(how == "organic", searched),
        "Organic Search",
        *(() if offline is None else (offline, "Offline")),
        f.and_(by.is_in(_NOTHING), how.is_in(_NOTHING)),
        "Direct",
        how == "referral",
        "Referral",
        "Other",
    )
