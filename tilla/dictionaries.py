"""What a dictionary is loaded from, and how it is kept: layouts and sources as frozen values.

A password is never text here: ``secret=tl.secret("name")`` refers to a named collection, which an
administrator creates once on the server (``CREATE NAMED COLLECTION name AS user = '...', password = '...'``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from tilla import errors, text
from tilla.expressions.expr import Expr
from tilla.expressions.query import Query
from tilla.expressions.sql import Sql


@attrs.frozen
class Secret:
    """A named collection on the server, which holds what must not be read by everybody."""

    name: str

    def sql(self) -> str:
        """Its name as it stands in SQL."""
        return text.quote_identifier(self.name)


def secret(name: str) -> Secret:
    """Refer to a named collection of the server.

    >>> External("postgresql", secret=secret("shop_db"), table="products").text()
    "POSTGRESQL(NAME shop_db TABLE 'products')"
    """
    if not isinstance(name, str) or not name.strip():
        raise errors.bad_access_name("secret", repr(name))
    return Secret(name)


def parameter_value(value: object) -> str:
    """A value of a layout or source: text in quotes, booleans as 0 and 1."""
    if isinstance(value, bool):
        return str(int(value))
    return text.quote_string(value) if isinstance(value, str) else str(value)


# --- layouts ---

_UPDATES = (
    "max_update_queue_size", "update_queue_push_timeout_milliseconds", "query_wait_timeout_milliseconds",
    "max_threads_for_updates", "allow_read_expired_keys", "strict_max_lifetime_seconds",
)  # fmt: skip
_HASH = ("shards", "shard_load_queue_backlog", "max_load_factor")
_CACHE = ("size_in_cells", *_UPDATES)
_SSD = ("path", "block_size", "file_size", "read_buffer_size", "write_buffer_size", *_UPDATES)
_POLYGON = ("store_polygon_key_column",)
_BAYES = ("class_attribute", "n", "mode", "alpha", "priors_mode", "start_token", "end_token", "store_source")

# Layout -> the parameters it takes. The names are those of system.dictionary_layouts (26.9).
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "flat": ("initial_array_size", "max_array_size"),
    "hashed": _HASH,
    "complex_key_hashed": _HASH,
    "sparse_hashed": _HASH,
    "complex_key_sparse_hashed": _HASH,
    "hashed_array": ("shards",),
    "complex_key_hashed_array": ("shards",),
    "range_hashed": ("range_lookup_strategy",),
    "complex_key_range_hashed": ("range_lookup_strategy",),
    "cache": _CACHE,
    "complex_key_cache": _CACHE,
    "ssd_cache": _SSD,
    "complex_key_ssd_cache": _SSD,
    "direct": (),
    "complex_key_direct": (),
    "ip_trie": ("access_to_key_from_attributes",),
    "polygon": _POLYGON,
    "polygon_simple": _POLYGON,
    "polygon_index_each": _POLYGON,
    "polygon_index_cell": _POLYGON,
    "regexp_tree": (),
    "naive_bayes": _BAYES,
}
_REQUIRED = {"cache": ("size_in_cells",), "ssd_cache": ("path",), "naive_bayes": ("class_attribute", "n", "mode")}


@attrs.frozen(init=False)
class Layout:
    """How a dictionary is kept: ``Layout("cache", size_in_cells=1_000_000)``.

    ``flat`` is an array over small integer keys; ``hashed``, ``sparse_hashed`` (slower, smaller) and
    ``hashed_array`` (many attributes) are hash tables; ``range_hashed`` adds a range of dates or numbers to
    the key; ``cache`` and ``ssd_cache`` keep what is asked for; ``direct`` keeps nothing and asks the source
    each time; ``ip_trie`` finds networks, ``polygon`` areas, ``regexp_tree`` patterns; ``naive_bayes`` (26.7
    and later) classifies text. Those with a form for other keys than one integer get it by themselves
    (``complex_key_hashed``).
    """

    name: str
    parameters: tuple[tuple[str, object], ...] = ()

    def __init__(self, name: str, **parameters: object) -> None:
        where = "Layout"
        lower = str(name).lower()
        if lower not in LAYOUTS:
            raise errors.bad_layout(where, repr(name), tuple(LAYOUTS))
        mistakes = errors.Collector()
        for key, value in parameters.items():
            if key not in LAYOUTS[lower]:
                mistakes.add(errors.unknown_word(f"{where} {lower}", "parameter", key, LAYOUTS[lower]))
            elif not isinstance(value, str | int | float | bool):
                mistakes.add(errors.bad_setting(f"{where} {lower}", key, repr(value)))
        for key in _REQUIRED.get(lower.removeprefix("complex_key_"), ()):
            if key not in parameters:
                mistakes.add(errors.layout_needs(where, lower, f"needs {key}", f'Layout("{lower}", {key}=...)'))
        mistakes.raise_all()
        self.__attrs_init__(lower, tuple(parameters.items()))

    @property
    def ranged(self) -> bool:
        """True when its key has a range."""
        return self.name.endswith("range_hashed")

    @property
    def direct(self) -> bool:
        """True when nothing is kept, so that nothing has a lifetime."""
        return self.name.endswith("direct")

    def for_key(self, simple: bool) -> Layout:
        """The layout for this key: one integer column, or anything else."""
        complex_name = f"complex_key_{self.name}"
        return self if simple or complex_name not in LAYOUTS else Layout(complex_name, **dict(self.parameters))

    def text(self) -> str:
        """The layout as it stands in brackets behind LAYOUT."""
        shown = " ".join(f"{key.upper()} {parameter_value(value)}" for key, value in self.parameters)
        return f"{self.name.upper()}({shown})"


# --- sources ---

_SECRET_NAME = re.compile(r"(?i)passw|secret|token|credential|sslkey|private|account_key|authoriz|api.?key|cookie")
_USERINFO = re.compile(r"(?i)^[a-z][a-z0-9+.-]*://[^/@]*:[^/@]*@")


def refuse_secrets(where: str, parameters: Iterable[tuple[str, object]]) -> None:
    """Raise for a parameter whose name says secret, or a URL with a password in it; the value is never
    repeated.
    """
    mistakes = errors.Collector()
    for name, value in parameters:
        if _SECRET_NAME.search(name) or (isinstance(value, str) and _USERINFO.match(value)):
            mistakes.add(errors.secret_in_text(where, name))
    mistakes.raise_all()


@attrs.frozen
class Source:
    """Base of what a dictionary is loaded from."""

    cloud: ClassVar[str] = ""  # why ClickHouse Cloud has it not, or ''

    def text(self) -> str:
        """The source as it stands in brackets behind SOURCE."""
        raise NotImplementedError

    def reads(self) -> tuple[Any, ...]:
        """What it reads on the server: relations, queries, SQL by hand and expressions."""
        return ()

    def names(self) -> tuple[str, ...] | None:
        """The columns it has, or None where nobody knows."""
        return None


def _text_of_read(value: Any) -> Any:
    if isinstance(value, Query):
        return value.sql()
    return value.render() if isinstance(value, Sql) else getattr(value, "qualified_name", value)


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


def _sql_key(value: Any) -> str | None:
    return None if value is None else str(value.sql())


@attrs.frozen
class ClickHouse(Source):
    """A table, view or query of the same server.

    ``where`` limits the rows of a table. ``invalidate`` is a query whose answer tells whether to load again;
    ``update_field`` a column by which only rows changed since the last load are read (``update_lag`` seconds
    back). ClickHouse reads as the user ``default`` without password unless ``secret`` names a collection with
    ``user`` and ``password``.
    """

    read: Any = attrs.field(eq=_text_of_read)
    where: Expr[Any] | Sql | None = attrs.field(default=None, kw_only=True, eq=_sql_key)
    invalidate: Query | Sql | None = attrs.field(default=None, kw_only=True, eq=_sql_key)
    update_field: str = attrs.field(default="", kw_only=True, converter=_name)
    update_lag: int | None = attrs.field(default=None, kw_only=True)
    secret: Secret | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.read, Query | Sql) and not isinstance(getattr(self.read, "path", None), tuple):
            raise errors.bad_dictionary_source("ClickHouse", repr(self.read))
        if self.where is not None and isinstance(self.read, Query | Sql):
            raise errors.bad_attribute("ClickHouse", "where= is for a table; a query has its own WHERE")

    def text(self) -> str:
        parts = [f"NAME {self.secret.sql()}"] if self.secret is not None else []
        if isinstance(self.read, Query | Sql):
            parts.append(f"QUERY {text.quote_string(_select(self.read))}")
        else:
            database, name = self.read.path
            parts += [f"DB {text.quote_string(database)}", f"TABLE {text.quote_string(name)}"]
        if self.where is not None:
            parts.append(f"WHERE {text.quote_string(self.where.sql())}")
        if self.invalidate is not None:
            parts.append(f"INVALIDATE_QUERY {text.quote_string(_select(self.invalidate))}")
        if self.update_field:
            parts.append(f"UPDATE_FIELD {text.quote_string(self.update_field)}")
        if self.update_lag is not None:
            parts.append(f"UPDATE_LAG {self.update_lag}")
        return f"CLICKHOUSE({' '.join(parts)})"

    def reads(self) -> tuple[Any, ...]:
        return tuple(part for part in (self.read, self.where, self.invalidate) if part is not None)

    def names(self) -> tuple[str, ...] | None:
        if isinstance(self.read, Query):
            return self.read.names
        if isinstance(self.read, Sql):
            return self.read.reading.output_names
        return tuple(self.read.column_names)


def _select(query: Query | Sql) -> str:
    return query.sql() if isinstance(query, Query) else query.render().strip()


def _header_key(value: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(value.items())


@attrs.frozen
class Http(Source):
    """A file behind an HTTP address, in a format such as ``CSV`` or ``JSONEachRow``.

    ``secret`` names a collection with ``credentials.user`` and ``credentials.password``, or with the whole
    ``url``.
    """

    url: str
    format: str
    headers: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, eq=_header_key)
    secret: Secret | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse_secrets("Http", [("url", self.url), *self.headers.items()])

    def text(self) -> str:
        parts = [f"NAME {self.secret.sql()}"] if self.secret is not None else []
        parts += [f"URL {text.quote_string(self.url)}", f"FORMAT {text.quote_string(self.format)}"]
        if self.headers:
            pairs = [
                f"HEADER(NAME {text.quote_string(name)} VALUE {text.quote_string(value)})"
                for name, value in self.headers.items()
            ]
            parts.append(f"HEADERS({' '.join(pairs)})")
        return f"HTTP({' '.join(parts)})"


@attrs.frozen
class File(Source):
    """A file of the server, below its ``user_files`` directory."""

    cloud: ClassVar[str] = "there are no files on ClickHouse Cloud: load the file into a table, or use Http"

    path: str
    format: str

    def text(self) -> str:
        return f"FILE(PATH {text.quote_string(self.path)} FORMAT {text.quote_string(self.format)})"


@attrs.frozen
class YamlRegexpTree(Source):
    """A YAML file of the server with a tree of regular expressions, for the layout ``regexp_tree``."""

    cloud: ClassVar[str] = "there are no files on ClickHouse Cloud: load the tree from a table"

    path: str

    def text(self) -> str:
        return f"YAMLREGEXPTREE(PATH {text.quote_string(self.path)})"


@attrs.frozen
class Null(Source):
    """Nothing: an empty dictionary of this shape."""

    def text(self) -> str:
        return "NULL()"


# Sources that live elsewhere. Executables are missing: ClickHouse refuses them in DDL.
EXTERNAL = ("mysql", "postgresql", "mongodb", "redis", "cassandra", "odbc", "jdbc", "clickhouse")


@attrs.frozen(init=False)
class External(Source):
    """A table of another server: ``External("postgresql", secret=tl.secret("shop_db"), table="products")``.

    The parameters are ClickHouse's own (``host``, ``port``, ``db``, ``table``, ``where``, ``query``,
    ``collection``, ...); user and password come from the named collection.
    """

    kind: str
    parameters: tuple[tuple[str, object], ...] = ()
    secret: Secret | None = None

    def __init__(self, kind: str, *, secret: Secret | None = None, **parameters: object) -> None:
        lower = str(kind).lower()
        if lower not in EXTERNAL:
            raise errors.unknown_word("External", "source of a dictionary", str(kind), EXTERNAL)
        refuse_secrets(f"External {lower}", parameters.items())
        self.__attrs_init__(lower, tuple(parameters.items()), secret)

    def text(self) -> str:
        parts = [f"NAME {self.secret.sql()}"] if self.secret is not None else []
        parts += [f"{name.upper()} {parameter_value(value)}" for name, value in self.parameters]
        return f"{self.kind.upper()}({' '.join(parts)})"
