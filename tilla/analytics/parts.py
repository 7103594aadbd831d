"""Parts for tables of your own: sessions, last touches, cohorts, recency and value, daily snapshots.

Each part is a SELECT (:class:`tilla.Sql`) over rows of yours: a declared relation, or a ``tl.sql`` of your own. Columns are
expressions over it. Give it deduplicated rows (a ``_latest`` view, FINAL): a part counts what it gets. Put it into a view::

    class Visit(tl.Columns):
        visitor = tl.column(t.String)
        at = tl.column(t.DateTime("UTC"))
        page = tl.column(t.String)

    visits = tl.Source("raw_site.visits", Visit)
    whole = sessions(visits, user=Visit.visitor, at=Visit.at, first={"landing_page": Visit.page})
    long = tl.View("analytics_site.long_sessions", query=tl.sql("SELECT * FROM ({whole}) WHERE events > 9", whole=whole))

or into a ``tl.RefreshableView`` with a body. The built-in tables are made of the same parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.channels import channel_group
from tilla.engines import ReplacingMergeTree

Expr = tl.Expr[Any]
Rows = Any
"""A declared relation, or a ``tl.sql`` that gives rows."""


def sessions(
    rows: Rows, *, user: Expr, at: Expr, gap_minutes: int = 30, first: Mapping[str, Expr] | None = None
) -> tl.Sql:
    """One row per session of a user: events with no pause longer than ``gap_minutes`` between them.

    The definition is Google Analytics' own (a pause of 30 minutes ends a session); a session does not end at midnight. Rows
    without a user or a moment belong to no session. ``first`` are values of the first event, by the names that they get.
    Columns: user, session (1 for the user's first), started_at, ended_at, seconds, events, and those of ``first``.

    >>> class Visit(tl.Columns):
    ...     visitor = tl.column(t.String)
    ...     at = tl.column(t.DateTime("UTC"))
    >>> print(sessions(tl.Source("raw.visits", Visit), user=Visit.visitor, at=Visit.at).sql())
    SELECT
        user,
        session,
        min(at) AS started_at,
        max(at) AS ended_at,
        dateDiff('second', started_at, ended_at) AS seconds,
        count() AS events
    FROM (
        SELECT *, sum(begins) OVER (PARTITION BY user ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
        FROM (
            SELECT
                *,
                row_number() OVER earlier = 1 OR at > lagInFrame(at) OVER earlier + toIntervalMinute(30) AS begins
            FROM (
                SELECT visitor AS user, at AS at
                FROM raw.visits
                WHERE user IS NOT NULL AND at IS NOT NULL
            )
            WINDOW earlier AS (PARTITION BY user ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        )
    )
    GROUP BY user, session
    """
    kept = dict(first or {})
    own = "".join(f", {{{_ref(n)}}} AS {name}" for n, name in enumerate(kept))
    firsts = "".join(f",\n    argMin(tuple({name}), at).1 AS {name}" for name in kept)
    return tl.sql(
        f"""SELECT
    user,
    session,
    min(at) AS started_at,
    max(at) AS ended_at,
    dateDiff('second', started_at, ended_at) AS seconds,
    count() AS events{firsts}
FROM (
    SELECT *, sum(begins) OVER (PARTITION BY user ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
    FROM (
        SELECT
            *,
            row_number() OVER earlier = 1 OR at > lagInFrame(at) OVER earlier + toIntervalMinute({gap_minutes:d}) AS begins
        FROM (
            SELECT {{user}} AS user, {{at}} AS at{own}
            FROM {_of(rows)}
            WHERE user IS NOT NULL AND at IS NOT NULL
        )
        WINDOW earlier AS (PARTITION BY user ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
)
GROUP BY user, session""",
        rows=rows,
        user=user,
        at=at,
        **{_ref(n): value for n, value in enumerate(kept.values())},
    )


def last_touch(
    conversions: Rows,
    touches: Rows,
    *,
    user: Expr,
    at: Expr,
    keep: Mapping[str, Expr],
    touched_by: Expr,
    touched_at: Expr,
    touch: Mapping[str, Expr],
    window_hours: int = 120,
) -> tl.Sql:
    """One row per conversion, with the user's last touch before it, at most ``window_hours`` earlier, both ends included.

    ``keep`` are values of the conversion, ``touch`` those of the touch, by the names that they get. Without a touch in the
    window, or without a user, ``touched_at`` and the touch's values are NULL. Of touches in the same moment one wins, always the same. The window
    of five days is Klaviyo's default for e-mail. Columns: those of ``keep``, touched_at, those of ``touch``.

    In memory are the touches of users that converted: they are looked up by ASOF JOIN.
    """
    items = [f"c.{name} AS {name}" for name in keep]
    items.append(
        f"if(t._who != '' AND t._moment >= c._moment - toIntervalHour({window_hours:d}), toNullable(t._moment), NULL) AS touched_at"
    )
    items += [f"if(touched_at IS NULL, NULL, t.touch.{n}) AS {name}" for n, name in enumerate(touch, 1)]
    kept = ", ".join(f"{{{_ref(n)}}} AS {name}" for n, name in enumerate(keep))
    values = ", ".join(f"{{touch{n}}}" for n, _ in enumerate(touch))
    relations: dict[str, Any] = {_ref(n): value for n, value in enumerate(keep.values())}
    relations |= {f"touch{n}": value for n, value in enumerate(touch.values())}
    listed = ",\n    ".join(items)
    return tl.sql(
        f"""SELECT
    {listed}
FROM (
    SELECT ifNull(concat('=', toString({{user}})), '') AS _who, {{at}} AS _moment, {kept}
    FROM {_of(conversions, "conversions")}
) AS c
ASOF LEFT JOIN (
    SELECT assumeNotNull(concat('=', toString({{touched_by}}))) AS _who, {{touched_at}} AS _moment,
        argMax(tuple({values}), toString(tuple({values}))) AS touch
    FROM {_of(touches, "touches")}
    WHERE {{touched_by}} IN (SELECT {{user}} FROM {_of(conversions, "conversions")})
    GROUP BY _who, _moment
) AS t ON c._who = t._who AND c._moment >= t._moment""",
        conversions=conversions,
        touches=touches,
        user=user,
        at=at,
        touched_by=touched_by,
        touched_at=touched_at,
        **relations,
    )


def cohorts(
    rows: Rows,
    *,
    customer: Expr,
    day: Expr,
    amount: Expr,
    as_of: Expr,
    is_order: Expr | None = None,
    by: Mapping[str, Expr] | None = None,
) -> tl.Sql:
    """One row per cohort month and month since, without gaps up to ``as_of``: who came back, and what they were worth.

    A cohort is the customers whose first order falls into the month. ``is_order`` tells orders from rows that only move money
    (a refund counts in its own month, with a negative ``amount``); without it every row is an order. ``by`` keeps groups
    apart (a shop, a currency), by the names that they get. Rows without a customer or a day, and customers without an order,
    are left out. Columns: those of ``by``, cohort_month and month_offset, cohort_size, active_customers, retention_rate, orders,
    net_sales (Decimal(38, 4)), cumulative_ltv (net sales of the cohort so far / its size).
    """
    groups = tuple(by or {})
    apart = "".join(f"{name}, " for name in groups)
    own = "".join(f"{{{_ref(n)}}} AS {name}, " for n, name in enumerate(groups))
    return tl.sql(
        f"""SELECT
    {apart}cohort_month,
    month_offset,
    cohort_size,
    tupleElement(months[month_offset], 1) AS active_customers,
    active_customers / nullIf(cohort_size, 0) AS retention_rate,
    tupleElement(months[month_offset], 2) AS orders,
    tupleElement(months[month_offset], 3) AS net_sales,
    toFloat64(sum(net_sales) OVER (
        PARTITION BY {apart}cohort_month ORDER BY month_offset
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) / nullIf(cohort_size, 0) AS cumulative_ltv
FROM (
    SELECT
        {apart}cohort_month,
        maxIf(active, month = cohort_month) AS cohort_size,
        mapFromArrays(
            groupArray(toUInt32(dateDiff('month', cohort_month, month))), groupArray((active, bought, net))
        ) AS months
    FROM (
        SELECT
            {apart}toStartOfMonth(assumeNotNull(first_day)) AS cohort_month,
            toStartOfMonth(day) AS month,
            uniqExactIf(customer, is_order) AS active,
            countIf(is_order) AS bought,
            sum(amount) AS net
        FROM (
            SELECT
                *,
                min(if(is_order, day, NULL)) OVER (PARTITION BY {apart}customer) AS first_day
            FROM (
                SELECT * REPLACE (assumeNotNull(day) AS day)
                FROM (
                    SELECT
                        {own}{{customer}} AS customer, toDate({{day}}) AS day, toDecimal128({{amount}}, 4) AS amount,
                        {"{is_order}" if is_order is not None else "true"} AS is_order
                    FROM {_of(rows)}
                    WHERE customer IS NOT NULL AND day <= {{as_of}}
                )
            )
        )
        WHERE first_day IS NOT NULL
        GROUP BY {apart}cohort_month, month
    )
    GROUP BY {apart}cohort_month
)
ARRAY JOIN range(toUInt32(dateDiff('month', cohort_month, toStartOfMonth({{as_of}})) + 1)) AS month_offset""",
        rows=rows,
        customer=customer,
        day=day,
        amount=amount,
        as_of=as_of,
        **({"is_order": is_order} if is_order is not None else {}),
        **{_ref(n): value for n, value in enumerate((by or {}).values())},
    )


def rfm(
    rows: Rows,
    *,
    customer: Expr,
    day: Expr,
    amount: Expr,
    as_of: Expr,
    is_order: Expr | None = None,
    by: Mapping[str, Expr] | None = None,
) -> tl.Sql:
    """One row per customer with an order up to ``as_of``: recency, frequency, monetary value, their scores, and the segment.

    A score goes from 1 to 5: 1 plus the number of exact inclusive quantiles (20, 40, 60, 80 %) strictly below the value, of
    all customers of the group; for recency the other way round. The segment is the first that fits: champions r>=4 and f>=4;
    loyal f>=4 and r=3; at_risk r<=2 and f>=3; new r>=4 and f=1; hibernating r<=2; else potential. ``is_order`` and ``by`` are
    as for :func:`cohorts`. Columns: those of ``by``, customer, recency_days, frequency, monetary (Decimal(38, 4)), r, f, m,
    segment.
    """
    groups = tuple(by or {})
    apart = "".join(f"{name}, " for name in groups)
    own = "".join(f"{{{_ref(n)}}} AS {name}, " for n, name in enumerate(groups))
    over = f"OVER ({'PARTITION BY ' + ', '.join(groups) if groups else ''})"
    cuts = "quantilesExactInclusive(0.2, 0.4, 0.6, 0.8)"
    return tl.sql(
        f"""SELECT
    {apart}customer,
    recency_days,
    frequency,
    monetary,
    toUInt8(5 - arrayCount(cut -> cut < recency_days, recency_cuts)) AS r,
    toUInt8(1 + arrayCount(cut -> cut < frequency, frequency_cuts)) AS f,
    toUInt8(1 + arrayCount(cut -> cut < toFloat64(monetary), monetary_cuts)) AS m,
    multiIf(
        r >= 4 AND f >= 4, 'champions',
        f >= 4 AND r = 3, 'loyal',
        r <= 2 AND f >= 3, 'at_risk',
        r >= 4 AND f = 1, 'new',
        r <= 2, 'hibernating',
        'potential'
    ) AS segment
FROM (
    SELECT
        *,
        {cuts}(recency_days) {over} AS recency_cuts,
        {cuts}(frequency) {over} AS frequency_cuts,
        {cuts}(toFloat64(monetary)) {over} AS monetary_cuts
    FROM (
        SELECT
            {apart}assumeNotNull(buyer) AS customer,
            toInt32({{as_of}} - maxIf(day, is_order)) AS recency_days,
            countIf(is_order) AS frequency,
            sum(amount) AS monetary
        FROM (
            SELECT * REPLACE (assumeNotNull(day) AS day)
            FROM (
                SELECT
                    {own}{{customer}} AS buyer, toDate({{day}}) AS day, toDecimal128({{amount}}, 4) AS amount,
                    {"{is_order}" if is_order is not None else "true"} AS is_order
                FROM {_of(rows)}
                WHERE buyer IS NOT NULL AND day <= {{as_of}}
            )
        )
        GROUP BY {apart}customer
        HAVING frequency > 0
    )
)""",
        rows=rows,
        customer=customer,
        day=day,
        amount=amount,
        as_of=as_of,
        **({"is_order": is_order} if is_order is not None else {}),
        **{_ref(n): value for n, value in enumerate((by or {}).values())},
    )


def snapshots(
    relation: Any,
    name: str,
    *,
    key: tuple[tl.Column[Any], ...],
    timezone: str = "UTC",
    refresh: tl.Schedule | None = None,
) -> tl.RefreshableView[Any]:
    """One row per row of a relation and day: a table that a refresh rebuilds gets a history, from the first snapshot on.

    Appended once a day; a second snapshot of a day replaces the first (the newest wins under FINAL). ``key`` are the columns
    that tell the relation's rows apart. What depends on a day, a lifecycle or the members of a segment, has no other history.
    Columns: snapshot_date (the day, in ``timezone``), taken_at, and those of the relation.
    """
    today = f.to_date(f.now(), timezone)
    date = tl.column(t.Date, name="snapshot_date", comment=f"day of the snapshot, {timezone}")
    taken = tl.column(t.DateTime("UTC"), name="taken_at", comment="when the snapshot was taken (UTC)")
    own = tuple(tl.column(_typed(c), name=c.name, comment=c.comment) for c in relation.columns)
    by = {column.name: column for column in own}
    names = ",\n    ".join(column.name for column in own)
    return tl.RefreshableView(
        name,
        (date, taken, *own),
        query=tl.sql(
            f"SELECT\n    {{today}} AS snapshot_date,\n    now('UTC') AS taken_at,\n    {names}\nFROM {{relation}}",
            today=today,
            relation=relation,
        ),
        append=True,
        refresh=refresh or tl.every(days=1).offset(hours=6),
        engine=ReplacingMergeTree(
            order_by=(date, *(by[column.name] for column in key)), version=taken, partition_by=f.to_yyyymm(date)
        ),
        comment=f"One row per day and row of {relation.table}: its history.",
    )


def _of(rows: Rows, name: str = "rows") -> str:
    """What stands behind FROM: a relation by its name, a query in brackets."""
    return f"({{{name}}})" if isinstance(rows, tl.Sql) else f"{{{name}}}"


def _ref(number: int) -> str:
    return f"value{number}"


def _typed(column: tl.Column[Any]) -> t.DataType[Any]:
    assert column.type is not None
    return column.type


__all__ = ["channel_group", "cohorts", "last_touch", "rfm", "sessions", "snapshots"]
