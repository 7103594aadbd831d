"""Klaviyo's records in JSON:API shape: events, campaigns, profiles, metrics, flows, lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.bulk import utc_text
from tilla.demo.facts import Campaign, Event, Order, Profile, Seconds, Touch
from tilla.demo.money import Money
from tilla.demo.people import customer_id, market_of, product_id, variant_id

Record = dict[str, Any]
_API = "https://a.klaviyo.com/api"
FLOW, FLOW_MESSAGE = "FlDemo1", "FmDemo1"
# Who tells that a mail program opened the mail: the flag has had several spellings.
_PRIVACY = (
    {"Apple Privacy Open": True},
    {"machine_open": True},
    {"Apple Privacy Open": "true"},
    {"Apple Privacy Open": "True", "machine_open": True},
    {"Apple Privacy Open": 1},
)


def metric_id(metric: int) -> str:
    """Return a metric's id."""
    return f"DeMtr{metric:02d}"


def profile_id(profile: Profile) -> str:
    """Return a profile's id."""
    return f"01HDEMOPROFILE{profile.number:012d}"


def message_id(campaign: Campaign) -> str:
    """Return what events carry in ``$message``: the campaign's one message, or the campaign itself."""
    return f"01HDEMOMESSAGE{campaign.number:012d}" if campaign.by_message else campaign.id


