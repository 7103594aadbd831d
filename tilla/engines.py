"""The MergeTree family as frozen values: keys, partitions, TTL and settings of a table.

"Engine" means the table engine. Each class prints as ClickHouse names it; arguments of the engine itself
(a version, a sign) are fields, and the clauses that follow in CREATE TABLE are fields of the base.
The engines without an order (Null, Memory, Kafka, Distributed, ...) are in :mod:`tilla.engines_other`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from tilla import errors, text
from tilla.columns import Column, Measure
from tilla.expressions.expr import Expr, Ordered, as_expression, as_sequence, to_expr
from tilla.expressions.kinds import Condition

if TYPE_CHECKING:
    from tilla.engines_other import (
        S3 as S3,
    )
    from tilla.engines_other import (
        URL as URL,
    )
    from tilla.engines_other import (
        Buffer as Buffer,
    )
    from tilla.engines_other import (
        Distributed as Distributed,
    )
    from tilla.engines_other import (
        EmbeddedRocksDB as EmbeddedRocksDB,
    )
    from tilla.engines_other import (
        File as File,
    )
    from tilla.engines_other import (
        GenerateRandom as GenerateRandom,
    )
    from tilla.engines_other import (
        Join as Join,
    )
    from tilla.engines_other import (
        Kafka as Kafka,
    )
    from tilla.engines_other import (
        KeeperMap as KeeperMap,
    )
    from tilla.engines_other import (
        Log as Log,
    )
    from tilla.engines_other import (
        Memory as Memory,
    )
    from tilla.engines_other import (
        Merge as Merge,
    )
    from tilla.engines_other import (
        Null as Null,
    )
    from tilla.engines_other import (
        S3Queue as S3Queue,
    )
    from tilla.engines_other import (
        Set as Set,
    )
    from tilla.engines_other import (
        StripeLog as StripeLog,
    )
    from tilla.engines_other import (
        TinyLog as TinyLog,
    )

KeyItem = Expr[Any] | Ordered
Key = KeyItem | Sequence[KeyItem]


def as_key(value: Key) -> tuple[KeyItem, ...]:
    """Read a sorting key: one expression or a sequence of them; a string is a common slip and refused."""
    items = as_sequence(value)
    for item in items:
        if isinstance(item, Measure):
            raise errors.measure_as_value(str(item))
        if not isinstance(item, Expr | Ordered):
            raise errors.not_a_key(repr(item))
    return tuple(items)


def _as_optional_key(value: Key | None) -> tuple[KeyItem, ...] | None:
    return None if value is None else as_key(value)


def _as_expression(value: Expr[Any] | Sequence[Expr[Any]] | None) -> Expr[Any] | None:
    """Read one expression; several are a tuple, as ``PARTITION BY (a, b)`` has it."""
    if value is None or isinstance(value, Expr):
        return value
    if isinstance(value, tuple | list):
        return to_expr(tuple(value))
    return to_expr(as_key(value)[0])


def key_sql(items: Iterable[KeyItem]) -> tuple[str, ...]:
    """The SQL of each item: what a key is compared by."""
    return tuple(item.sql() for item in items)


def _optional_key_sql(items: Iterable[KeyItem] | None) -> tuple[str, ...] | None:
    return None if items is None else key_sql(items)


def _sql(value: Expr[Any] | None) -> str | None:
    return None if value is None else value.sql()


def _settings(value: Mapping[str, object] | None) -> dict[str, object]:
    return dict(value or {})


def _are_given(settings: Mapping[str, object]) -> str:
    """What a repr says of settings: that there are some, since a value may be a secret."""
    return str(bool(settings))


@attrs.frozen
class Ttl:
    """One rule of a table's TTL: when, and what happens to the rows then.

    Without an action rows are deleted. ``where`` limits a deletion; ``group_by`` with ``set`` rolls rows up.
    """

    when: Expr[Any] = attrs.field(eq=_sql)
    to_disk: str = attrs.field(default="", kw_only=True)
    to_volume: str = attrs.field(default="", kw_only=True)
    recompress: str = attrs.field(default="", kw_only=True)
    where: Condition | None = attrs.field(default=None, eq=_sql, kw_only=True)
    group_by: tuple[KeyItem, ...] = attrs.field(default=(), converter=as_key, eq=key_sql, kw_only=True)
    set: Mapping[str, Expr[Any]] = attrs.field(
        factory=dict, kw_only=True, eq=lambda m: tuple((k, v.sql()) for k, v in m.items())
    )

    def __attrs_post_init__(self) -> None:
        conditions = () if self.where is None else (self.where,)
        for value in (self.when, *conditions, *self.set.values()):
            as_expression("TTL", value)
        actions = [self.to_disk, self.to_volume, self.recompress, self.where is not None, self.group_by]
        if sum(map(bool, actions)) > 1:
            raise errors.engine_needs(
                "TTL", "a rule does one thing", "ttl=(tl.Ttl(...), tl.Ttl(...)), one rule for each"
            )

    def sql(self) -> str:
        """The rule as it stands behind TTL."""
        parts = [self.when.sql()]
        if self.to_disk:
            parts.append(f"TO DISK {text.quote_string(self.to_disk)}")
        if self.to_volume:
            parts.append(f"TO VOLUME {text.quote_string(self.to_volume)}")
        if self.recompress:
            parts.append(f"RECOMPRESS CODEC({self.recompress})")
        if self.where is not None:
            parts.append(f"DELETE WHERE {self.where.sql()}")
        if self.group_by:
            parts.append("GROUP BY " + ", ".join(key_sql(self.group_by)))
        if self.set:
            parts.append("SET " + ", ".join(f"{text.quote_identifier(k)} = {v.sql()}" for k, v in self.set.items()))
        return " ".join(parts)


def _ttl(value: Ttl | Expr[Any] | Sequence[Ttl | Expr[Any]] | None) -> tuple[Ttl, ...]:
    return tuple(item if isinstance(item, Ttl) else Ttl(item) for item in as_sequence(value) if item is not None)


@attrs.frozen
class TableEngine:
    """What every table engine has: a name, arguments and settings."""

    keyed: ClassVar[bool] = False  # has ORDER BY and its relatives
    replicable: ClassVar[bool] = False  # has a Replicated form, so that a cluster shards it
    everywhere: ClassVar[bool] = False  # means the same on every node of a cluster, under its own name
    stream: ClassVar[bool] = False  # rows pass through: views see them, nothing is there to copy later
    movable: ClassVar[bool] = False  # gives all its rows back, and its table can be exchanged for another one
    takes_settings: ClassVar[bool] = True
    plain_columns: ClassVar[bool] = False  # takes no column with a DEFAULT or an expression
    cloud: ClassVar[str] = ""  # why ClickHouse Cloud has it not, or ''
    cluster: ClassVar[str] = ""  # why a cluster of shards cannot have it, or ''

    settings: Mapping[str, object] = attrs.field(
        factory=dict, converter=_settings, kw_only=True, eq=lambda s: tuple(sorted(s.items(), key=str)), repr=_are_given
    )

    def __attrs_post_init__(self) -> None:
        if self.settings and not self.takes_settings:
            raise errors.engine_takes_no_settings(self.name)

    def all_settings(self) -> Mapping[str, object]:
        """What stands behind SETTINGS: those given, and those that fields of the engine stand for."""
        return self.settings

    @property
    def name(self) -> str:
        """ClickHouse's name of the engine."""
        return type(self).__name__

    def arguments(self) -> tuple[str, ...]:
        """The engine's own arguments as SQL."""
        return ()

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        """The expressions over the table's columns that the engine uses, each with the place it stands in."""
        return ()

    def relations(self) -> tuple[Any, ...]:
        """Other relations that the engine reads or writes (Buffer, Distributed)."""
        return ()

    def merges(self) -> tuple[str, str, bool] | None:
        """The tables that the engine reads as one: database, regular expression, whether the database is one too."""
        return None


