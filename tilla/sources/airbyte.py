"""The five layouts that Airbyte's destination-clickhouse has produced.

Read from the destination's public code: v0.x (until February 2024) and v1.x (until July 2025) write one
column of JSON text; v2.0 and v2.1 write one column per declared top-level field. v2.1 with objects as text
(``enable_json`` off, its default) is what a new connection has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal

import attrs

from tilla import errors
from tilla.sources.connectors import Stream
from tilla.sources.layouts import Layout, Storage
from tilla.sources.values import Writer, column_type, json_text, utc_milliseconds, writer

RAW_ID = "_airbyte_raw_id"
EXTRACTED_AT = "_airbyte_extracted_at"
META = "_airbyte_meta"
GENERATION_ID = "_airbyte_generation_id"
DATA = "_airbyte_data"

# Why a value was dropped, in Airbyte's protocol.
_UNREADABLE = "DESTINATION_SERIALIZATION_ERROR"
_OUT_OF_RANGE = "DESTINATION_FIELD_SIZE_LIMITATION"


def clean_name(name: str) -> str:
    """Return a table or column name as the v2 destination writes it.

    Accents go (NFKD), everything but ASCII letters, digits and ``_`` becomes ``_``, a leading digit gets one
    before it. Case stays.

    >>> clean_name("Größe (cm)"), clean_name("1st"), clean_name("active1DayUsers")
    ('Gro_e__cm_', '_1st', 'active1DayUsers')
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.category(c).startswith("M"))
    cleaned = re.sub(r"[^A-Za-z0-9_]", "_", bare)
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned


def raw_table_name(namespace: str, stream: str) -> str:
    """Return v1's table name; its run of underscores is longer than any in the two names.

    >>> raw_table_name("shop", "orders"), raw_table_name("shop", "odd__name")
    ('shop_raw__stream_orders', 'shop_raw___stream_odd__name')
    """
    longest = max((len(run) for run in re.findall(r"_+", namespace + stream)), default=0)
    return f"{namespace}_raw{'_' * max(2, longest + 1)}stream_{stream}"


@attrs.frozen(kw_only=True)
class PayloadLayout(Layout):
    """v0 and v1: the record as JSON text, an id, the time of extraction."""

    id_column: str
    time_column: str
    loaded_column: str | None = None
    internal_database: str | None = None
    """v1 keeps the tables of all namespaces in one database; None: each namespace in its own."""

    def table(self, stream: Stream) -> tuple[str, str]:
        """Return ``<db>._airbyte_raw_<stream>`` of v0, ``airbyte_internal.<db>_raw__stream_<stream>`` of v1."""
        name = self.prefix + stream.name
        if self.internal_database is None:
            return self.namespace(stream), f"_airbyte_raw_{name}"
        return self.internal_database, raw_table_name(self.namespace(stream), name)

    def columns(self, stream: Stream) -> list[tuple[str, str]]:
        """Return id, payload and times; the times default to now()."""
        time = "DateTime64(3, 'GMT')"
        loaded = [(self.loaded_column, time)] if self.loaded_column else []
        return [(self.id_column, "String"), (DATA, "String"), (self.time_column, time), *loaded]

    def storage(self, stream: Stream) -> Storage:
        """Return MergeTree by the random id: a range of times reads the whole table, nothing deduplicates."""
        return Storage("MergeTree", (self.id_column,))

    def payload(self, stream: Stream) -> str | None:
        """Return ``_airbyte_data``."""
        return DATA

    def column_of(self, stream: Stream, field: str) -> str | None:
        """Return None: every field is inside the payload."""
        return None

    @property
    def raw_id(self) -> str:
        """``_airbyte_ab_id`` of v0, ``_airbyte_raw_id`` of v1."""
        return self.id_column

    @property
    def extracted_at(self) -> str:
        """``_airbyte_emitted_at`` of v0, ``_airbyte_extracted_at`` of v1."""
        return self.time_column

    def land(
        self,
        stream: Stream,
        record: Mapping[str, Any],
        *,
        raw_id: str,
        extracted_at: datetime,
        generation_id: int = 1,
        sync_id: int = 1,
    ) -> dict[str, Any]:
        """Return the record as text, undeclared keys included; v1's loading time is the extraction's here."""
        moment = utc_milliseconds(extracted_at)
        row = {self.id_column: raw_id, DATA: json_text(record), self.time_column: moment}
        return row | ({self.loaded_column: moment} if self.loaded_column else {})


