"""Engines without the order of a MergeTree: Null, Memory, logs, buffers, Distributed, Join, queues, files.

Each says what becomes of it elsewhere: ``cloud`` and ``cluster`` hold the reason why a deployment cannot have
it, or ''. A password is never text; ``secret=tl.secret("name")`` names a collection on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from tilla import errors, text
from tilla.columns import Column
from tilla.dictionaries import Secret, refuse_secrets
from tilla.engines import KeyItem, TableEngine, as_columns, as_key, key_sql
from tilla.expressions.expr import Expr
from tilla.expressions.kinds import Relational

_NO_FILES = "ClickHouse Cloud has no files: use S3"
_EACH_NODE = "every node would hold other rows, and a reader would see those of one node"


def _relation_key(value: Any) -> Any:
    return getattr(value, "qualified_name", value)


def _sql_key(value: Expr[Any] | None) -> str | None:
    return None if value is None else value.sql()


def _check_relation(engine: str, value: Any) -> None:
    if not isinstance(getattr(value, "path", None), tuple):
        raise errors.engine_needs(
            engine, f"{value!r} is no table", f"{engine}(table=events, ...) with a declared relation"
        )


# --- in memory, and nowhere ---


@attrs.frozen
class Null(TableEngine):
    """``Null``: rows are thrown away, but they fire views. Nothing is there to copy as history."""

    takes_settings: ClassVar[bool] = False
    stream: ClassVar[bool] = True
    everywhere: ClassVar[bool] = True


@attrs.frozen
class Memory(TableEngine):
    """``Memory``: rows in memory until the server stops.

    Settings: ``min_rows_to_keep``, ``max_rows_to_keep``, ``min_bytes_to_keep``, ``max_bytes_to_keep``,
    ``compress``.
    """

    movable: ClassVar[bool] = True

    cluster: ClassVar[str] = _EACH_NODE


@attrs.frozen
class Log(TableEngine):
    """``Log``: small tables, one file a column, no index."""

    movable: ClassVar[bool] = True

    cloud: ClassVar[str] = "the Log family is missing there: use MergeTree(order_by=())"
    cluster: ClassVar[str] = _EACH_NODE


@attrs.frozen
class TinyLog(Log):
    """``TinyLog``: as Log, for one writer and tiny tables."""


@attrs.frozen
class StripeLog(Log):
    """``StripeLog``: as Log, all columns in one file."""


@attrs.frozen
class Set(TableEngine):
    """``Set``: a set in memory for ``x IN table``; it cannot be read. Setting ``persistent = 0`` keeps it off
    the disk.
    """

    cluster: ClassVar[str] = _EACH_NODE


_STRICTNESS = ("ANY", "ALL", "SEMI", "ANTI")
_JOINS = ("LEFT", "INNER", "RIGHT", "FULL")


def _upper(value: object) -> str:
    return str(value).upper()


def _names_key(value: Any) -> tuple[str, ...]:
    return tuple(str(getattr(item, "name", item)) for item in value)


@attrs.frozen
class Join(TableEngine):
    """``Join(strictness, kind, keys)``: the right side of a JOIN, ready in memory; ``f.join_get`` looks a
    value up.

    A query must join with the same strictness and kind. With ``ANY`` a later row of a key is dropped, or with
    the setting ``join_any_take_last_row`` the earlier one.
    """

    movable: ClassVar[bool] = True

    cluster: ClassVar[str] = _EACH_NODE

    strictness: str = attrs.field(converter=_upper)
    kind: str = attrs.field(converter=_upper)
    keys: tuple[Column[Any], ...] = attrs.field(converter=as_columns, eq=_names_key)

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        if self.strictness not in _STRICTNESS:
            raise errors.unknown_word("Join", "strictness of a Join", self.strictness, _STRICTNESS)
        if self.kind not in _JOINS:
            raise errors.unknown_word("Join", "kind of a Join", self.kind, _JOINS)
        if self.kind == "FULL" and self.strictness != "ALL":
            raise errors.engine_needs(
                "Join", f"{self.strictness} FULL does not exist (code 48)", 'Join("ALL", "FULL", ...)'
            )

    def arguments(self) -> tuple[str, ...]:
        return (self.strictness, self.kind, *(key.sql() for key in self.keys))

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return tuple(("key", key) for key in self.keys)


# --- over other tables ---


@attrs.frozen(kw_only=True)
class Buffer(TableEngine):
    """``Buffer``: rows wait in memory and are written to ``table`` in larger blocks.

    Flushed when all of ``min_time`` (seconds), ``min_rows`` and ``min_bytes`` are reached, or one of the
    ``max_`` ones; the ``flush_`` ones start a flush in the background. There are ``layers`` buffers, each
    with these limits. A server that dies loses what waits; asynchronous inserts are the better way
    (ClickHouse's own advice).
    """

    takes_settings: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True

    table: Relational = attrs.field(eq=_relation_key)
    layers: int = 16
    min_time: int = 10
    max_time: int = 100
    min_rows: int = 10_000
    max_rows: int = 1_000_000
    min_bytes: int = 10_000_000
    max_bytes: int = 100_000_000
    flush_time: int | None = None
    flush_rows: int | None = None
    flush_bytes: int | None = None

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        _check_relation("Buffer", self.table)
        for unit in ("time", "rows", "bytes"):
            if getattr(self, f"min_{unit}") > getattr(self, f"max_{unit}"):
                raise errors.engine_order("Buffer", f"min_{unit}", f"max_{unit}")

    def arguments(self) -> tuple[str, ...]:
        database, name = text.read_qualified(self.table.qualified_name)
        limits = [
            self.layers,
            self.min_time,
            self.max_time,
            self.min_rows,
            self.max_rows,
            self.min_bytes,
            self.max_bytes,
        ]
        flush = [self.flush_time, self.flush_rows, self.flush_bytes]
        while flush and flush[-1] is None:
            flush.pop()
        limits += [value or 0 for value in flush]  # 0: no such condition
        return (text.quote_string(database), text.quote_string(name), *map(str, limits))

    def relations(self) -> tuple[Any, ...]:
        return (self.table,)


@attrs.frozen
class Distributed(TableEngine):
    """``Distributed(cluster, table)``: reads ``table`` on every shard of a cluster; an insert goes to the
    shard of its row.

    ``sharding_key`` is an integer expression (``f.raw("rand")``, ``f.city_hash64(Body.id)``); without one
    only a cluster of one shard can be inserted into. ``policy`` names the storage policy for rows on their
    way. With ``--target cluster:NAME`` these tables come by themselves; declare one for a table that is there
    already.
    """

    cloud: ClassVar[str] = "there are no shards: read the table itself"
    everywhere: ClassVar[bool] = True

    cluster_name: str = attrs.field(alias="cluster")
    table: Relational = attrs.field(eq=_relation_key)
    sharding_key: Expr[Any] | None = attrs.field(default=None, kw_only=True, eq=_sql_key)
    policy: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        _check_relation("Distributed", self.table)
        if self.policy and self.sharding_key is None:
            raise errors.engine_needs(
                "Distributed", "a policy stands behind the sharding key", 'sharding_key=f.raw("rand")'
            )

    def arguments(self) -> tuple[str, ...]:
        return distributed_arguments(
            self.cluster_name, text.read_qualified(self.table.qualified_name), self.sharding_key, self.policy
        )

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return () if self.sharding_key is None else (("sharding key", self.sharding_key),)

    def relations(self) -> tuple[Any, ...]:
        return (self.table,)


def distributed_arguments(
    cluster: str, path: tuple[str, str], sharding_key: Expr[Any] | None, policy: str = ""
) -> tuple[str, ...]:
    """The arguments of Distributed, as the server prints them."""
    found = [text.quote_string(cluster), *map(text.quote_string, path)]
    found += [sharding_key.sql()] if sharding_key is not None else []
    found += [text.quote_string(policy)] if policy else []
    return tuple(found)


@attrs.frozen
class Merge(TableEngine):
    """``Merge(database, tables)``: reads all tables whose names fit a regular expression, as one.

    ``database`` is a name, or with ``many_databases=True`` a regular expression too. Those of the project that fit
    come first and stand in the graph; it may fit others, or none.
    """

    takes_settings: ClassVar[bool] = False
    cluster: ClassVar[str] = "a pattern that fits a Distributed table and the local one behind it reads every row twice"

    database: str = attrs.field(metadata={"names": "database"})
    tables: str
    many_databases: bool = attrs.field(default=False, kw_only=True)

    def arguments(self) -> tuple[str, ...]:
        database = text.quote_string(self.database)
        return (f"REGEXP({database})" if self.many_databases else database, text.quote_string(self.tables))

    def merges(self) -> tuple[str, str, bool] | None:
        return (self.database, self.tables, self.many_databases)


@attrs.frozen(kw_only=True)
class GenerateRandom(TableEngine):
    """``GenerateRandom``: random rows of the table's columns, for tests; the same ones for one ``seed``."""

    takes_settings: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True

    seed: int | None = None
    max_string_length: int | None = None
    max_array_length: int | None = None

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        given = [self.seed is not None, self.max_string_length is not None, self.max_array_length is not None]
        if given != sorted(given, reverse=True):
            raise errors.engine_needs(
                "GenerateRandom", "the arguments before one that is given are given too", "seed=1, ..."
            )

    def arguments(self) -> tuple[str, ...]:
        found = (self.seed, self.max_string_length, self.max_array_length)
        return tuple(str(value) for value in found if value is not None)


# --- queues ---


@attrs.frozen(kw_only=True)
class Kafka(TableEngine):
    """``Kafka``: messages of topics; views take them out, each message once for a ``group``.

    Give ``brokers``, ``topics``, ``group`` and ``format``, or a named collection (``secret``) that holds them
    and the login. Further settings are ClickHouse's own (``kafka_num_consumers``,
    ``kafka_handle_error_mode``, ...). Reading it takes messages away, so it has no history to copy. On
    ClickHouse Cloud, ClickPipes do the same.
    """

    stream: ClassVar[bool] = True
    everywhere: ClassVar[bool] = True
    plain_columns: ClassVar[bool] = True

    brokers: str | tuple[str, ...] = ""
    topics: str | tuple[str, ...] = ""
    group: str = ""
    format: str = ""
    secret: Secret | None = None

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        refuse_secrets("Kafka", self.settings.items())
        for name in ("brokers", "topics", "group", "format"):
            if not getattr(self, name) and self.secret is None:
                raise errors.engine_needs(
                    "Kafka", f"{name} is missing", f"{name}=..., or secret=tl.secret('name') with it"
                )

    def all_settings(self) -> Mapping[str, object]:
        pairs: dict[str, object] = {
            "kafka_broker_list": _listed(self.brokers), "kafka_topic_list": _listed(self.topics),
            "kafka_group_name": self.group, "kafka_format": self.format,
        }  # fmt: skip
        return {name: value for name, value in pairs.items() if value} | dict(self.settings)

    def arguments(self) -> tuple[str, ...]:
        return (self.secret.sql(),) if self.secret is not None else ()


def _listed(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _object_arguments(
    engine: str, url: str, format: str, compression: str, secret: Secret | None, public: bool
) -> tuple[str, ...]:
    """The arguments of engines over object storage: positions, or with a collection names."""
    refuse_secrets(engine, [("url", url)])
    if secret is not None:
        pairs = [("url", url), ("format", format), ("compression_method", compression)]
        named = [f"{name} = {text.quote_string(value)}" for name, value in pairs if value]
        return (secret.sql(), *named)
    found = [text.quote_string(url)] + (["NOSIGN"] if public else [])
    return (*found, *(text.quote_string(value) for value in (format, compression) if value))


@attrs.frozen
class S3(TableEngine):
    """``S3(url, format)``: files in object storage. ``public=True`` asks without a signature (NOSIGN).

    Keys come from the server, its role, or a named collection (``secret``), which may hold the ``url`` too.
    ``partition_by`` splits what is inserted: the url holds ``{_partition_id}``.
    """

    everywhere: ClassVar[bool] = True

    url: str
    format: str
    compression: str = attrs.field(default="", kw_only=True)
    secret: Secret | None = attrs.field(default=None, kw_only=True)
    public: bool = attrs.field(default=False, kw_only=True)
    partition_by: Expr[Any] | None = attrs.field(default=None, kw_only=True, eq=_sql_key)

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        if self.partition_by is not None and "{_partition_id}" not in self.url:
            raise errors.engine_needs("S3", "partition_by needs {_partition_id} in the url")
        self.arguments()

    def arguments(self) -> tuple[str, ...]:
        return _object_arguments("S3", self.url, self.format, self.compression, self.secret, self.public)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return () if self.partition_by is None else (("PARTITION BY", self.partition_by),)


@attrs.frozen
class S3Queue(TableEngine):
    """``S3Queue(url, format)``: new files in object storage, each once; views take the rows out.

    ``mode`` is ``unordered`` (all seen names are remembered), ``ordered`` (files after the last name) or
    ``exclusive``. Further settings are ClickHouse's own (``after_processing``, ``keeper_path``,
    ``processing_threads_num``, ``tracked_files_limit``, ...). Reading it takes files away, so it has no
    history to copy.
    """

    stream: ClassVar[bool] = True
    everywhere: ClassVar[bool] = True

    url: str
    format: str
    mode: str = attrs.field(default="unordered", kw_only=True)
    compression: str = attrs.field(default="", kw_only=True)
    secret: Secret | None = attrs.field(default=None, kw_only=True)
    public: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        if self.mode not in ("unordered", "ordered", "exclusive"):
            raise errors.unknown_word("S3Queue", "mode", self.mode, ("unordered", "ordered", "exclusive"))
        refuse_secrets("S3Queue", self.settings.items())
        self.arguments()

    def all_settings(self) -> Mapping[str, object]:
        return {"mode": self.mode, **self.settings}

    def arguments(self) -> tuple[str, ...]:
        return _object_arguments("S3Queue", self.url, self.format, self.compression, self.secret, self.public)


# --- files and keys ---


@attrs.frozen
class URL(TableEngine):
    """``URL(url, format)``: a file behind an address; inserts are POSTed."""

    everywhere: ClassVar[bool] = True

    url: str
    format: str
    compression: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        TableEngine.__attrs_post_init__(self)
        refuse_secrets("URL", [("url", self.url)])

    def arguments(self) -> tuple[str, ...]:
        return tuple(text.quote_string(value) for value in (self.url, self.format, self.compression) if value)


@attrs.frozen
class File(TableEngine):
    """``File(format)``: a file of the server, in the table's own place or at ``path`` below
    ``user_files``.
    """

    cloud: ClassVar[str] = _NO_FILES
    cluster: ClassVar[str] = _EACH_NODE

    format: str
    path: str = attrs.field(default="", kw_only=True)
    compression: str = attrs.field(default="", kw_only=True)

    def arguments(self) -> tuple[str, ...]:
        return tuple(text.quote_string(value) for value in (self.format, self.path, self.compression) if value)


@attrs.frozen(kw_only=True)
class EmbeddedRocksDB(TableEngine):
    """``EmbeddedRocksDB``: one row a key, found and replaced fast. ``ttl`` is in seconds; ``directory`` one
    of another table.
    """

    cloud: ClassVar[str] = "it keeps files: use a ReplacingMergeTree or a Dictionary"
    cluster: ClassVar[str] = _EACH_NODE

    primary_key: tuple[KeyItem, ...] = attrs.field(converter=as_key, eq=key_sql)
    ttl: int | None = None
    directory: str = ""
    read_only: bool = False

    def arguments(self) -> tuple[str, ...]:
        if self.directory or self.read_only:
            return (str(self.ttl or 0), text.quote_string(self.directory), str(int(self.read_only)))
        return () if self.ttl is None else (str(self.ttl),)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return tuple(("PRIMARY KEY", item) for item in self.primary_key if isinstance(item, Expr))


@attrs.frozen
class KeeperMap(TableEngine):
    """``KeeperMap(root_path)``: a few rows in Keeper, the same on every node."""

    takes_settings: ClassVar[bool] = False
    cloud: ClassVar[str] = "it needs keeper_map_path_prefix in the server's configuration"
    everywhere: ClassVar[bool] = True

    root_path: str
    primary_key: tuple[KeyItem, ...] = attrs.field(kw_only=True, converter=as_key, eq=key_sql)
    keys_limit: int | None = attrs.field(default=None, kw_only=True)

    def arguments(self) -> tuple[str, ...]:
        limit = () if self.keys_limit is None else (str(self.keys_limit),)
        return (text.quote_string(self.root_path), *limit)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return tuple(("PRIMARY KEY", item) for item in self.primary_key if isinstance(item, Expr))
