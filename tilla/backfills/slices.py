"""Cutting a root into slices, by what ``system.parts`` and the primary index say; and further, when one is too much.

A slice is a set of partitions, a half-open range of the first key column, a remainder of a hash, or several of these at
once. Slices of one branch are disjoint and hold every row: the range that comes first takes NULL along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from tilla import errors, text
from tilla.ddl.replicas import ONE, Replicas
from tilla.expressions.scan import scan
from tilla.servers import Server

Path = tuple[str, str]

# Key types whose values can be written as literals that compare as the values do. Not floats: NaN is last in a key, and no bound.
_COMPARABLE = re.compile(
    r"(LowCardinality\()?(Nullable\()?(U?Int\d+|Date(32)?|DateTime(64)?\b.*|String|UUID|Enum\d+\(.*|Decimal\(.*|IPv[46]|Bool)"
)
_FINEST = 4096  # a hash is cut no finer
_WORTH = 500_000  # rows below which a slice is not worth its table


@attrs.frozen
class Slice:
    """A part of the rows of one root, for one branch of a target.

    ``partitions`` are ids (none: all); ``key`` an expression with ``low <= key < high`` (literals, '' for no bound; ``nulls``:
    and what does not compare); ``hashed`` an expression with ``hash % modulus = remainder``. ``spread`` cuts the *result*
    by its partition instead: (modulus, remainder); ``only`` keeps what comes out for these partitions (their values as text).
    """

    branch: int
    partitions: tuple[str, ...] = ()
    key: str = ""
    low: str = ""
    high: str = ""
    nulls: str = ""
    hashed: str = ""
    modulus: int = 1
    remainder: int = 0
    spread: tuple[int, int] = (1, 0)
    only: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0

    @property
    def condition(self) -> str:
        """The condition on the root."""
        found = []
        if self.partitions:
            found.append(f"_partition_id IN ({', '.join(map(text.quote_string, self.partitions))})")
        if self.low:
            found.append(f"{self.key} >= {self.low}")
        if self.high:
            found.append(f"({self.key} < {self.high}{self.nulls})")
        if self.modulus > 1:
            found.append(f"ifNull(cityHash64({self.hashed}), 0) % {self.modulus} = {self.remainder}")
        return " AND ".join(found) or "1"

    def as_json(self) -> dict[str, Any]:
        """The slice as plain data, with its condition for people; what is at its default is left out."""
        facts = attrs.asdict(self, filter=lambda a, v: v != a.default or a.name == "branch")
        return {"where": self.condition, **facts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Slice:
        """The slice that :meth:`as_json` wrote."""
        facts = {name: data[name] for name in attrs.fields_dict(cls) if name in data}
        facts["partitions"] = tuple(facts.get("partitions", ()))
        facts["spread"] = tuple(facts.get("spread", (1, 0)))
        facts["only"] = tuple(facts.get("only", ()))
        return cls(**facts)


@attrs.frozen
class Root:
    """What the server knows of a table that is cut. ``parts`` is partition id -> (rows, uncompressed bytes)."""

    path: Path
    engine: str
    key: str
    key_type: str
    total: int
    parts: Mapping[str, tuple[int, int]]

    @property
    def rows(self) -> int:
        """Its rows."""
        return sum(rows for rows, _ in self.parts.values()) if self.parts else self.total

    @property
    def bytes(self) -> int:
        """Its bytes, uncompressed; 0 when the server does not say."""
        return sum(size for _, size in self.parts.values())

    @property
    def nulls(self) -> str:
        """What the first range adds for values that do not compare."""
        return nulls(self.key, self.key_type)


def nulls(key: str, kind: str) -> str:
    """What a first range adds for values that do not compare, or ''."""
    return f" OR {key} IS NULL" if "Nullable(" in kind else ""


def look(server: Server, paths: Iterable[Path], replicas: Replicas = ONE) -> dict[Path, Root]:
    """Read what is needed to cut some tables; two queries and one for each key that is no plain column.

    Of parts, those that any replica has: one that lags must not hide a partition.
    """
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in wanted)
    tables = server.rows(
        f"SELECT database, name, engine, primary_key, total_rows FROM system.tables WHERE (database, name) IN ({pairs})"
    )
    parts: dict[Path, dict[str, tuple[int, int]]] = {}
    each = "database, table, partition_id, name"
    for row in server.rows(
        "SELECT database, table, partition_id, sum(n) AS n, sum(size) AS size FROM"
        f" (SELECT {each}, any(rows) AS n, any(data_uncompressed_bytes) AS size FROM {replicas.system('parts')}"
        f" WHERE active AND (database, table) IN ({pairs}) GROUP BY {each})"
        f" GROUP BY 1, 2, 3 HAVING n > 0 ORDER BY 1, 2, 3{replicas.strict}"
    ):
        own = parts.setdefault((row["database"], row["table"]), {})
        own[row["partition_id"]] = (row["n"], row["size"])
    found = {}
    for row in tables:
        path = (row["database"], row["name"])
        key = _first(row["primary_key"]) if row["engine"].endswith("MergeTree") else ""
        total = row["total_rows"]
        if total is None:
            total = server.scalar(f"SELECT count() FROM {text.quote_qualified(*path)}")
        found[path] = Root(path, row["engine"], key, _type(server, path, key), int(total), parts.get(path, {}))
    return found


def _first(key: str) -> str:
    """The first expression of a key; 26.9 prints a key in brackets where it was declared in them.

    >>> _first("(`a, b`)"), _first("f(a, b), c"), _first("(a, b)")
    ('`a, b`', 'f(a, b)', 'a')
    """
    tokens = scan(key)
    if tokens.size and tokens.mates.get(0) == tokens.size - 1:
        return _first(tokens.source(1, tokens.size - 1))
    at = 0
    while at < tokens.size and tokens.words[at] != ",":
        at = tokens.mates.get(at, at) + 1
    return tokens.source(0, at)


def _type(server: Server, path: Path, key: str) -> str:
    if not key:
        return ""
    rows = server.rows(f"DESCRIBE TABLE (SELECT {key} AS k FROM {text.quote_qualified(*path)})")
    return str(rows[0]["type"])


# --- cutting ---


def even(total: int, most: int, workers: int) -> int:
    """Rows of a slice: so many that the last ones leave no worker without work for long, and ``most`` at most."""
    return min(most, max(total // (4 * workers), _WORTH))


def cut(server: Server, root: Root, branch: int, rows: int, size: int) -> list[Slice]:
    """Slices of about so many rows and bytes at most; small partitions go together."""
    if not root.engine.endswith("MergeTree"):
        return [Slice(branch, rows=root.rows, bytes=root.bytes)] if root.rows else []
    found: list[Slice] = []
    group: list[str] = []
    sums = (0, 0)
    for partition, (n, b) in root.parts.items():
        if n > rows or b > size:
            pieces = max(-(-n // rows), -(-b // size))
            found += _ranges(server, root, Slice(branch, (partition,), rows=n, bytes=b), pieces)
            continue
        if group and (sums[0] + n > rows or sums[1] + b > size):
            found.append(Slice(branch, tuple(group), rows=sums[0], bytes=sums[1]))
            group, sums = [], (0, 0)
        group.append(partition)
        sums = (sums[0] + n, sums[1] + b)
    if group:
        found.append(Slice(branch, tuple(group), rows=sums[0], bytes=sums[1]))
    if len(found) == 1 and set(found[0].partitions) == set(root.parts):
        found = [attrs.evolve(found[0], partitions=())]
    return found


def split(server: Server, root: Root, slice: Slice, *, by_result: bool = False) -> list[Slice]:
    """Two slices or more in place of one that was too much; none when it cannot be cut further.

    ``by_result`` cuts what comes out by its partition (too many partitions in one block) and not what goes in.
    """
    if by_result:
        modulus, remainder = slice.spread
        return [attrs.evolve(slice, spread=s) for s in ((2 * modulus, remainder), (2 * modulus, remainder + modulus))] if (
            modulus < _FINEST
        ) else []  # fmt: skip
    if len(slice.partitions) > 1:
        half = len(slice.partitions) // 2
        return [_sized(root, slice, slice.partitions[:half]), _sized(root, slice, slice.partitions[half:])]
    pieces = _ranges(server, root, slice, 2) if slice.modulus == 1 else []
    return pieces if len(pieces) > 1 else list(_hashes(server, root, slice))


def _sized(root: Root, slice: Slice, partitions: tuple[str, ...]) -> Slice:
    known = [root.parts.get(p, (0, 0)) for p in partitions]
    return attrs.evolve(slice, partitions=partitions, rows=sum(n for n, _ in known), bytes=sum(b for _, b in known))


def _ranges(server: Server, root: Root, slice: Slice, pieces: int) -> list[Slice]:
    """Cut by the first key column, where the primary index says that so many rows lie; else by a hash."""
    found = places(server, root, slice, pieces) if root.key and comparable(root.key_type) else []
    if not found:
        return list(_hashes(server, root, slice, pieces))
    lows, highs = [slice.low, *found], [*found, slice.high]
    out = []
    for low, high in zip(lows, highs, strict=True):
        nulls = root.nulls if not low else ""
        share = (slice.rows // len(lows), slice.bytes // len(lows))
        out.append(attrs.evolve(slice, key=root.key, low=low, high=high, nulls=nulls, rows=share[0], bytes=share[1]))
    return out


def places(server: Server, root: Root, slice: Slice, pieces: int) -> list[str]:
    """Literals that part the rows of a slice about evenly: read from the primary index alone."""
    database, name = root.path
    parts = (
        f"SELECT name FROM system.parts WHERE active AND database = {text.quote_string(database)}"
        f" AND table = {text.quote_string(name)}"
    )
    if slice.partitions:
        parts += f" AND partition_id IN ({', '.join(map(text.quote_string, slice.partitions))})"
    column = text.quote_identifier(root.key.strip("`") if root.key.startswith("`") else root.key)
    bounds = [f"k >= {slice.low}"] * bool(slice.low) + [f"k < {slice.high}"] * bool(slice.high)
    inside = (
        f"SELECT {column} AS k, sum(rows_in_granule) AS n FROM mergeTreeIndex({text.quote_string(database)},"
        f" {text.quote_string(name)}) WHERE part_name IN ({parts}) GROUP BY k HAVING {' AND '.join(bounds) or '1'}"
    )
    sql = (
        f"SELECT {literal('first', root.key_type)} AS literal FROM (SELECT min(k) AS first, intDiv(until - 1, size) AS piece FROM (SELECT k,"
        f" sum(n) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS until,"
        f" greatest(1, intDiv(sum(n) OVER () + {pieces} - 1, {pieces})) AS size FROM ({inside}))"
        " GROUP BY piece ORDER BY piece LIMIT 1, 1000000) WHERE first IS NOT NULL"
    )
    try:
        return [str(row["literal"]) for row in server.rows(sql)]
    except errors.StatementRefused:  # no mergeTreeIndex for this user
        return []


def literal(value: str, kind: str) -> str:
    """What makes a literal, as text, of a value of a comparable type."""
    if "String" in kind:
        return f"concat('unhex(''', hex(toString({value})), ''')')"
    if "DateTime" in kind:  # a zone's own text means two moments where its clock is put back
        value = f"toTimeZone({value}, 'UTC')"
    quoted = text.quote_string(text.quote_string(_plain(kind)))
    return f"concat('CAST(''', replaceAll(toString({value}), '''', '\\\\\\''), ''', ', {quoted}, ')')"


def comparable(kind: str) -> bool:
    """Whether values of a type can be written as literals that compare as the values do."""
    return _COMPARABLE.match(kind) is not None


def _plain(kind: str) -> str:
    """The type of a literal that is compared with a key."""
    inner = re.sub(r"^LowCardinality\((.*)\)$", r"\1", kind)
    plain = re.sub(r"^Nullable\((.*)\)$", r"\1", inner)
    if moment := re.match(r"DateTime64\((\d+)|DateTime\b", plain):
        return f"DateTime64({moment[1]}, 'UTC')" if moment[1] else "DateTime('UTC')"
    return plain


def _hashes(server: Server, root: Root, slice: Slice, pieces: int = 2) -> Iterator[Slice]:
    """Cut by a hash of a column that has many values."""
    hashed = slice.hashed or _varied(server, root)
    if not hashed or slice.modulus * pieces > _FINEST:
        return
    for i in range(pieces):
        yield attrs.evolve(
            slice,
            hashed=hashed,
            modulus=slice.modulus * pieces,
            remainder=slice.remainder + i * slice.modulus,
            rows=slice.rows // pieces,
            bytes=slice.bytes // pieces,
        )


def _varied(server: Server, root: Root) -> str:
    """The column with the most values among the first rows."""
    columns = server.rows(
        "SELECT name FROM system.columns WHERE default_kind NOT IN ('ALIAS', 'EPHEMERAL')"
        f" AND database = {text.quote_string(root.path[0])} AND table = {text.quote_string(root.path[1])}"
        " AND match(type, '^(LowCardinality\\\\()?(Nullable\\\\()?(U?Int|Date|String|UUID|Float|Decimal|FixedString)')"
        " ORDER BY data_compressed_bytes, position"
    )
    names: Sequence[str] = [text.quote_identifier(row["name"]) for row in columns]
    if not names:
        return ""
    counts = ", ".join(f"uniq({name})" for name in names)
    listed = ", ".join(names)
    row = server.rows(
        f"SELECT [{counts}] AS counts FROM (SELECT {listed} FROM {text.quote_qualified(*root.path)} LIMIT 100000)"
    )[0]
    counted = list(row["counts"])
    return names[counted.index(max(counted))] if max(counted) > 1 else ""