@attrs.frozen(kw_only=True)
class TypedLayout(Layout):
    """v2: one column per declared top-level field; other keys of a record are dropped."""

    json_objects: bool = False
    """The destination's option ``enable_json``: objects become columns of type JSON; arrays stay text."""
    version_rule: Literal["none", "cursor", "sound_cursor"] = "sound_cursor"
    """What a deduplicating table takes for its version: nothing (2.0); the cursor when its type can be one
    (2.1 up to 2.1.23 at least: a record without it is refused); the same unless the source declares the cursor
    nullable (newer). Else ``_airbyte_extracted_at``."""
    key_orders_append: bool = True
    """Appending tables are ordered by the stream's key (2.1), not by the random id (2.0)."""

    def table(self, stream: Stream) -> tuple[str, str]:
        """Return ``<db>.<prefix><stream>``, both as :func:`clean_name` writes them."""
        return clean_name(self.namespace(stream)), clean_name(self.prefix + stream.name)

    def columns(self, stream: Stream) -> list[tuple[str, str]]:
        """Return the four meta columns, then the fields; all Nullable but the key and the version."""
        solid = {*stream.primary_key, self._version_field(stream)}
        out = [(RAW_ID, "String"), (EXTRACTED_AT, "DateTime64(3)"), (META, "String"), (GENERATION_ID, "UInt32")]
        for field in stream.fields.values():
            kind = column_type(field, json_objects=self.json_objects)
            out.append((clean_name(field.name), kind if field.name in solid else f"Nullable({kind})"))
        return out

    def storage(self, stream: Stream) -> Storage:
        """Return ReplacingMergeTree for ``append_dedup``, MergeTree else."""
        key = tuple(map(clean_name, stream.primary_key))
        if self.sync_mode(stream) != "append_dedup":
            return Storage("MergeTree", key if key and self.key_orders_append else (RAW_ID,))
        if self.version_rule == "none":
            return Storage("ReplacingMergeTree", key or (RAW_ID,))
        field = self._version_field(stream)
        return Storage("ReplacingMergeTree", key or (RAW_ID,), clean_name(field) if field else EXTRACTED_AT)

    def _version_field(self, stream: Stream) -> str | None:
        """Return the cursor when the table takes it for its version."""
        if self.version_rule == "none" or self.sync_mode(stream) != "append_dedup" or stream.cursor is None:
            return None
        field = stream.fields[stream.cursor]
        fits = field.type == "integer" or field.format in {"date", "date-time"}
        return stream.cursor if fits and (self.version_rule == "cursor" or not field.nullable) else None

    def payload(self, stream: Stream) -> str | None:
        """Return None: there is no column with the whole record."""
        return None

    def column_of(self, stream: Stream, field: str) -> str | None:
        """Return the field's own column; None for a field that the schema does not declare."""
        return clean_name(field) if field in stream.fields else None

    @property
    def raw_id(self) -> str:
        """``_airbyte_raw_id``."""
        return RAW_ID

    @property
    def extracted_at(self) -> str:
        """``_airbyte_extracted_at``."""
        return EXTRACTED_AT

    def land(
        self,
        stream: Stream,
        record: Mapping[str, Any],
        *,
        raw_id: str,
        extracted_at: datetime,
        generation_id: int = 1,
        sync_id: int = 1,
    ) -> dict[str, Any]:
        """Return one value per column; what does not fit is NULL and listed in ``_airbyte_meta.changes``.

        Raises :class:`tilla.errors.RefusedError` (T703) when that column takes no NULL, as the destination's
        own insert fails there.
        """
        changes: list[dict[str, str]] = []
        row: dict[str, Any] = {
            RAW_ID: raw_id,
            EXTRACTED_AT: utc_milliseconds(extracted_at),
            META: "",
            GENERATION_ID: generation_id,
        }
        for name, column, write in _writers(stream):
            value: Any = record.get(name)
            if value is not None:
                try:
                    value = write(value)
                except (OverflowError, ValueError) as error:
                    reason = _OUT_OF_RANGE if isinstance(error, OverflowError) else _UNREADABLE
                    changes.append({"field": name, "change": "NULLED", "reason": reason})
                    value = None
            row[column] = value
        for solid in (*stream.primary_key, self._version_field(stream)):
            if solid is not None and row[clean_name(solid)] is None:
                raise errors.null_in_key(stream.id, solid, self.name)
        row[META] = json_text({"sync_id": sync_id, "changes": changes})
        return row


@cache
def _writers(stream: Stream) -> tuple[tuple[str, str, Writer], ...]:
    """Field, column and writer of every declared field: one row per field, computed once per stream."""
    return tuple((field.name, clean_name(field.name), writer(field)) for field in stream.fields.values())


V0 = PayloadLayout(name="v0", id_column="_airbyte_ab_id", time_column="_airbyte_emitted_at")
V1 = PayloadLayout(
    name="v1",
    id_column=RAW_ID,
    time_column=EXTRACTED_AT,
    loaded_column="_airbyte_loaded_at",
    internal_database="airbyte_internal",
)
V2_0 = TypedLayout(name="v2.0", version_rule="none", key_orders_append=False)
V2_1 = TypedLayout(name="v2.1")
V2_1_JSON = TypedLayout(name="v2.1-json", json_objects=True)

DEFAULT = V2_1
LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (V0, V1, V2_0, V2_1, V2_1_JSON)}
