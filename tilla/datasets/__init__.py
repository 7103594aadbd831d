"""Curated datasets: one row per entity, deduplicated by version, over any loader layout."""