@attrs.frozen
class MergeTree(TableEngine):
    """``MergeTree``: rows sorted by ``order_by``, kept as they came.

    ``order_by=()`` is ``ORDER BY tuple()``: no order. ``primary_key`` must be a prefix of ``order_by``.
    ``sharding_key`` says on a cluster which shard a row goes to (an integer; default: a hash of ``order_by``, or any
    shard where rows are never merged); elsewhere it means nothing.
    """

    keyed: ClassVar[bool] = True
    movable: ClassVar[bool] = True
    replicable: ClassVar[bool] = True

    order_by: tuple[KeyItem, ...] | None = attrs.field(
        default=None,
        kw_only=True,
        converter=_as_optional_key,
        eq=_optional_key_sql,
    )
    primary_key: tuple[KeyItem, ...] = attrs.field(default=(), kw_only=True, converter=as_key, eq=key_sql)
    partition_by: Expr[Any] | None = attrs.field(default=None, kw_only=True, converter=_as_expression, eq=_sql)
    sample_by: Expr[Any] | None = attrs.field(default=None, kw_only=True, converter=_as_expression, eq=_sql)
    ttl: tuple[Ttl, ...] = attrs.field(default=(), kw_only=True, converter=_ttl)
    sharding_key: Expr[Any] | None = attrs.field(default=None, kw_only=True, converter=_as_expression, eq=_sql)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        keys = [("ORDER BY", item) for item in self.order_by or ()]
        keys += [("PRIMARY KEY", item) for item in self.primary_key]
        plain = [(place, item.expr if isinstance(item, Ordered) else item) for place, item in keys]
        plain += [("PARTITION BY", self.partition_by)] if self.partition_by is not None else []
        plain += [("SAMPLE BY", self.sample_by)] if self.sample_by is not None else []
        plain += [("TTL", rule.when) for rule in self.ttl]
        plain += [("sharding key", self.sharding_key)] if self.sharding_key is not None else []
        return tuple(plain)


