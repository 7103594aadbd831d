"""The channel of a visit, from its source and medium: one rule for GA4's sessions and the shop's orders alike."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f

SEARCH_ENGINES = ("google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex")
_NOTHING = ("", "(none)", "(not set)", "(direct)", "direct")


def channel_group(source: tl.Expr[Any], medium: tl.Expr[Any]) -> tl.Expr[str]:
    """The channel, by the first rule that holds; case does not matter, absent counts as empty. String.

    Paid Search: medium cpc, ppc or paid*. Email: source or medium contains email, e-mail or e_mail, or the source is
    klaviyo. Organic Search: medium organic, or a search engine as the source. Direct: neither source nor medium.
    Referral: medium referral. Else Other; rows that GA4 sums up as ``(other)`` or has no data for are Other too.
    """
    by = f.lower(f.trim(f.if_null(source, "")))
    how = f.lower(f.trim(f.if_null(medium, "")))
    engines = "|".join(SEARCH_ENGINES)
    return f.multi_if(
        f.match(how, "^(cpc|ppc|paid.*)$"),
        "Paid Search",
        f.or_(f.match(by, "e[-_]?mail"), f.match(how, "e[-_]?mail"), by == "klaviyo"),
        "Email",
        f.or_(how == "organic", f.match(by, f"(^|[.])({engines})($|[.])")),
        "Organic Search",
        f.and_(by.is_in(_NOTHING), how.is_in(_NOTHING)),
        "Direct",
        how == "referral",
        "Referral",
        "Other",
    )
