"""What the measures of an account share: events with surviving profiles, the names of metrics, who a shop's clicks are.

Each part is a SELECT that others build on: put it into a query of your own as
``tl.sql("WITH happened AS ({happened}) SELECT ...", happened=happened(account))``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

import tilla as tl
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.datasets.common import Curated

# Metric names, lower case; they are compared on the metric's own name, never on free text.
RECEIVED = ("received email",)
BOUNCED = ("bounced email",)
OPENED = ("opened email",)
CLICKED = ("clicked email",)
# What Klaviyo gives credit to: a conversion may name the event alone, and not its message.
CREDITED = (*OPENED, *CLICKED, "received sms", "opened sms", "clicked sms", "opened push")
UNSUBSCRIBED = ("unsubscribed", "unsubscribed from email marketing", "unsubscribed from list")
SPAM = ("marked email as spam",)
PLACED = "Placed Order"
TAKEN_BACK = ("refunded order", "cancelled order")

WINDOW_HOURS = 120
"""Klaviyo's own default for e-mail: five days after a click or an open."""


ACCOUNT = tl.column(t.String, name="account", comment="the account")


@attrs.frozen
class Own:
    """What keeps accounts apart in a query: pieces of SQL over the column ``account``, all empty where there is one account.

    Ids of profiles, metrics, campaigns and messages are an account's own, and so is what is known of an e-mail.
    """

    several: bool

    @property
    def key(self) -> str:
        """The account, before other columns of a list."""
        return "account, " if self.several else ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The account, before other names."""
        return ("account",) if self.several else ()

    @property
    def columns(self) -> tuple[tl.Column[Any], ...]:
        """The account, before the columns of a body or a sorting key."""
        return (ACCOUNT,) if self.several else ()

    def of(self, alias: str) -> str:
        """The account of a relation, before other items of a SELECT list."""
        return f"{alias}.account AS account, " if self.several else ""

    def same(self, one: str, other: str) -> str:
        """The condition that two joined rows are of one account, after other conditions."""
        return f" AND {one}.account = {other}.account" if self.several else ""

    def pair(self, column: str) -> str:
        """A column with its account, to look up in rows of several accounts."""
        alias = f"{column.rpartition('.')[0]}." if "." in column else ""
        return f"({alias}account, {column})" if self.several else column

    def kept(self, columns: dict[str, tl.Column[Any]]) -> tuple[tl.Column[Any], ...]:
        """The account of curated rows, before other columns that never change."""
        return (columns["account"],) if self.several else ()

    def derived(self, columns: dict[str, tl.Column[Any]]) -> tl.Column[Any]:
        """The account of curated rows, as a column of a table that inserts update."""
        return tl.derive(columns["account"], comment=ACCOUNT.comment) if self.several else ACCOUNT

    def body(self, body: Any, account: tl.Column[Any] = ACCOUNT) -> Any:
        """A body with the account in front."""
        if not self.several:
            return body
        items = (item for item in vars(body).values() if isinstance(item, tl.Column | tl.Measure))
        return tl.columns_of(account.renamed("account"), *items, name=body.__name__)


def own(account: Curated) -> Own:
    """What keeps the accounts of curated tables apart."""
    return Own(account.context.account is not None)


def told_by_account(account: Curated, name: str, relation: Any) -> Own:
    """What keeps accounts apart in a relation of the user's own, which must tell them too.

    Raises:
        DeclarationError: a relation without a column ``account`` where there are several accounts.
    """
    apart = own(account)
    if apart.several and "account" not in relation.column_names:
        raise errors.no_account(name, relation.qualified_name, relation.column_names)
    return apart


def one_of(names: Iterable[str], column: str = "metric") -> str:
    """The condition that a metric is one of these, over :func:`happened`."""
    return f"{column} IN ({', '.join(f.cast(name.lower(), t.String).sql() for name in names)})"


def happened(
    account: Curated, metrics: Iterable[str] = (), *, merged: Any = None, since: tl.Expr[Any] | None = None
) -> tl.Sql:
    """One row per event, each once, of these metrics (none: of all). With metrics it reads their events alone.

    ``merged`` is a relation of your own with (profile_id, merged_into): Klaviyo's connector does not tell which profiles
    were merged. With it ``profile_id`` is the surviving profile; without it nothing is merged. ``merged_into`` is the profile
    that survives in the end: a chain of merges is not followed. Where there are several
    accounts it has a column ``account`` too, and so have all parts here, in front.
    Columns: event_id, datetime, metric (lower case, '' where it is not known), integration_name, profile_id, value
    (Decimal(38, 4), 0 where there is none), currency, apple_privacy_open, bot_click, campaign_id, flow_id, message_id,
    variation_id, attributed_event_id, attributed_message_id, attributed_campaign_id, attributed_flow_id,
    attributed_variation_id, utm_source, utm_medium, utm_campaign, order_ref.
    """
    names = tuple(metrics)
    apart = own(account)
    known = account.get("metrics_latest")
    conditions = []
    if names and known is None:
        conditions.append(one_of(names, "lower(ifNull(e.metric_name, ''))"))
    elif names:
        # By id, the first column of the sorting key: other metrics' events are not read at all.
        conditions.append(named(account, names, "e.metric_id"))
    conditions += ["e.datetime >= {since}"] if since is not None else []
    text = """SELECT
    {own}e.event_id AS event_id,
    e.datetime AS datetime,
    lower(ifNull(e.metric_name, '')) AS metric,
    e.integration_name AS integration_name,
    {profile} AS profile_id,
    toDecimal128(ifNull(e.value, 0), 4) AS value,
    toString(ifNull(e.currency, '')) AS currency,
    e.apple_privacy_open AS apple_privacy_open,
    e.bot_click AS bot_click,
    e.campaign_id AS campaign_id,
    e.flow_id AS flow_id,
    e.message_id AS message_id,
    e.variation_id AS variation_id,
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.attributed_variation_id AS attributed_variation_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM {events} AS e"""
    profile = "e.profile_id"
    relations: dict[str, Any] = {"events": account.events_latest}
    if names and known is not None:
        relations["metrics"] = known
    if merged is not None:
        text += "\n" + survivors(account, merged)
        profile = "coalesce(g.survivor, e.profile_id)"
        relations["merged"] = merged
    if since is not None:
        relations["since"] = since
    text += f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    return tl.sql(text.replace("{profile}", profile).replace("{own}", apart.of("e")), **relations)


def named(account: Curated, names: Iterable[str], column: str = "metric_id") -> str:
    """The condition that a metric id is of one of these names, over a reference ``metrics``: it bounds what is read."""
    apart = own(account)
    known = one_of(names, "lower(ifNull(name, ''))")
    return f"{apart.pair(column)} IN (SELECT {apart.key}metric_id FROM {{metrics}} WHERE {known})"


def campaigns_of_messages(account: Curated) -> str:
    """SELECT with every id by which an event may name a campaign, over a reference ``campaigns``: message, campaign.

    Of ids that two campaigns share, the newest state's.
    """
    apart = own(account)
    return f"""SELECT {apart.key}message, toNullable(argMax(campaign_id, version)) AS campaign
        FROM {{campaigns}}
        ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
        GROUP BY {apart.key}message"""


def survivors(account: Curated, merged: Any) -> str:
    """The join of rows ``e`` with their surviving profile ``g.survivor``, over a reference ``merged``.

    Raises:
        DeclarationError: ``merged`` has no column ``account`` where there are several accounts.
    """
    apart = told_by_account(account, "merged", merged)
    return f"""LEFT JOIN (
    SELECT {apart.key}toString(profile_id) AS profile, toNullable(any(toString(merged_into))) AS survivor
    FROM {{merged}}
    GROUP BY {apart.key}profile
) AS g ON e.profile_id = g.profile{apart.same("e", "g")}"""


def email_clicks(account: Curated, *, account_shop: str | Mapping[str, str] = "", merged: Any = None) -> tl.Sql | None:
    """One row per click in an e-mail by a profile with an address, clicks by programs left out; None without ``profiles``.

    For ``clicks=`` of the shop's ``checkout_recovery``: address and moment are all that a shop needs to know of Klaviyo.
    ``account_shop`` is the shop_url of the account, or of each of several; without it a click counts for every shop.
    Columns: shop_url where ``account_shop`` is given, email (lower case, trimmed), clicked_at.
    """
    apart, shop = own(account), shop_of_account(account, account_shop, "h.account")
    profiles = account.get("profiles_latest")
    if profiles is None or account.get("events") is None or account.get("metrics") is None:
        return None
    owner, join = (
        ("coalesce(g.survivor, e.profile_id)", "\n" + survivors(account, merged))
        if merged is not None
        else ("e.profile_id", "")
    )
    return tl.sql(
        f"""SELECT {f"{shop} AS shop_url, " if shop else ""}c.email AS email, h.datetime AS clicked_at