def _column_name(column: Column[Any] | None) -> str | None:
    return None if column is None else column.name


def as_columns(value: Column[Any] | Sequence[Column[Any]]) -> tuple[Column[Any], ...]:
    """Read one column or a sequence of them."""
    return tuple(as_sequence(value))


def column_names(columns: Iterable[Column[Any]]) -> tuple[str, ...]:
    """The name of each column: what they are compared by."""
    return tuple(column.name for column in columns)


@attrs.frozen
class ReplacingMergeTree(MergeTree):
    """``ReplacingMergeTree``: of the rows with one sorting key, a merge keeps the one with the highest ``version``.

    Merges happen when ClickHouse finds time: read with FINAL. Without a version the row inserted last wins.
    ``is_deleted`` names a UInt8 column whose 1 marks a deleted row (needs a version).
    """

    version: Column[Any] | None = attrs.field(default=None, kw_only=True, eq=_column_name)
    is_deleted: Column[Any] | None = attrs.field(default=None, kw_only=True, eq=_column_name)

    def arguments(self) -> tuple[str, ...]:
        return tuple(c.sql() for c in (self.version, self.is_deleted) if c is not None)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        own = [("version", self.version), ("is_deleted", self.is_deleted)]
        return (*MergeTree.columns(self), *((place, c) for place, c in own if c is not None))


@attrs.frozen
class SummingMergeTree(MergeTree):
    """``SummingMergeTree``: a merge adds up the numeric columns of rows with one sorting key.

    ``columns_to_sum`` names them; without it, all numeric columns outside the key.
    """

    columns_to_sum: tuple[Column[Any], ...] = attrs.field(
        default=(), kw_only=True, converter=as_columns, eq=column_names
    )

    def arguments(self) -> tuple[str, ...]:
        names = [item.sql() for item in self.columns_to_sum]
        return (f"({', '.join(names)})",) if len(names) > 1 else tuple(names)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return (*MergeTree.columns(self), *(("sum", c) for c in self.columns_to_sum))


@attrs.frozen
class AggregatingMergeTree(MergeTree):
    """``AggregatingMergeTree``: a merge unites the aggregate states of rows with one sorting key."""


@attrs.frozen
class CoalescingMergeTree(SummingMergeTree):
    """``CoalescingMergeTree``: a merge keeps the last value that is not NULL, column by column (25.6 and later)."""


@attrs.frozen
class CollapsingMergeTree(MergeTree):
    """``CollapsingMergeTree``: a merge removes pairs of rows whose ``sign`` is 1 and -1."""

    sign: Column[Any] = attrs.field(kw_only=True, eq=_column_name)

    def arguments(self) -> tuple[str, ...]:
        return (self.sign.sql(),)

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return (*MergeTree.columns(self), ("sign", self.sign))


@attrs.frozen
class VersionedCollapsingMergeTree(CollapsingMergeTree):
    """``VersionedCollapsingMergeTree``: as Collapsing, with a version, so that the order of inserts does not matter."""

    version: Column[Any] = attrs.field(kw_only=True, eq=_column_name)

    def arguments(self) -> tuple[str, ...]:
        return (self.sign.sql(), self.version.sql())

    def columns(self) -> tuple[tuple[str, Expr[Any]], ...]:
        return (*CollapsingMergeTree.columns(self), ("version", self.version))


@attrs.frozen
class GraphiteMergeTree(MergeTree):
    """``GraphiteMergeTree``: thins out Graphite data by the rules in the server's ``config_section``."""

    cloud: ClassVar[str] = "its rules are in the server's configuration"

    config_section: str = attrs.field(kw_only=True)

    def arguments(self) -> tuple[str, ...]:
        return (text.quote_string(self.config_section),)


def __getattr__(name: str) -> Any:
    """The other engines under the same roof: ``from tilla.engines import Null, Kafka``."""
    if name.startswith("_"):
        raise AttributeError(name)
    from tilla import engines_other

    found = getattr(engines_other, name, None)
    if not (isinstance(found, type) and issubclass(found, TableEngine)):
        raise AttributeError(f"module 'tilla.engines' has no attribute {name!r}")
    return found
