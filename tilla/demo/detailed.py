"""Klaviyo's ``_detailed`` streams: the plain records, and what the connector fetches besides."""

from __future__ import annotations

from functools import cache
from typing import Any

from tilla.demo import klaviyo

Record = dict[str, Any]

STREAMS = ("events_detailed", "campaigns_detailed", "lists_detailed")


@cache
def _metrics() -> dict[str, Record]:
    return {record["id"]: record["attributes"] for record in klaviyo.metrics()}


def event(record: Record) -> Record:
    """Return an event with its metric whole."""
    found: Record = record["relationships"]
    metric = found["metric"]["data"]
    whole = metric | _metrics()[metric["id"]]
    return record | {"relationships": found | {"metric": found["metric"] | {"data": whole}}}


def campaign(record: Record) -> Record:
    """Return a campaign with its messages whole; its channel stands in them."""
    attributes = {key: value for key, value in record["attributes"].items() if key != "channel"}
    channel = record["attributes"]["channel"]
    content = {"subject": record["attributes"]["name"], "preview_text": None, "from_email": "shop@example.com"}
    messages = [
        {
            "type": "campaign-message",
            "id": message["id"],
            "attributes": {
                "label": "Default",
                "channel": channel,
                "content": content | {"from_label": "Shop"} if channel == "email" else {"body": "Hi"},
                "send_times": [],
                "created_at": attributes["created_at"],
                "updated_at": attributes["updated_at"],
            },
        }
        for message in record["relationships"]["campaign-messages"]["data"]
    ]
    more = {"estimated_recipient_count": 1250, "campaign_messages": messages}
    return record | {"attributes": attributes} | more


def of_list(record: Record) -> Record:
    """Return a list with the number of its profiles."""
    return record | {"attributes": record["attributes"] | {"profile_count": 15234}}


__all__ = ["STREAMS", "campaign", "event", "of_list"]