@attrs.frozen
class Klaviyo:
    """Writes the records of the shop's Klaviyo account."""

    money: Money
    zone: ZoneInfo

    # --- events ---

    def event(self, event: Event) -> Record:
        """Return an event."""
        id, at = event.id, event.at
        if event.metric in {cat.VIEWED, cat.VIEWED_CUSTOM} and at % 3 == 0:  # the millisecond of a browser
            moment = datetime.fromtimestamp(at, UTC).replace(microsecond=987000).isoformat()
        elif event.order is not None and event.order.number % 8 == 5:  # some senders keep their own offset
            moment = datetime.fromtimestamp(at, UTC).astimezone(self.zone).isoformat()
        else:
            moment = utc_text(at)
        relationships: Record = {}
        if event.profile is not None:
            relationships["profile"] = _related(
                "events", id, "profile", {"type": "profile", "id": profile_id(event.profile)}
            )
        elif at % 2:
            relationships["profile"] = _related("events", id, "profile", None)
        relationships["metric"] = _related("events", id, "metric", {"type": "metric", "id": metric_id(event.metric)})
        native = event.metric == cat.PLACED and event.order is not None and event.order.touch and event.order.native
        if event.metric not in {cat.VIEWED, cat.VIEWED_CUSTOM}:
            credit = [{"type": "attribution", "id": f"{at:032x}"}] if native else []
            relationships["attributions"] = _related("events", id, "attributions", credit)
        return {
            "type": "event",
            "id": id,
            "attributes": {
                "timestamp": at,
                "event_properties": self._properties(event),
                "datetime": moment,
                "uuid": f"{at:08x}-de75-11ee-8001-{sum(map(ord, id)):012x}",
            },
            "relationships": relationships,
            "links": {"self": f"{_API}/events/{id}/"},
            "datetime": moment,
        }

    def _properties(self, event: Event) -> Record:
        if event.metric == cat.PLACED and event.order is not None:
            return self._placed(event, event.order)
        if event.order is not None:
            return self._about_order(event, event.order)
        if event.metric in {cat.VIEWED, cat.VIEWED_CUSTOM}:
            return self._viewed(event)
        if event.metric == cat.STARTED and event.product is not None:
            return {
                "$event_id": event.id,
                "$value": float(self.money.text(event.value or 0)),
                "Items": [event.product.title],
                "$extra": {"landing_site": "/?utm_source=google&utm_medium=cpc"},
            }
        return self._mailed(event)

    def _mailed(self, event: Event) -> Record:
        """Return what an e-mail's events carry."""
        message = FLOW_MESSAGE if event.campaign is None else message_id(event.campaign)
        properties: Record = {"$event_id": f"{message}:{event.id}", "$message": message, "Email Domain": "example.com"}
        if event.campaign is None:
            properties |= {"$flow": FLOW, "$variation": "VaDemo1", "Campaign Name": "Abandoned Cart: Email 1"}
        else:
            properties |= {"Campaign Name": event.campaign.name, "Subject": f"{event.campaign.name} for you"}
            properties["$_cohort$message_send_cohort"] = f"{event.campaign.send_at}:{message}"
        if event.metric == cat.RECEIVED:
            properties |= {"$ESP": 0, "Inbox Provider": "Other"}
        if event.metric in {cat.OPENED, cat.CLICKED}:
            properties["$message_interaction"] = message
        if event.metric == cat.OPENED:
            if event.privacy:
                properties |= _PRIVACY[event.at % len(_PRIVACY)] | {"Client Name": "Apple Mail", "Client OS": "iOS"}
            elif event.at % 2:
                properties |= {"Apple Privacy Open": False, "Client Name": "Gmail"}
        elif event.metric == cat.CLICKED:
            campaign = "Abandoned%20Cart" if event.campaign is None else "spring%20sale"
            properties["URL"] = (
                f"https://shop.example.com/?utm_source=klaviyo&utm_medium=email&utm_campaign={campaign}&_kx=abc.XyZ"
            )
            if event.bot or event.at % 2:
                properties["Bot Click"] = (True, "true", 1)[event.at % 3] if event.bot else False
        elif event.metric == cat.BOUNCED:
            properties["Bounce Type"] = "Hard" if event.at % 2 else "Soft"
        elif event.metric == cat.LEFT_LIST:
            properties["List"] = "Newsletter"
        return properties

    def _placed(self, event: Event, order: Order) -> Record:
        """Return what an order carries: the shop's order id, its value, the e-mail that gets the credit."""
        total = self.money.text(event.value or 0)
        lines = order.first_lines or order.lines
        properties: Record = {
            "$event_id": order.id if order.number % 3 == 0 else str(order.id),
            "$value": total if order.number % 4 == 1 else float(total),
            "$currency_code": self.money.shop,
            "Items": [line.product.title for line in lines],
            "Collections": [],
            "Item Count": sum(line.quantity for line in lines),
            "Discount Codes": [one.title for one in order.discounts if one.kind != "automatic"],
            "Total Discounts": self.money.text(sum(line.discount for line in lines)),
            "Source Name": order.source,
            "tags": [],
        }
        if order.touch is not None and order.native:
            properties["$attribution"] = _attribution(order.touch)
        properties["$extra"] = {
            "id": order.id,
            "line_items": [
                {
                    "id": line.id,
                    "sku": line.product.sku,
                    "price": self.money.text(line.price),
                    "quantity": line.quantity,
                    "variant_id": variant_id(line.product),
                }
                for line in lines
            ],
            "landing_site": order.landing,
            "total_price": total,
            "presentment_currency": self.money.code(order.presentment),
        }
        if order.landing is not None and order.number % 2:
            properties["$extra"]["full_landing_site"] = f"https://shop.example.com{order.landing}"
        return properties

    def _about_order(self, event: Event, order: Order) -> Record:
        """Return what one product of an order, a refund or a cancel carries."""
        value = float(self.money.text(event.value or 0))
        if event.metric == cat.ORDERED and event.product is not None:
            return {
                "$event_id": f"{order.id}:{event.id}",
                "$value": value,
                "OrderId": str(order.id),
                "Name": event.product.title,
                "SKU": event.product.sku,
                "Variant Name": event.product.variant,
            }
        return {"$event_id": str(order.id), "$value": value, "Reason": None, "Items": [], "$extra": {}}

    def _viewed(self, event: Event) -> Record:
        product = event.product or cat.PRODUCTS[0]
        slug = product.title.split()[-1].lower()
        page = f"https://shop.example.com/products/{slug}"
        properties: Record = {
            "Product Name": product.title,
            "Product ID": product_id(product),
            "SKU": product.sku,
            "Categories": [],
            "Price": float(self.money.text(product.price)),
            "Compare At Price": None,
            "URL": page,
        }
        if event.at % 5 < 2:
            query = "utm_source=Instagram&utm_medium=paid&utm_campaign=launch"
            properties |= {"URL": f"{page}?{query}", "page": page}
            if event.at % 5:
                properties |= {"utm_source": "Instagram", "utm_medium": "paid", "utm_campaign": "launch"}
        return properties | {"$is_session_activity": True, "$event_id": event.at, "dotted.key": "one key"}

    # --- campaigns ---

    def campaign(self, campaign: Campaign, *, sent: bool) -> Record:
        """Return a campaign before or after it was sent."""
        id, message = campaign.id, f"01HDEMOMESSAGE{campaign.number:012d}"
        send = utc_text(campaign.send_at) if campaign.send_at is not None else None
        updated = utc_text(campaign.created_at + 1800)
        if sent and campaign.send_at is not None:
            updated = datetime.fromtimestamp(campaign.send_at + 2400, UTC).replace(microsecond=1).isoformat()
        strategy: Record = {
            "method": "immediate",
            "options_static": None,
            "options_throttled": None,
            "options_sto": None,
        }
        if send is not None:
            strategy |= {
                "method": "static",
                "options_static": {"datetime": send, "is_local": False, "send_past_recipients_immediately": None},
            }
        messages = [{"type": "campaign-message", "id": message}]
        if campaign.status == "Cancelled":
            messages.append({"type": "campaign-message", "id": f"01HDEMOVARIANT{campaign.number:012d}"})
        return {
            "type": "campaign",
            "id": id,
            "attributes": {
                "name": campaign.name,
                "status": campaign.status if sent or send is None else "Scheduled",
                "archived": campaign.status == "Cancelled",
                "audiences": {"included": ["LsDemo1"] if campaign.channel == "email" else [], "excluded": []},
                "send_options": {"use_smart_sending": True},
                "tracking_options": {
                    "add_tracking_params": True,
                    "custom_tracking_params": [],
                    "is_tracking_clicks": True,
                    "is_tracking_opens": True,
                },
                "send_strategy": strategy,
                "created_at": datetime.fromtimestamp(campaign.created_at, UTC).replace(microsecond=123456).isoformat(),
                "scheduled_at": utc_text(campaign.created_at + 1800) if send is not None else None,
                "updated_at": updated,
                "send_time": send,
                "channel": campaign.channel,
            },
            "relationships": {
                "campaign-messages": _related("campaigns", id, "campaign-messages", messages),
                "tags": _related("campaigns", id, "tags", []),
            },
            "links": {"self": f"{_API}/campaigns/{id}/"},
            "updated_at": updated,
        }

    # --- profiles ---

    def profile(self, profile: Profile, at: Seconds) -> Record:
        """Return a profile as it is at a moment; later versions have predictions."""
        id, customer = profile_id(profile), profile.customer
        updated = utc_text(at)
        market = market_of(customer)
        placed = customer is not None
        numbers = profile.number % 2 == 0
        latitude, longitude = (market.latitude, market.longitude) if placed else (None, None)
        later = at > profile.created_at
        attributes: Record = {
            "email": profile.email,
            "phone_number": None,
            "external_id": str(customer_id(customer)) if customer is not None and numbers else None,
            "anonymous_id": f"01HDEMOANON{profile.number:015d}" if profile.email is None else None,
            "first_name": customer.first_name if customer is not None else None,
            "last_name": customer.last_name if customer is not None else None,
            "organization": None,
            "locale": None,
            "title": None,
            "image": None,
            "created": utc_text(profile.created_at),
            "updated": updated,
            "last_event_date": None,
            "location": {
                "address1": market.street if placed else None,
                "address2": "" if placed and numbers else None,
                "city": market.city if placed else None,
                "country": market.country if placed else None,
                "latitude": latitude if numbers or latitude is None else str(latitude),
                "longitude": longitude if numbers or longitude is None else str(longitude),
                "region": market.province if placed else None,
                "zip": market.zip if placed else None,
                "timezone": market.time_zone if placed else None,
                "ip": None,
            },
            "properties": {
                "$source": -6,
                "Accepts Marketing": profile.subscribed,
                "Initial Source": "klaviyo",
                "Initial Source Medium": "email",
                "Shopify Tags": ["vip", "newsletter"],
            }
            if placed
            else {},
        }
        if profile.number % 7 != 5:
            attributes["predictive_analytics"] = {
                "historic_clv": 107.86 if later else None,
                "predicted_clv": 42.13 if later else None,
                "total_clv": 149.99 if later else None,
                "historic_number_of_orders": 3 if later else None,
                "predicted_number_of_orders": 0.54 if later else None,
                "average_days_between_orders": 189.0 if later else None,
                "average_order_value": 35.95 if later else None,
                "churn_probability": 0.89 if later else None,
                "expected_date_of_next_order": "2026-07-08T00:00:00" if later else None,
            }
        return {
            "type": "profile",
            "id": id,
            "attributes": attributes,
            "relationships": {
                "lists": {"links": _links("profiles", id, "lists")},
                "segments": {"links": _links("profiles", id, "segments")},
            },
            "links": {"self": f"{_API}/profiles/{id}/"},
            "updated": updated,
        }


