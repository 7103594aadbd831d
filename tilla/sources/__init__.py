"""The raw layer: which streams the connectors emit, and how loaders lay them out in ClickHouse."""

from tilla.sources.connectors import CONNECTORS, Field, Stream, stream, streams
from tilla.sources.layouts import Landing, Layout, Storage, SyncMode

__all__ = ["CONNECTORS", "Field", "Landing", "Layout", "Storage", "Stream", "SyncMode", "stream", "streams"]
