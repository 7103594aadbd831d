"""Reads a shop's records as a careful person would, with the published definitions and nothing of the generator's.

It answers a few of the analytics tables slowly and plainly, so that a test can hold the generator's records
against the generator's truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
TRUE = (True, "true", "True", 1, "1")


def rate(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if whole else None


def money(price_set: Row | None) -> Decimal:
    return Decimal(str(price_set["shop_money"]["amount"])) if price_set else Decimal(0)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class Reader:
    def __init__(self, deliveries: Iterable[Any], timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.deliveries: dict[str, list[Any]] = defaultdict(list)
        for delivery in deliveries:
            self.deliveries[delivery.stream.id].append(delivery)

    def day(self, text: str) -> date:
        return moment(text).astimezone(self.zone).date()

    def latest(self, stream: str, key: str = "id") -> dict[Any, Row]:
        """Return the newest state per key: by updated_at, then by extraction."""
        found: dict[Any, tuple[Any, Row]] = {}
        for one in self.deliveries[stream]:
            updated = one.record.get("updated_at") or one.record.get("updated")
            version = (moment(updated) if updated else datetime.min.replace(tzinfo=UTC), one.extracted_at)
            if one.record[key] not in found or version >= found[one.record[key]][0]:
                found[one.record[key]] = (version, one.record)
        return {id: record for id, (_, record) in found.items()}

    # --- orders ---

    def orders(self) -> list[Row]:
        deleted = {d.record["id"] for d in self.deliveries["shopify.orders"] if d.record.get("deleted_at")}
        return [o for id, o in self.latest("shopify.orders").items() if id not in deleted and not o["test"]]

    def refunds(self) -> dict[int, list[Row]]:
        """Return refunds per order, one per refund id, from both streams that carry them."""
        found: dict[int, Row] = {}
        for one in self.deliveries["shopify.orders"]:
            found |= {refund["id"]: refund for refund in one.record.get("refunds", ())}
        found |= {one.record["id"]: one.record for one in self.deliveries["shopify.order_refunds"]}
        per_order: dict[int, list[Row]] = defaultdict(list)
        for refund in found.values():
            per_order[refund["order_id"]].append(refund)
        return per_order

    def goods(self, order: Row) -> tuple[Decimal, Decimal]:
        gross = discounts = Decimal(0)
        for line in order["line_items"]:
            if line["gift_card"]:
                continue
            listed = money(line["price_set"]) * line["quantity"]
            off = sum((money(one["amount_set"]) for one in line["discount_allocations"]), Decimal(0))
            paid, tax = listed - off, sum((money(one["price_set"]) for one in line["tax_lines"]), Decimal(0))
            if order["taxes_included"] and paid:
                listed, off = listed * (paid - tax) / paid, off * (paid - tax) / paid
            gross, discounts = gross + listed, discounts + off
        return gross, discounts

    def daily_sales(self) -> list[Row]:
        days: dict[date, Row] = defaultdict(lambda: defaultdict(Decimal))
        refunds = self.refunds()
        for order in self.orders():
            gross, discounts = self.goods(order)
            sold = days[self.day(order["processed_at"])]
            sold["orders"] += 1
            sold["gross_sales"] += gross
            sold["discounts"] += discounts
            sold["taxes"] += money(order["total_tax_set"])
            sold["shipping"] += sum(
                (money(line["discounted_price_set"]) for line in order["shipping_lines"]), Decimal(0)
            )
            if duties := order["original_total_duties_set"]:  # Python's print of it, not JSON
                sold["duties"] += Decimal(duties.split("'amount': '")[1].split("'")[0])
            booked = Decimal(0)
            for refund in refunds.get(order["id"], ()):
                back = days[self.day(refund["created_at"])]
                for line in refund["refund_line_items"]:
                    if not line["line_item"]["gift_card"]:
                        back["returns"] += money(line["subtotal_set"])
                        booked += money(line["subtotal_set"])
                    back["taxes"] -= money(line["total_tax_set"])
                for one in refund["order_adjustments"]:
                    back["taxes"] += money(one["tax_amount_set"])
                    if one["kind"] == "refund_discrepancy":
                        back["returns"] -= money(one["amount_set"])
                    else:
                        back["shipping"] += money(one["amount_set"])
            if order["cancelled_at"]:
                days[self.day(order["cancelled_at"])]["returns"] += max(Decimal(0), gross - discounts - booked)
        rows = []
        for day, sold in sorted(days.items()):
            net = sold["gross_sales"] - sold["discounts"] - sold["returns"]
            rows.append(
                {
                    "date": day,
                    "orders": int(sold["orders"]),
                    **{name: sold[name] for name in ("gross_sales", "discounts", "returns")},
                    "net_sales": net,
                    **{name: sold[name] for name in ("shipping", "taxes", "duties")},
                    "total_sales": net + sold["shipping"] + sold["taxes"] + sold["duties"],
                    "aov": rate(sold["gross_sales"] - sold["discounts"], int(sold["orders"])),
                }
            )
        return rows

    # --- mail ---

    def events(self) -> list[Row]:
        """Return every event once."""
        return list({one.record["id"]: one.record for one in self.deliveries["klaviyo.events"]}.values())

    def metric_names(self) -> dict[str, tuple[str, str | None]]:
        found = {}
        for id, record in self.latest("klaviyo.metrics").items():
            integration = record["attributes"]["integration"]
            found[id] = record["attributes"]["name"], integration["name"] if integration else None
        return found

    @staticmethod
    def profile(event: Row) -> str | None:
        data = event["relationships"].get("profile", {}).get("data")
        return data["id"] if data else None

    def daily_event_summary(self) -> list[Row]:
        names, cells = self.metric_names(), defaultdict(list)
        for event in self.events():
            metric = event["relationships"]["metric"]["data"]["id"]
            cells[self.day(event["datetime"]), *names[metric]].append(event)
        rows = [
            {
                "date": day,
                "metric": name,
                "events": len(events),
                "unique_profiles": len({self.profile(event) for event in events} - {None}),
                "anonymous_events": sum(self.profile(event) is None for event in events),
                "value": sum((self.value(event) for event in events), Decimal(0)),
                "integration_name": integration,
            }
            for (day, name, integration), events in cells.items()
        ]
        return sorted(rows, key=lambda row: (row["date"], row["metric"], row["integration_name"] or ""))

    @staticmethod
    def value(event: Row) -> Decimal:
        return Decimal(str(event["attributes"]["event_properties"].get("$value") or 0))

    def campaign_performance(self) -> list[Row]:
        campaigns = self.latest("klaviyo.campaigns")
        of_message = {id: id for id in campaigns}
        for id, campaign in campaigns.items():
            of_message |= {message["id"]: id for message in campaign["relationships"]["campaign-messages"]["data"]}
        names = {id: name for id, (name, _) in self.metric_names().items()}
        seen: dict[str, Row] = {id: defaultdict(list) for id in campaigns}
        touches: dict[str | None, list[tuple[datetime, str | None]]] = defaultdict(list)
        placed = []
        for event in self.events():
            name = names[event["relationships"]["metric"]["data"]["id"]]
            properties, profile = event["attributes"]["event_properties"], self.profile(event)
            if name == "Placed Order":
                placed.append((event, profile))
                continue
            campaign = None if "$flow" in properties else of_message.get(properties.get("$message", ""))
            if name in {"Opened Email", "Clicked Email"}:
                touches[profile].append((moment(event["datetime"]), campaign))
            if campaign is None or (name == "Clicked Email" and properties.get("Bot Click") in TRUE):
                continue
            if name.startswith("Unsubscribed"):
                name = "left"
            seen[campaign][name].append(profile)
            if name == "Opened Email" and not any(
                properties.get(flag) in TRUE for flag in ("Apple Privacy Open", "machine_open")
            ):
                seen[campaign]["human"].append(profile)
        for event, profile in placed:
            credit = event["attributes"]["event_properties"].get("$attribution")
            at = moment(event["datetime"])
            if credit is None:
                near = [touch for touch in touches[profile] if timedelta() <= at - touch[0] <= timedelta(days=5)]
                campaign = max(near, key=lambda touch: touch[0])[1] if near else None
            else:
                campaign = None if "$flow" in credit else of_message[credit["$message"]]
            if campaign is not None:
                seen[campaign]["orders"].append(profile)
                seen[campaign]["values"].append(self.value(event))
        return [self.campaign(id, seen[id]) for id in sorted(seen)]

    @staticmethod
    def campaign(id: str, seen: Row) -> Row:
        unique = {name: len(set(profiles)) for name, profiles in seen.items() if name != "values"}
        delivered = unique.get("Received Email", 0)
        recipients = len({*seen["Received Email"], *seen["Bounced Email"]})
        orders, revenue = len(seen["orders"]), sum(seen["values"], Decimal(0))
        return {
            "campaign_id": id,
            "recipients": recipients,
            "delivered": delivered,
            "bounced": recipients - delivered,
            "delivery_rate": rate(delivered, recipients),
            "bounce_rate": rate(recipients - delivered, recipients),
            "opens": len(seen["Opened Email"]),
            "opens_unique": unique.get("Opened Email", 0),
            "open_rate": rate(unique.get("Opened Email", 0), delivered),
            "opens_unique_excl_mpp": unique.get("human", 0),
            "open_rate_excl_mpp": rate(unique.get("human", 0), delivered),
            "clicks": len(seen["Clicked Email"]),
            "clicks_unique": unique.get("Clicked Email", 0),
            "click_rate": rate(unique.get("Clicked Email", 0), delivered),
            "click_to_open_rate": rate(unique.get("Clicked Email", 0), unique.get("Opened Email", 0)),
            "unsubscribe_rate": rate(unique.get("left", 0), delivered),
            "spam_complaint_rate": rate(unique.get("Marked Email as Spam", 0), delivered),
            "conversions": orders,
            "conversion_uniques": unique.get("orders", 0),
            "conversion_rate": rate(unique.get("orders", 0), delivered),
            "placed_order_rate": rate(orders, delivered),
            "revenue": revenue,
            "revenue_per_recipient": rate(revenue, delivered),
            "aov": rate(revenue, orders),
        }

    # --- GA4 ---

    def daily_devices(self) -> list[Row]:
        newest: dict[tuple[str, ...], Row] = {}
        for one in self.deliveries["ga4.devices"]:  # in order of extraction
            record = one.record
            newest[record["date"], record["deviceCategory"], record["operatingSystem"], record["browser"]] = record
        days: dict[str, list[Row]] = defaultdict(list)
        for (day, *_), record in newest.items():
            days[day].append(record)
        rows = []
        for day, records in sorted(days.items()):
            sessions = sum(record["sessions"] for record in records)
            bounced = sum(round(record["sessions"] * record["bounceRate"]) for record in records)
            seconds = sum(round(record["sessions"] * record["averageSessionDuration"]) for record in records)
            views = sum(record["screenPageViews"] for record in records)
            rows.append(
                {
                    "date": date.fromisoformat(day),
                    "sessions": sessions,
                    "engaged_sessions": sessions - bounced,
                    "engagement_rate": rate(sessions - bounced, sessions),
                    "bounce_rate": rate(bounced, sessions),
                    "avg_session_duration": rate(seconds, sessions),
                    "page_views": views,
                    "pages_per_session": rate(views, sessions),
                }
            )
        return rows
