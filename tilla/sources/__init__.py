"""The raw layer: which streams the connectors emit, and how loaders lay them out in ClickHouse."""

from typing import TYPE_CHECKING, Any

from tilla.sources.connectors import CONNECTORS, Field, Stream, stream, streams
from tilla.sources.layouts import Landing, Layout, Storage, SyncMode

if TYPE_CHECKING:
    from tilla.sources.detection import Detection, detect

__all__ = [
    "CONNECTORS",
    "Detection",
    "Field",
    "Landing",
    "Layout",
    "Storage",
    "Stream",
    "SyncMode",
    "detect",
    "stream",
    "streams",
]


def __getattr__(name: str) -> Any:
    if name in ("Detection", "detect"):  # where it is used: a schema alone needs none of it
        from tilla.sources import detection

        return getattr(detection, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
