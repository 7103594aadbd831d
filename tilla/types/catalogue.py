"""The types without arguments by name, and the aliases of ``system.data_type_families`` (26.9)."""

from __future__ import annotations

from typing import Any

from tilla.types.base import DataType
from tilla.types.scalars import (
    BoolType,
    FloatType,
    IntegerType,
    IPv4Type,
    IPv6Type,
    NothingType,
    StringType,
    UUIDType,
)
from tilla.types.semistructured import DynamicType, GeoType, JSONType
from tilla.types.temporal import INTERVAL_UNITS, DateTimeType, DateType, IntervalType, TimeType

Point2D = tuple[float, float]

UInt8: IntegerType = IntegerType(8, False)
UInt16: IntegerType = IntegerType(16, False)
UInt32: IntegerType = IntegerType(32, False)
UInt64: IntegerType = IntegerType(64, False)
UInt128: IntegerType = IntegerType(128, False)
UInt256: IntegerType = IntegerType(256, False)
Int8: IntegerType = IntegerType(8, True)
Int16: IntegerType = IntegerType(16, True)
Int32: IntegerType = IntegerType(32, True)
Int64: IntegerType = IntegerType(64, True)
Int128: IntegerType = IntegerType(128, True)
Int256: IntegerType = IntegerType(256, True)
BFloat16: FloatType = FloatType("BFloat16", 16)
Float32: FloatType = FloatType("Float32", 32)
Float64: FloatType = FloatType("Float64", 64)
Bool: BoolType = BoolType("Bool")
String: StringType = StringType("String")
UUID: UUIDType = UUIDType("UUID")
IPv4: IPv4Type = IPv4Type("IPv4")
IPv6: IPv6Type = IPv6Type("IPv6")
Date: DateType = DateType("Date")
Date32: DateType = DateType("Date32")
DateTime: DateTimeType = DateTimeType()
Time: TimeType = TimeType("Time")
Nothing: NothingType = NothingType("Nothing")
Dynamic: DynamicType = DynamicType()
JSON: JSONType = JSONType()
Point: GeoType[Point2D] = GeoType("Point")
Ring: GeoType[list[Point2D]] = GeoType("Ring")
LineString: GeoType[list[Point2D]] = GeoType("LineString")
MultiPoint: GeoType[list[Point2D]] = GeoType("MultiPoint")
MultiLineString: GeoType[list[list[Point2D]]] = GeoType("MultiLineString")
Polygon: GeoType[list[list[Point2D]]] = GeoType("Polygon")
MultiPolygon: GeoType[list[list[list[Point2D]]]] = GeoType("MultiPolygon")
Geometry: GeoType[Any] = GeoType("Geometry")
INTERVALS: dict[str, IntervalType] = {unit: IntervalType(unit) for unit in INTERVAL_UNITS}

_ALL: tuple[DataType[Any], ...] = (
    *(UInt8, UInt16, UInt32, UInt64, UInt128, UInt256, Int8, Int16, Int32, Int64, Int128, Int256),
    *(BFloat16, Float32, Float64, Bool, String, UUID, IPv4, IPv6, Date, Date32, DateTime, Time, Nothing),
    *(Dynamic, JSON, Point, Ring, LineString, MultiPoint, MultiLineString, Polygon, MultiPolygon, Geometry),
    *INTERVALS.values(),
)
BARE: dict[str, DataType[Any]] = {str(dt): dt for dt in _ALL}
BARE["GEOMETRY"] = Geometry  # its one alias, and only in capitals

# The most numbers in brackets that the server reads after a name and forgets: a display width, a length.
NUMBERED: dict[str, int] = {
    "String": 1,
    "Float32": 2,
    "Float64": 2,
    **{f"{sign}Int{bits}": 1 for sign in ("", "U") for bits in (8, 16, 32, 64)},
}

_ALIASES = {
    "Bool": "BOOLEAN",
    "DateTime": "TIMESTAMP",
    "Decimal": "DEC, FIXED, NUMERIC",
    "FixedString": "BINARY",
    "Float32": "FLOAT, REAL, SINGLE",
    "Float64": "DOUBLE, DOUBLE PRECISION",
    "IPv4": "INET4",
    "IPv6": "INET6",
    "Int16": "SMALLINT, SMALLINT SIGNED",
    "Int32": "INT, INT SIGNED, INTEGER, INTEGER SIGNED, MEDIUMINT, MEDIUMINT SIGNED",
    "Int64": "BIGINT, BIGINT SIGNED, SIGNED",
    "Int8": "BYTE, INT1, INT1 SIGNED, TINYINT, TINYINT SIGNED",
    "String": "BINARY LARGE OBJECT, BINARY VARYING, BLOB, BYTEA, CHAR, CHAR LARGE OBJECT, CHAR VARYING, CHARACTER, "
    "CHARACTER LARGE OBJECT, CHARACTER VARYING, CLOB, LONGBLOB, LONGTEXT, MEDIUMBLOB, MEDIUMTEXT, NATIONAL CHAR, "
    "NATIONAL CHAR VARYING, NATIONAL CHARACTER, NATIONAL CHARACTER LARGE OBJECT, NATIONAL CHARACTER VARYING, NCHAR, "
    "NCHAR LARGE OBJECT, NCHAR VARYING, NVARCHAR, TEXT, TINYBLOB, TINYTEXT, VARBINARY, VARCHAR, VARCHAR2",
    "UInt16": "SMALLINT UNSIGNED, YEAR",
    "UInt32": "INT UNSIGNED, INTEGER UNSIGNED, MEDIUMINT UNSIGNED",
    "UInt64": "BIGINT UNSIGNED, BIT, SET, UNSIGNED",
    "UInt8": "INT1 UNSIGNED, TINYINT UNSIGNED",
}
# An alias in capitals -> the server's name. All are read in any letter case.
ALIASES: dict[str, str] = {alias: name for name, listed in _ALIASES.items() for alias in listed.split(", ")}

# The server's own names that are read in any letter case; the rest are read as written only.
_OWN_ANY_CASE = (
    "Bool Date Date32 DateTime DateTime32 DateTime64 Decimal Decimal32 Decimal64 Decimal128 Decimal256 Enum JSON "
    "Time Time64"
)
ANY_CASE: dict[str, str] = {name.upper(): name for name in _OWN_ANY_CASE.split()}
