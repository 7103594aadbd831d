"""Types whose shape is in the data (JSON, Dynamic), vectors (QBit) and shapes on a map (Point, Polygon, ...)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from tilla import errors
from tilla.text import quote_identifier, quote_string
from tilla.types.base import DataType, T_co, assign, check_number, check_type, code_string, element_name


class DynamicType(DataType[Any]):
    """A value of any type; up to ``max_types`` of them get a column of their own within a part."""

    __slots__ = ("max_types",)
    max_types: int
    _nullable_inside = False
    _ordered = False
    DEFAULT = 32

    def __init__(self, max_types: int = DEFAULT) -> None:
        text = "Dynamic" if max_types == self.DEFAULT else f"Dynamic(max_types={max_types})"
        check_number(text, "max_types", max_types, 0, 254)
        super().__init__(text)
        assign(self, "max_types", max_types)

    def __call__(self, max_types: int = DEFAULT) -> DynamicType:
        """Return the type with a limit: ``t.Dynamic(max_types=8)``."""
        return DynamicType(max_types)


class JSONType(DataType[dict[str, Any]]):
    """A JSON object, stored path by path.

    ``paths`` have a declared type; ``skip`` and ``skip_regexp`` are dropped on insert; the rest becomes
    up to ``max_dynamic_paths`` subcolumns of type Dynamic. ClickHouse sorts the paths by name.
    """

    __slots__ = ("max_dynamic_paths", "max_dynamic_types", "paths", "skip", "skip_regexp")
    paths: dict[str, DataType[Any]]
    skip: tuple[str, ...]
    skip_regexp: tuple[str, ...]
    max_dynamic_paths: int
    max_dynamic_types: int
    _python = dict
    _key = False
    DEFAULT_PATHS = 1024
    DEFAULT_TYPES = 32

    def __init__(
        self,
        paths: Mapping[str, DataType[Any]] | None = None,
        skip: Collection[str] = (),
        skip_regexp: Collection[str] = (),
        max_dynamic_paths: int = DEFAULT_PATHS,
        max_dynamic_types: int = DEFAULT_TYPES,
    ) -> None:
        given = paths or {}
        ordered = {name: check_type("JSON", given[name]) for name in sorted(given, key=str.encode)}
        skips = tuple(sorted({skip} if isinstance(skip, str) else set(skip), key=str.encode))
        patterns = tuple(sorted({skip_regexp} if isinstance(skip_regexp, str) else set(skip_regexp), key=str.encode))
        for name in (*ordered, *skips):
            # 26.9 writes SKIP `regexp` bare and then takes it for SKIP REGEXP.
            if not name or (name in skips and name.lower() == "regexp"):
                raise errors.json_path_name(name)
        parts = []
        if max_dynamic_types != self.DEFAULT_TYPES:
            parts.append(f"max_dynamic_types={max_dynamic_types}")
        if max_dynamic_paths != self.DEFAULT_PATHS:
            parts.append(f"max_dynamic_paths={max_dynamic_paths}")
        parts += [f"{_path(name)} {dt}" for name, dt in ordered.items()]
        parts += [f"SKIP {element_name(name)}" for name in skips]
        parts += [f"SKIP REGEXP {quote_string(pattern)}" for pattern in patterns]
        text = f"JSON({', '.join(parts)})" if parts else "JSON"
        check_number(text, "max_dynamic_paths", max_dynamic_paths, 0, 10_000)
        check_number(text, "max_dynamic_types", max_dynamic_types, 0, 254)
        for name, dt in ordered.items():
            if not dt.fits_json:
                raise errors.json_path_type(text, name, str(dt))
            for prefix in skips:
                if name.startswith(prefix):  # 26.9 compares text, not path steps: SKIP ab hides abc
                    raise errors.json_path_skipped(text, name, f"SKIP {prefix}")
            for pattern in patterns:
                if _matches(pattern, name):
                    raise errors.json_path_skipped(text, name, f"SKIP REGEXP {pattern!r}")
        super().__init__(text)
        assign(self, "paths", ordered)
        assign(self, "skip", skips)
        assign(self, "skip_regexp", patterns)
        assign(self, "max_dynamic_paths", max_dynamic_paths)
        assign(self, "max_dynamic_types", max_dynamic_types)

    def __call__(
        self,
        paths: Mapping[str, DataType[Any]] | None = None,
        *,
        skip: Collection[str] = (),
        skip_regexp: Collection[str] = (),
        max_dynamic_paths: int = DEFAULT_PATHS,
        max_dynamic_types: int = DEFAULT_TYPES,
    ) -> JSONType:
        """Return the type with declared paths: ``t.JSON(paths={"a.b": t.UInt32}, skip=("c",))``."""
        return JSONType(paths, skip, skip_regexp, max_dynamic_paths, max_dynamic_types)

    def __repr__(self) -> str:
        parts = []
        if self.paths:
            written = ", ".join(f"{code_string(name)}: {dt!r}" for name, dt in self.paths.items())
            parts.append(f"paths={{{written}}}")
        parts += [f"skip={self.skip!r}"] if self.skip else []
        parts += [f"skip_regexp={self.skip_regexp!r}"] if self.skip_regexp else []
        if self.max_dynamic_paths != self.DEFAULT_PATHS:
            parts.append(f"max_dynamic_paths={self.max_dynamic_paths}")
        if self.max_dynamic_types != self.DEFAULT_TYPES:
            parts.append(f"max_dynamic_types={self.max_dynamic_types}")
        return f"t.JSON({', '.join(parts)})" if parts else "t.JSON"

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return tuple(self.paths.values())


def _path(name: str) -> str:
    """Write a JSON path as the server prints it: quoted as a whole, ``skip`` too as it begins a rule."""
    return quote_identifier(name) if not name.isidentifier() else "`skip`" if name == "skip" else element_name(name)


def _matches(pattern: str, path: str) -> bool:
    """Return whether a SKIP REGEXP takes the whole path; a pattern only RE2 reads is left to the server."""
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error:
        return False


class QBitType(DataType[list[float]]):
    """A vector of ``dimension`` numbers of type ``element``, stored bit by bit for approximate search.

    ``stride`` numbers are read at once; it divides the dimension, and is the dimension by default.
    """

    __slots__ = ("dimension", "element", "stride")
    element: DataType[Any]
    dimension: int
    stride: int
    _python = list
    _ordered = False
    _json = False
    ELEMENTS = ("Int8", "BFloat16", "Float32", "Float64")

    def __init__(self, element: DataType[Any], dimension: int, stride: int | None = None) -> None:
        whole = stride is None or stride == dimension
        text = f"QBit({check_type('QBit', element)}, {dimension}{'' if whole else f', {stride}'})"
        if str(element) not in self.ELEMENTS:
            raise errors.wrong_element(text, str(element), self.ELEMENTS)
        check_number(text, "dimension", dimension, 1, None)
        kept = dimension if stride is None else stride
        check_number(text, "stride", kept, 1, None)
        if dimension % kept or (kept < dimension and kept % 8):
            raise errors.qbit_stride(text, kept, dimension)
        super().__init__(text)
        assign(self, "element", element)
        assign(self, "dimension", dimension)
        assign(self, "stride", kept)

    def __repr__(self) -> str:
        stride = "" if self.stride == self.dimension else f", {self.stride}"
        return f"t.QBit({self.element!r}, {self.dimension}{stride})"

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.element,)


class GeoType(DataType[T_co]):
    """A shape: a name for a tuple of two Float64 (``Point``) or for arrays of it."""

    __slots__ = ()

    @property
    def python(self) -> type:
        return {"Point": tuple, "Geometry": object}.get(self._text, list)

    @property
    def can_be_nullable(self) -> bool:
        return self._text == "Point"

    @property
    def comparable(self) -> bool:
        return self._text != "Geometry"  # a Variant of all the others

    @property
    def can_be_key(self) -> bool:
        return self._text != "Geometry"