def metrics() -> list[Record]:
    """Return the account's metrics; one has no integration."""
    found: list[Record] = []
    for position, metric in enumerate(cat.METRICS):
        integration = None
        if metric.integration is not None:
            category = "Internal" if metric.integration == "Klaviyo" else "eCommerce"
            ids = {"Klaviyo": "0rG001", "Shopify": "0eMvjm"}
            integration = {
                "object": "integration",
                "id": ids[metric.integration],
                "name": metric.integration,
                "category": category,
            }
        found.append(
            {
                "type": "metric",
                "id": metric_id(position),
                "attributes": {
                    "name": metric.name,
                    "created": "2022-01-01T00:00:00+00:00",
                    "updated": "2022-01-01T00:00:00+00:00",
                    "integration": integration,
                },
                "relationships": {},
                "links": {"self": f"{_API}/metrics/{metric_id(position)}/"},
                "updated": "2022-01-01T00:00:00+00:00",
            }
        )
    return found


def flows() -> list[Record]:
    """Return the abandoned-cart flow, and one that nobody finished."""
    found = []
    for id, name, status, trigger in (
        (FLOW, "Abandoned Cart", "live", "Metric"),
        ("FlDemo2", "Never configured", "draft", "Unconfigured"),
    ):
        found.append(
            {
                "type": "flow",
                "id": id,
                "attributes": {
                    "name": name,
                    "status": status,
                    "archived": False,
                    "created": "2023-05-31T06:48:46+00:00",
                    "updated": "2024-02-01T10:00:00+00:00",
                    "trigger_type": trigger,
                },
                "relationships": {
                    "flow-actions": _related("flows", id, "flow-actions", [{"type": "flow-action", "id": "60000001"}]),
                    "tags": _related("flows", id, "tags", []),
                },
                "links": {"self": f"{_API}/flows/{id}/"},
                "updated": "2024-02-01T10:00:00+00:00",
            }
        )
    return found


