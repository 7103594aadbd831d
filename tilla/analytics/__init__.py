"""Analytics: measures over curated data, rebuilt from deduplicated rows or kept as idempotent states.

A package per source declares its tables: ``klaviyo``, ``shopify``, ``ga4``, and ``commerce`` across them. The parts that they
are made of are for tables of your own too: see :mod:`tilla.analytics.parts`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tilla.analytics.parts import channel_group, cohorts, last_touch, rfm, sessions, snapshots

_SOURCES = ("commerce", "ga4", "klaviyo", "shopify")

__all__ = ["channel_group", "cohorts", "last_touch", "rfm", "sessions", "snapshots"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: a project of one source needs nothing of the others.
    if name in _SOURCES:
        return import_module(f"tilla.analytics.{name}")
    raise AttributeError(f"module 'tilla.analytics' has no attribute {name!r}")
