"""Events: what profiles did, and what was sent to them.

An event's record carries ids; whose metric, campaign and flow they are is looked up in ``events_latest``.
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets import common as c
from tilla.datasets.common import Context, filled, first_filled, flag, key_text
from tilla.datasets.klaviyo.older import old_text
from tilla.sources.raw import UTC_MS, Document, Landed

# Metrics whose ``$event_id`` is the order's id where Shopify sends them; of others it is something else.
ORDER_METRICS = ("placed order", "fulfilled order", "cancelled order", "refunded order")

# Where an address with UTM parameters may stand, the best first.
ADDRESSES = (("URL",), ("page",), ("page_url",), ("$extra", "full_landing_site"), ("$extra", "landing_site"))


def events(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per event; the newest extraction wins.

    The key is (metric_id, UTC day, event_id): metric and moment of an event never change, so that every delivery of it has
    the same key. A record without id or moment stays in raw only.
    """
    properties = raw.at("attributes", "event_properties").named("_properties")
    happened = tl.let(f.coalesce(raw.time("datetime"), raw.time("attributes", "datetime")), "_happened")
    epoch = f.cast("1970-01-01 00:00:00.000", UTC_MS)
    found = _tagged_address(properties)

    class Event(tl.Columns):
        event_id = tl.derive(key_text(raw.text("id")), comment="Klaviyo's id of the event")
        datetime = tl.derive(f.if_null(happened, epoch), comment="when it happened (UTC)", codec="Delta, ZSTD(1)")
        metric_id = tl.derive(
            key_text(raw.text("relationships", "metric", "data", "id")),
            comment="metrics.metric_id; '' when the record has none",
        )
        profile_id = tl.derive(
            filled(raw.text("relationships", "profile", "data", "id")),
            comment="profiles.profile_id; NULL for an anonymous event",
        )
        flow_id = tl.derive(
            first_filled(properties.text("$flow"), *old_text(raw, "flow_id")),
            comment="flows.flow_id, for a message of a flow",
        )
        message_id = tl.derive(
            first_filled(properties.text("$message"), *old_text(raw, "flow_message_id"), *old_text(raw, "campaign_id")),
            comment="the message; of a campaign, its id or one of its messages",
        )
        variation_id = tl.derive(filled(properties.text("$variation")), comment="the variation in an A/B test")
        value = tl.derive(properties.decimal("$value"), comment="$value, in the account's currency")
        currency = tl.derive(c.word(filled(properties.text("$currency_code"))), comment="$currency_code")
        event_ref = tl.derive(
            filled(properties.text("$event_id")), comment="$event_id as text; of Shopify's orders, the order's id"
        )
        other_order_ref = tl.derive(
            first_filled(properties.text("OrderId"), properties.text("$extra", "id")),
            comment="OrderId, else $extra.id, as text",
        )
        utm_source = tl.derive(_utm(properties, found, "utm_source"), comment="as sent, decoded")
        utm_medium = tl.derive(_utm(properties, found, "utm_medium"), comment="from where utm_source is")
        utm_campaign = tl.derive(_utm(properties, found, "utm_campaign"), comment="from where utm_source is")
        apple_privacy_open = tl.derive(
            f.or_(flag(properties.boolean("Apple Privacy Open")), flag(properties.boolean("machine_open"))),
            comment="true for an open that a mail program made by itself",
        )
        bot_click = tl.derive(flag(properties.boolean("Bot Click")), comment="true for a click by a program")
        attributed_event_id = tl.derive(
            filled(properties.text("$attribution", "$attributed_event_id")),
            comment="the touch that Klaviyo gives the credit to",
        )
        attributed_message_id = tl.derive(
            filled(properties.text("$attribution", "$message")), comment="its message, campaign or message id"
        )
        attributed_flow_id = tl.derive(filled(properties.text("$attribution", "$flow")), comment="its flow")
        attributed_variation_id = tl.derive(
            filled(properties.text("$attribution", "$variation")), comment="its variation in an A/B test"
        )
        properties_json = tl.derive(
            raw.whole("attributes", "event_properties"),
            name="properties",
            comment="all of it, JSON text",
            codec="ZSTD(3)",
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.extraction_version(raw)

    return c.entity(
        context,
        "events",
        Event,
        raw,
        order_by=(Event.metric_id, f.to_date(Event.datetime, "UTC"), Event.event_id),
        version=Event.version,
        month=c.month(Event.datetime),
        where=f.and_(
            raw.required(filled(raw.text("id")).is_not_null(), ("id",)),
            raw.required(happened.is_not_null(), ("datetime",), ("attributes", "datetime")),
        ),
        comment="One row per event.",
    )


def _tagged_address(properties: Document) -> tl.Expr[str]:
    """The first address of an event that carries a utm_source; '' when none does."""
    texts = [f.if_null(properties.text(*path), "") for path in ADDRESSES]
    tagged = [(f.extract_url_parameter(text, "utm_source") != "", text) for text in texts]
    return tl.let(f.multi_if(*(part for pair in tagged for part in pair), ""), "_tagged_address")


def _utm(properties: Document, address: tl.Expr[str], name: str) -> tl.Expr[str | None]:
    """A UTM parameter: from the properties where they have a source, else from the address, decoded."""
    in_address = f.raw("decodeURLFormComponent", f.extract_url_parameter(address, name), type=t.String)
    own = tl.let(filled(properties.text("utm_source")).is_not_null(), "_own_utm")
    return f.if_(own, filled(properties.text(name)), filled(in_address))


def latest(context: Context, table: Any, newest: dict[str, Any]) -> tl.View[Any]:
    """``events_latest``: events once, with the names of their metric, campaign and flow as of now.

    ``campaign_id`` is looked up by the message among the ids of campaigns and of their messages; an event of a flow has
    none. Names whose stream is not synced, or whose row has not landed, are NULL.
    """
    joins, relations = [], {}
    several = context.account is not None

    def same(alias: str) -> str:
        """Ids are an account's own: where there are several, names are looked up among its rows."""
        return f" AND newest.account = {alias}.account" if several else ""

    have = {name: newest.get(name) for name in ("metrics", "campaigns", "flows")}
    if have["metrics"] is not None:
        joins.append("LEFT JOIN {metrics} AS m ON newest.metric_id = m.metric_id" + same("m"))
        relations["metrics"] = have["metrics"]
    if have["campaigns"] is not None:
        for alias, key in (("c", "message_id"), ("a", "attributed_message_id")):
            found = _messages("account" if several else "")
            joins.append(f"LEFT JOIN (\n    {found}\n) AS {alias} ON newest.{key} = {alias}.message{same(alias)}")
        relations["campaigns"] = have["campaigns"]
    if have["flows"] is not None:
        joins.append("LEFT JOIN {flows} AS f ON newest.flow_id = f.flow_id" + same("f"))
        relations["flows"] = have["flows"]
    text, word = t.Nullable(t.String), c.WORD
    names = ", ".join(f"'{name}'" for name in ORDER_METRICS)
    shopify_order = f"lower(m.integration_name) = 'shopify' AND lower(m.name) IN ({names})"
    more = (
        (_column("metric_name", text, "name of the metric"), "m.name", "metrics"),
        (_column("integration_name", word, "integration of the metric"), "m.integration_name", "metrics"),
        (
            _column("order_ref", text, "the shop's order id as text, of an event about an order"),
            f"if({shopify_order}, coalesce(newest.event_ref, newest.other_order_ref), newest.other_order_ref)",
            "metrics",
        ),
        (
            _column("campaign_id", text, "campaigns.campaign_id of the message; NULL for a flow, or not known"),
            "if(newest.flow_id IS NULL, c.campaign, NULL)",
            "campaigns",
        ),
        (
            _column("campaign_name", text, "name of that campaign"),
            "if(newest.flow_id IS NULL, c.campaign_name, NULL)",
            "campaigns",
        ),
        (
            _column("attributed_campaign_id", text, "campaigns.campaign_id that Klaviyo gives the credit to"),
            "if(newest.attributed_flow_id IS NULL, a.campaign, NULL)",
            "campaigns",
        ),
        (_column("flow_name", text, "name of the flow"), "f.name", "flows"),
    )
    absent = {"metrics": "newest.other_order_ref"}
    items = []
    for column, sql, needs in more:
        nothing = absent[needs] if column.name == "order_ref" else f"CAST(NULL, '{column.type}')"
        items.append((column, sql if have[needs] is not None else nothing))
    return c.latest(
        context,
        table,
        more=tuple(items),
        joined="\n".join(joins),
        comment="One row per event, with the names of its metric, campaign and flow as of now.",
        **relations,
    )


def _messages(account: str) -> str:
    """Every id by which an event may name a campaign, each once: of ids that two campaigns share, the newest state's."""
    owner = f"{account}, " if account else ""
    return f"""SELECT
        {owner}message,
        toNullable(argMax(campaign_id, version)) AS campaign,
        argMax(tuple(name), version).1 AS campaign_name
    FROM {{campaigns}}
    ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
    GROUP BY {owner}message"""


def _column(name: str, type: t.DataType[Any], comment: str) -> tl.Column[Any]:
    return tl.column(type, name=name, comment=comment)
