"""Campaigns, profiles, metrics, flows and lists: one row per id, the newest ``updated_at`` wins."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets import common as c
from tilla.datasets.common import Context, filled, first_filled, ids, key_text
from tilla.sources.raw import Landed


def _entity(
    context: Context, name: str, body: Any, raw: Landed, *, key: tl.Column[Any], comment: str
) -> tl.MaterializedView[Any]:
    """A table keyed by one id; a record without it stays in raw only."""
    version: tl.Column[Any] = body.version
    there = raw.required(filled(raw.text("id")).is_not_null(), ("id",))
    return c.entity(context, name, body, raw, order_by=(key,), version=version, where=there, comment=comment)


def campaigns(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per campaign. A renamed campaign keeps its id: never group by name."""
    message = ("campaign_messages", 1, "attributes")

    class Campaign(tl.Columns):
        campaign_id = tl.derive(key_text(raw.text("id")), comment="Klaviyo's id of the campaign")
        name = tl.derive(raw.text("attributes", "name"), comment="name; it may change")
        status = tl.derive(c.word(raw.text("attributes", "status")), comment="Draft, Scheduled, Sent, Cancelled, ...")
        channel = tl.derive(
            c.word(f.lower(first_filled(raw.text("attributes", "channel"), raw.text(*message, "channel")))),
            comment="email, sms or mobile_push; lower case",
        )
        archived = tl.derive(raw.boolean("attributes", "archived"), comment="true where it was archived")
        send_time = tl.derive(
            raw.time("attributes", "send_time"), comment="when it is or was sent (UTC); NULL for a draft"
        )
        scheduled_at = tl.derive(raw.time("attributes", "scheduled_at"), comment="when it was scheduled (UTC)")
        created_at = tl.derive(raw.time("attributes", "created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(
            f.coalesce(raw.time("updated_at"), raw.time("attributes", "updated_at")),
            comment="when it last changed (UTC)",
        )
        message_ids = tl.derive(
            ids(raw, "relationships", "campaign-messages", "data"),
            comment="its messages, by which events may name it; several in an A/B test",
        )
        subject = tl.derive(raw.text(*message, "content", "subject"), comment="subject; only of campaigns_detailed")
        preview_text = tl.derive(
            raw.text(*message, "content", "preview_text"), comment="preview text; only of campaigns_detailed"
        )
        from_email = tl.derive(
            raw.text(*message, "content", "from_email"), comment="sender; only of campaigns_detailed"
        )
        from_label = tl.derive(
            raw.text(*message, "content", "from_label"), comment="sender's name; only of campaigns_detailed"
        )
        estimated_recipients = tl.derive(
            raw.integer("estimated_recipient_count"), comment="Klaviyo's estimate; only of campaigns_detailed"
        )
        audiences_included = tl.derive(
            raw.strings("attributes", "audiences", "included"), comment="ids of lists and segments that it goes to"
        )
        audiences_excluded = tl.derive(
            raw.strings("attributes", "audiences", "excluded"), comment="ids of lists and segments that are left out"
        )
        send_method = tl.derive(
            c.word(raw.text("attributes", "send_strategy", "method")),
            comment="static, throttled, immediate, smart_send_time",
        )
        smart_sending = tl.derive(
            raw.boolean("attributes", "send_options", "use_smart_sending"),
            comment="true where profiles who got another message lately are skipped",
        )
        tracks_opens = tl.derive(
            raw.boolean("attributes", "tracking_options", "is_tracking_opens"), comment="true where opens are tracked"
        )
        tracks_clicks = tl.derive(
            raw.boolean("attributes", "tracking_options", "is_tracking_clicks"), comment="true where clicks are tracked"
        )
        adds_utm = tl.derive(
            raw.boolean("attributes", "tracking_options", "add_tracking_params"),
            comment="true where links get UTM parameters",
        )
        tracking_params = tl.derive(
            raw.whole("attributes", "tracking_options", "custom_tracking_params"), comment="their definition, JSON text"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return _entity(context, "campaigns", Campaign, raw, key=Campaign.campaign_id, comment="One row per campaign.")


def profiles(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per profile. No record says that a profile was deleted or merged into another."""
    by_email = ("attributes", "subscriptions", "email", "marketing")
    by_sms = ("attributes", "subscriptions", "sms", "marketing")
    forecast = ("attributes", "predictive_analytics")
    place = ("attributes", "location")

    class Profile(tl.Columns):
        profile_id = tl.derive(key_text(raw.text("id")), comment="Klaviyo's id of the profile")
        email = tl.derive(
            raw.text("attributes", "email"), comment="e-mail as entered; NULL for an unidentified profile"
        )
        email_norm = tl.derive(
            c.email_norm(raw.text("attributes", "email")),
            comment="e-mail as an identity: lower case and trimmed, NULL when empty",
        )
        phone = tl.derive(raw.text("attributes", "phone_number"), comment="phone in international form")
        external_id = tl.derive(raw.text("attributes", "external_id"), comment="id in the shop, where it was given")
        first_name = tl.derive(raw.text("attributes", "first_name"), comment="first name")
        last_name = tl.derive(raw.text("attributes", "last_name"), comment="last name")
        organization = tl.derive(raw.text("attributes", "organization"), comment="organization")
        locale = tl.derive(raw.text("attributes", "locale"), comment="language and region, en-US")
        created_at = tl.derive(raw.time("attributes", "created"), comment="when it was created (UTC)")
        updated_at = tl.derive(
            f.coalesce(raw.time("updated"), raw.time("attributes", "updated")), comment="when it last changed (UTC)"
        )
        last_event_at = tl.derive(raw.time("attributes", "last_event_date"), comment="its last event (UTC)")
        city = tl.derive(raw.text(*place, "city"), comment="city")
        region = tl.derive(raw.text(*place, "region"), comment="state or province")
        country = tl.derive(c.word(raw.text(*place, "country")), comment="country, as a word")
        zip = tl.derive(raw.text(*place, "zip"), comment="postal code")
        timezone = tl.derive(c.word(raw.text(*place, "timezone")), comment="IANA zone of the profile")
        latitude = tl.derive(raw.decimal(*place, "latitude", scale=6), comment="degrees, north positive")
        longitude = tl.derive(raw.decimal(*place, "longitude", scale=6), comment="degrees, east positive")
        email_consent = tl.derive(
            c.word(raw.text(*by_email, "consent")), comment="SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED"
        )
        email_consent_at = tl.derive(
            raw.time(*by_email, "consent_timestamp"), comment="when that was given or taken (UTC)"
        )
        can_receive_email = tl.derive(
            raw.boolean(*by_email, "can_receive_email_marketing"), comment="true where marketing e-mail may be sent"
        )
        email_double_optin = tl.derive(raw.boolean(*by_email, "double_optin"), comment="true where it was confirmed")
        suppressions = tl.derive(
            f.array_map(lambda item: f.json_text(item, "reason"), raw.array(*by_email, "suppressions")),
            comment="why no e-mail is sent at all: USER_SUPPRESSED, HARD_BOUNCE, SPAM_COMPLAINT, ...",
        )
        suppressed_at = tl.derive(
            raw.time(*by_email, "suppressions", 1, "timestamp"), comment="the first of them (UTC)"
        )
        sms_consent = tl.derive(c.word(raw.text(*by_sms, "consent")), comment="like email_consent, for SMS")
        sms_consent_at = tl.derive(raw.time(*by_sms, "consent_timestamp"), comment="when that was given or taken (UTC)")
        can_receive_sms = tl.derive(
            raw.boolean(*by_sms, "can_receive_sms_marketing"), comment="true where marketing SMS may be sent"
        )
        list_ids = tl.derive(
            ids(raw, "relationships", "lists", "data"),
            comment="lists.list_id of its lists, where the connector sends them",
        )
        historic_clv = tl.derive(
            raw.decimal(*forecast, "historic_clv"), comment="Klaviyo: value so far, account currency"
        )
        predicted_clv = tl.derive(
            raw.decimal(*forecast, "predicted_clv"), comment="Klaviyo: value of the next year, account currency"
        )
        total_clv = tl.derive(raw.decimal(*forecast, "total_clv"), comment="Klaviyo: both together")
        historic_orders = tl.derive(
            raw.integer(*forecast, "historic_number_of_orders"), comment="Klaviyo: orders so far"
        )
        predicted_orders = tl.derive(
            raw.decimal(*forecast, "predicted_number_of_orders"), comment="Klaviyo: orders of the next year, a fraction"
        )
        average_days_between_orders = tl.derive(
            raw.decimal(*forecast, "average_days_between_orders"), comment="Klaviyo: days between orders"
        )
        average_order_value = tl.derive(
            raw.decimal(*forecast, "average_order_value"), comment="Klaviyo: average order, account currency"
        )
        churn_probability = tl.derive(raw.decimal(*forecast, "churn_probability"), comment="Klaviyo: from 0 to 1")
        expected_next_order_at = tl.derive(
            raw.time(*forecast, "expected_date_of_next_order"), comment="Klaviyo: when the next order is expected"
        )
        properties = tl.derive(
            raw.whole("attributes", "properties"), comment="custom properties, JSON text", codec="ZSTD(3)"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw, "updated")

    return _entity(context, "profiles", Profile, raw, key=Profile.profile_id, comment="One row per profile.")


def metrics(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per metric. Two integrations may have metrics of one name: join on the id."""
    body = _metric(raw)
    return _entity(context, "metrics", body, raw, key=body.metric_id, comment="One row per metric.")


def metrics_of_events(context: Context, raw: Landed, metrics: tl.MaterializedView[Any] | None) -> Any:
    """The metrics that stand whole in each record of ``events_detailed``, into the same table.

    So names are there for a metric that ``metrics`` lacks, and where that stream is not synced at all.
    """
    path = ("relationships", "metric", "data")
    body = _metric(raw, *path)
    there = f.and_(filled(raw.text(*path, "id")).is_not_null(), raw.text(*path, "name").is_not_null())
    if metrics is None:
        order, comment = (body.metric_id,), "One row per metric."
        return c.entity(
            context, "metrics", body, raw, order_by=order, version=body.version, where=there, comment=comment
        )
    name = context.name("metrics_from_events_detailed_mv")
    return tl.MaterializedView(name, body, source=raw.source, to=metrics, where=there)


def _metric(raw: Landed, *path: str) -> Any:
    """The columns of a metric: of a record of its own, or of one that stands at a path of another record."""
    about = path or ("attributes",)
    integration = (*about, "integration")
    updated = raw.time(*about, "updated") if path else f.coalesce(raw.time("updated"), raw.time(*about, "updated"))

    class Metric(tl.Columns):
        metric_id = tl.derive(key_text(raw.text(*path, "id")), comment="Klaviyo's id of the metric")
        name = tl.derive(raw.text(*about, "name"), comment="name; not unique over integrations")
        integration_id = tl.derive(raw.text(*integration, "id"), comment="id of the integration")
        integration_name = tl.derive(
            c.word(raw.text(*integration, "name")), comment="Klaviyo, Shopify, API, ...; NULL for a custom metric"
        )
        integration_category = tl.derive(c.word(raw.text(*integration, "category")), comment="Internal, eCommerce, ...")
        created_at = tl.derive(raw.time(*about, "created"), comment="when it was created (UTC)")
        updated_at = tl.derive(updated, comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw, *(path or ()), "updated")

    return Metric


def flows(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per flow."""

    class Flow(tl.Columns):
        flow_id = tl.derive(key_text(raw.text("id")), comment="Klaviyo's id of the flow")
        name = tl.derive(raw.text("attributes", "name"), comment="name; it may change")
        status = tl.derive(c.word(raw.text("attributes", "status")), comment="draft, manual or live")
        archived = tl.derive(raw.boolean("attributes", "archived"), comment="true where it was archived")
        trigger_type = tl.derive(
            c.word(raw.text("attributes", "trigger_type")),
            comment="Metric, Added to List, Date Based, Unconfigured, ...",
        )
        created_at = tl.derive(raw.time("attributes", "created"), comment="when it was created (UTC)")
        updated_at = tl.derive(
            f.coalesce(raw.time("updated"), raw.time("attributes", "updated")), comment="when it last changed (UTC)"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw, "updated")

    return _entity(context, "flows", Flow, raw, key=Flow.flow_id, comment="One row per flow.")


def lists(context: Context, raw: Landed) -> tl.MaterializedView[Any]:
    """One row per list."""

    class List(tl.Columns):
        list_id = tl.derive(key_text(raw.text("id")), comment="Klaviyo's id of the list")
        name = tl.derive(raw.text("attributes", "name"), comment="name; it may change")
        opt_in_process = tl.derive(
            c.word(raw.text("attributes", "opt_in_process")), comment="single_opt_in or double_opt_in"
        )
        profile_count = tl.derive(
            raw.integer("attributes", "profile_count"), comment="profiles in it; only of lists_detailed"
        )
        created_at = tl.derive(raw.time("attributes", "created"), comment="when it was created (UTC)")
        updated_at = tl.derive(
            f.coalesce(raw.time("updated"), raw.time("attributes", "updated")), comment="when it last changed (UTC)"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw, "updated")

    return _entity(context, "lists", List, raw, key=List.list_id, comment="One row per list.")
