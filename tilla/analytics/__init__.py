"""Analytics: measures over curated data, rebuilt from deduplicated rows or kept as idempotent states."""