FROM ({{clicks}}) AS h
INNER JOIN (
    SELECT DISTINCT {apart.of("e")}assumeNotNull({owner}) AS profile_id, assumeNotNull(e.email_norm) AS email
    FROM {{profiles}} AS e{join}
    WHERE e.email_norm IS NOT NULL
) AS c ON h.profile_id = c.profile_id{apart.same("h", "c")}
WHERE NOT h.bot_click""",
        clicks=happened(account, CLICKED, merged=merged),
        profiles=profiles,
        **({"merged": merged} if merged is not None else {}),
    )


def shop_of_account(account: Curated, account_shop: str | Mapping[str, str], column: str = "account") -> str:
    """SQL for the shop of an account; '' where none is given. ``column`` holds the account.

    Raises:
        DeclarationError: a shop is given for an account that is not declared.
    """
    if isinstance(account_shop, str):
        return f.cast(account_shop, t.String).sql() if account_shop else ""
    if not account_shop:
        return ""
    known = account.context.accounts
    for name in account_shop:
        if name not in known:
            raise errors.unknown_account(name, known)
    if not own(account).several:
        return f.cast(next(iter(account_shop.values())), t.String).sql()
    names, shops = (f.cast(list(part), t.Array(t.String)).sql() for part in zip(*account_shop.items(), strict=True))
    return f"transform({column}, {names}, {shops}, '')"