def lists() -> list[Record]:
    """Return the account's lists."""
    found = []
    for id, name, process in (
        ("LsDemo1", "Newsletter", "single_opt_in"),
        ("LsDemo2", "Kund:innen ü30", "double_opt_in"),
    ):
        found.append(
            {
                "type": "list",
                "id": id,
                "attributes": {
                    "name": name,
                    "created": "2022-01-01T00:00:00+00:00",
                    "updated": "2023-01-01T00:00:00+00:00",
                    "opt_in_process": process,
                },
                "relationships": {
                    "profiles": {"links": _links("lists", id, "profiles")},
                    "tags": _related("lists", id, "tags", []),
                },
                "links": {"self": f"{_API}/lists/{id}/"},
                "updated": "2023-01-01T00:00:00+00:00",
            }
        )
    return found


def _attribution(touch: Touch) -> Record:
    if touch.campaign is None:
        return {
            "$attributed_event_id": touch.event,
            "$send_ts": touch.at - 600,
            "$flow": FLOW,
            "$message": FLOW_MESSAGE,
            "$variation": "VaDemo1",
        }
    return {"$attributed_event_id": touch.event, "$send_ts": touch.at - 600, "$message": message_id(touch.campaign)}


def _links(kind: str, id: str, name: str) -> Record:
    return {"self": f"{_API}/{kind}/{id}/relationships/{name}/", "related": f"{_API}/{kind}/{id}/{name}/"}


def _related(kind: str, id: str, name: str, data: Any) -> Record:
    return {"data": data, "links": _links(kind, id, name)}
