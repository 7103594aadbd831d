"""What ClickHouse's named functions return: the table behind :mod:`tilla.functions`.

Most functions return one type whatever they get, so the table lists them by what they return; the few that
follow their arguments have a rule of their own. Functions whose type depends on a literal (a scale, a time
zone, a type name) get it from the function that builds the call. All of it is compared with ``DESCRIBE`` on
the engine by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tilla.expressions.aggregates import AGGREGATES
from tilla.expressions.rules import (
    BFLOAT16,
    BOOL,
    DATE,
    DATE32,
    FLOAT64,
    INT8,
    INT32,
    INT64,
    RULES,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    UUID_,
    Type,
    bare,
    common,
    nullable,
    number,
    plain,
    propagate,
    rule,
    strip,
)
from tilla.types.containers import ArrayType, MapType, TupleType
from tilla.types.scalars import DecimalType, EnumType, FixedStringType, FloatType, IntegerType, IPv4Type, IPv6Type
from tilla.types.temporal import INTERVAL_UNITS, IntervalType

IPV4, IPV6 = IPv4Type("IPv4"), IPv6Type("IPv6")
STRINGS = ArrayType(STRING)
JSON_KINDS = EnumType(
    8,
    {
        "Null": 0,
        "String": 34,
        "Array": 91,
        "Bool": 98,
        "Double": 100,
        "Int64": 105,
        "UInt64": 117,
        "Object": 123,
    },
)


def returns(type: Type, names: str, *, nulls: bool = True, dictionary: bool = True) -> None:
    """Register functions that always return ``type``, Nullable when an argument is."""
    rule(*names.split(), nulls=nulls, dictionary=dictionary)(lambda *types: type)


def always(type: Type, names: str) -> None:
    """Register functions that return ``type`` whatever they get, NULL and unknown types included."""
    plain(*names.split())(lambda types, constant: type)


# --- one type whatever comes in ---

returns(
    STRING,
    """
    concat concatWithSeparator format lowerUTF8 upperUTF8 initcap initcapUTF8 substring substringUTF8 left leftUTF8 right
    rightUTF8 substringIndex leftPad rightPad repeat trimBoth trimLeft trimRight replaceOne replaceAll
    replaceRegexpOne replaceRegexpAll translate extract regexpExtract appendTrailingCharIfAbsent toValidUTF8
    normalizeUTF8NFC base64Encode base64Decode tryBase64Decode hex unhex bin char reverseUTF8 space
    encodeURLComponent decodeURLComponent domain domainWithoutWWW topLevelDomain firstSignificantSubdomain
    cutToFirstSignificantSubdomain protocol path pathFull queryString fragment queryStringAndFragment netloc
    extractURLParameter cutURLParameter cutWWW cutQueryString cutFragment cutQueryStringAndFragment
    dateName monthName formatDateTime toString toStringCutToZero formatReadableSize formatReadableQuantity
    formatReadableTimeDelta formatReadableDecimalSize bar IPv4NumToString IPv6NumToString UUIDNumToString
    simpleJSONExtractString simpleJSONExtractRaw JSON_VALUE JSON_QUERY toJSONString JSONMergePatch extractTextFromHTML
    decodeHTMLComponent decodeXMLComponent regexpQuoteMeta
    """,
)
returns(STRING, "JSONExtractString JSONExtractRaw", dictionary=False)
returns(STRING, "arrayStringConcat timeZoneOf")
returns(
    UINT8,
    """
    empty notEmpty startsWith endsWith isValidUTF8 multiSearchAny multiMatchAny hasToken hasTokenCaseInsensitive
    isNaN isFinite isInfinite bitTest toQuarter toMonth toDayOfMonth toDayOfWeek toHour toMinute toSecond toISOWeek
    toWeek isIPv4String isIPv6String simpleJSONExtractBool simpleJSONHas JSON_EXISTS throwIf
    hasAny hasAll mapContains mapContainsKeyLike roundAge bitmapContains bitmapHasAny
    """,
)
returns(UINT8, "JSONHas JSONExtractBool isValidJSON", dictionary=False)
returns(UINT8, "isIPAddressInRange isZeroOrNull", nulls=False)
returns(UINT16, "toYear toDayOfYear toISOYear toMillisecond port roundDuration widthBucket")
returns(UINT32, "toYYYYMM toYYYYMMDD toYearWeek toRelativeDayNum toUnixTimestamp CRC32 IPv4StringToNum xxHash32")
returns(
    UINT64,
    """
    length lengthUTF8 position positionCaseInsensitive positionUTF8 positionCaseInsensitiveUTF8 locate countSubstrings
    countMatches multiSearchFirstIndex editDistance toYYYYMMDDhhmmss cityHash64 sipHash64 xxHash64 xxh3 halfMD5
    murmurHash2_64 murmurHash3_64 farmHash64 intHash64 URLHash factorial simpleJSONExtractUInt
    bitmapCardinality bitmapAndCardinality bitmapOrCardinality
    """,
)
returns(UINT64, "JSONLength JSONExtractUInt", dictionary=False)
returns(INT64, "dateDiff age toUnixTimestamp64Milli toUnixTimestamp64Micro toUnixTimestamp64Nano simpleJSONExtractInt")
returns(INT64, "JSONExtractInt", dictionary=False)
returns(INT32, "ascii timeZoneOffset")
returns(INT8, "sign")
returns(
    FLOAT64,
    """
    exp exp2 exp10 log log2 log10 log1p sqrt cbrt pow sin cos tan asin acos atan atan2 hypot degrees radians erf
    lgamma tgamma sigmoid jaroWinklerSimilarity simpleJSONExtractFloat stringJaccardIndex
    arrayAvg arrayProduct arrayDotProduct greatCircleDistance geoDistance cosineDistance L2Distance
    """,
)
returns(FLOAT64, "JSONExtractFloat", dictionary=False)
returns(DATE, "toDate toMonday toStartOfYear toStartOfISOYear toStartOfQuarter toStartOfMonth toStartOfWeek")
returns(DATE, "toLastDayOfMonth toLastDayOfWeek makeDate fromDaysSinceYearZero")
returns(DATE32, "toDate32 makeDate32")
returns(BOOL, "toBool")
returns(UUID_, "toUUID toUUIDOrZero")
returns(IPV4, "toIPv4 toIPv4OrDefault toIPv4OrZero")
returns(IPV6, "toIPv6 toIPv6OrDefault toIPv6OrZero IPv4ToIPv6")
returns(JSON_KINDS, "JSONType", dictionary=False)
returns(FixedStringType(16), "MD5 sipHash128 UUIDStringToNum UUIDToNum")
returns(FixedStringType(20), "SHA1")
returns(FixedStringType(32), "SHA256")
returns(FixedStringType(64), "SHA512")

always(STRING, "toTypeName hostName currentDatabase currentUser version")
always(UUID_, "generateUUIDv4 generateUUIDv7")
always(DATE, "today yesterday")
always(UINT32, "rand")
always(UINT64, "rand64 rowNumberInAllBlocks rowNumberInBlock generateSnowflakeID byteSize")
always(UINT64, "row_number rank dense_rank ntile")
always(FLOAT64, "randCanonical randUniform pi e percent_rank cume_dist")
always(UINT8, "ignore isNullable isConstant has")
always(UINT64, "indexOf countEqual")
always(UINT32, "arrayUniq")

# An array cannot be Nullable: of NULL these make an empty one (26.9).
always(
    STRINGS,
    """
    splitByChar splitByString splitByRegexp splitByNonAlpha splitByWhitespace alphaTokens extractAll extractGroups
    ngrams tokens extractURLParameters extractURLParameterNames URLHierarchy URLPathHierarchy
    """,
)


def or_null(type: Type, names: str) -> None:
    """Register functions that give NULL for what they cannot read."""
    rule(*names.split())(lambda *types: nullable(type))


def number_types() -> dict[str, Type]:
    """The numbers that have ``toX``, ``toXOrNull``, ``toXOrZero`` and ``toXOrDefault``."""
    bits = (8, 16, 32, 64, 128, 256)
    found: dict[str, Type] = {f"{'' if s else 'U'}Int{b}": IntegerType(b, s) for s in (False, True) for b in bits}
    return found | {"Float32": FloatType("Float32", 32), "Float64": FLOAT64}


for _name, _type in number_types().items():
    returns(_type, f"to{_name} to{_name}OrZero to{_name}OrDefault")
    or_null(_type, f"to{_name}OrNull")
for _unit in INTERVAL_UNITS:
    returns(IntervalType(_unit), f"toInterval{_unit}")
returns(DATE, "toDateOrZero")
returns(DATE32, "toDate32OrZero")
or_null(DATE, "toDateOrNull")
or_null(DATE32, "toDate32OrNull")
or_null(UUID_, "toUUIDOrNull")
or_null(IPV4, "toIPv4OrNull")
or_null(IPV6, "toIPv6OrNull")
or_null(UINT32, "IPv4StringToNumOrNull")
or_null(UINT64, "JSONArrayLength")


# --- the type of an argument ---


def _first(first: Type, *rest: Type) -> Type | None:
    return first


rule("round", "roundBankers", "floor", "ceil", "trunc")(
    lambda value, *digits: value if number(value) is not None or isinstance(value, DecimalType) else None
)
rule("materialize", "identity", "roundDown", "reverse")(_first)


@rule("lower", "upper")
def _text(value: Type) -> Type | None:
    return value if isinstance(value, FixedStringType) else STRING


@rule("abs")
def _abs(value: Type) -> Type | None:
    found = number(value)
    if isinstance(found, IntegerType):
        return IntegerType(found.bits, False)
    if found == BFLOAT16:
        return None
    return value if isinstance(value, DecimalType) else found


@rule("bitAnd", "bitOr", "bitXor")
def _bits(a: Type, b: Type) -> Type | None:
    x, y = number(a), number(b)
    if not isinstance(x, IntegerType) or not isinstance(y, IntegerType):
        return None
    return IntegerType(max(x.bits, y.bits), x.signed or y.signed)


@rule("bitNot", "bitShiftLeft", "bitShiftRight")
def _shift(a: Type, *by: Type) -> Type | None:
    found = number(a)
    return found if isinstance(found, IntegerType) else None


@rule("gcd", "lcm")
def _divisor(a: Type, b: Type) -> Type | None:
    found = RULES["plus"]([a, b], ())
    return found if isinstance(found, IntegerType) else None


@rule("greatest", "least")
def _extreme(*types: Type) -> Type | None:
    """26.9 compares numbers by other rules than it joins branches: only alike types are known."""
    if all(type == types[0] for type in types) and number(types[0]) is None:
        return types[0] if not isinstance(types[0], DecimalType) or types[0].precision in (9, 18, 38, 76) else None
    numbers = [number(type) for type in types]
    if all(isinstance(found, IntegerType) for found in numbers) and len({str(found) for found in numbers}) == 1:
        return numbers[0]
    if any(isinstance(type, DecimalType) for type in types):
        found: Type | None = types[0]
        for other in types[1:]:
            found = RULES["plus"]([found, other], ())
        return found
    return common(types)


def _or_null_of(name: str) -> Callable[..., Type | None]:
    def base(*types: Type) -> Type | None:
        found = RULES[name](types, ())
        return nullable(found) if found is not None and not any(isinstance(t, DecimalType) for t in types) else None

    return base


for _name in ("intDiv", "modulo", "divide"):
    rule(f"{_name}OrNull")(_or_null_of(_name))


@rule("ifNotFinite")
def _if_not_finite(value: Type, other: Type) -> Type | None:
    return common([value, other])


@plain("toLowCardinality")
def _to_low_cardinality(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    from tilla.types.containers import LowCardinalityType

    value = types[0]
    if value is None or isinstance(value, LowCardinalityType):
        return value
    return LowCardinalityType(value) if value.can_be_low_cardinality else None


@rule("transform", nulls=False)
def _transform(value: Type, old: Type, new: Type, *default: Type) -> Type | None:
    """With a default the common type of the new values and the default, else of the new values and the old."""
    if not isinstance(new, ArrayType):
        return None
    return common([new.element, default[0] if default else value])


# --- arrays ---


def _element(array: Type | None) -> Type | None:
    """What a lambda, or the caller, gets of an array: an element, its dictionary taken off."""
    if not isinstance(array, ArrayType):
        return None
    from tilla.expressions.aggregates import without_dictionaries

    return without_dictionaries(array.element)


def _array(array: Type | None) -> Type | None:
    found = _element(array)
    return ArrayType(found) if found is not None else None


def arrays(names: str, base: Callable[[Type], Type | None]) -> None:
    """Register functions whose result follows from the element type of their first array."""

    def found(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
        element = _element(types[0]) if types else None
        return base(element) if element is not None else None

    plain(*names.split())(found)


def total(element: Type) -> Type | None:
    """The type of a sum of array elements."""
    return AGGREGATES["sum"].result((), element) if not element.nullable else None


def _difference(element: Type) -> Type | None:
    found = RULES["minus"]([element, element], ())
    return ArrayType(element if isinstance(element, DecimalType) else found) if found is not None else None


def _totals(element: Type) -> Type | None:
    found = total(element)
    return ArrayType(found) if found is not None else None


arrays(
    """
    arraySlice arrayPopBack arrayPopFront arrayReverse arraySort arrayReverseSort arrayCompact arrayResize arrayShuffle
    arrayRotateLeft arrayRotateRight arrayFilter arrayFill arrayReverseFill arrayPartialSort
    """,
    ArrayType,
)
arrays("arrayDistinct", lambda element: ArrayType(element.without_nullable()))
arrays("arraySplit arrayReverseSplit", lambda element: ArrayType(ArrayType(element)))
arrays("arrayFirst arrayLast arrayMin arrayMax", lambda element: element)
arrays("arrayFirstOrNull arrayLastOrNull arrayElementOrNull", nullable)
arrays("arrayFirstIndex arrayLastIndex arrayCount", lambda element: UINT32)
arrays("arrayExists arrayAll", lambda element: UINT8)
arrays("arrayEnumerate arrayEnumerateUniq", lambda element: ArrayType(UINT32))
arrays("arraySum", total)
arrays("arrayCumSum", _totals)
arrays("arrayDifference", _difference)
arrays("arrayFlatten", lambda element: _flat(element))


def _flat(element: Type) -> Type:
    while isinstance(element, ArrayType):
        element = element.element
    return ArrayType(element)


@plain("arrayJoin")
def _array_join(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    from tilla.expressions.rules import element_of_array

    return element_of_array(types[0])


@plain("arrayConcat", "arrayUnion")
def _concat(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    elements = [found for type in types if (found := _element(type)) is not None]
    found = common(elements) if len(elements) == len(types) else None
    return ArrayType(found) if found is not None else None


@plain("arrayIntersect")
def _intersect(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    found = {str(type): type for type in map(_array, types)}
    return next(iter(found.values())) if len(found) == 1 else None


@plain("arrayPushBack", "arrayPushFront")
def _push(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    element, value = _element(types[0]), types[1]
    found = common([element, value]) if element is not None and value is not None else None
    return ArrayType(found) if found is not None else None


@plain("arrayZip")
def _zip(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    elements = [type.element for type in types if isinstance(type, ArrayType)]
    return ArrayType(TupleType(tuple(elements))) if len(elements) == len(types) else None


@plain("range")
def _range(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    known = [type for type in types if type is not None]
    found = common([strip(type) for type in known]) if len(known) == len(types) else None
    return ArrayType(found) if isinstance(found, IntegerType) else None


@plain("arrayWithConstant")
def _repeat(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return ArrayType(bare(types[1])) if types[1] is not None else None


# --- maps and tuples ---


def maps(names: str, base: Callable[[MapType[object, object]], Type | None]) -> None:
    """Register functions whose result follows from their first map."""

    def found(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
        return base(types[0]) if types and isinstance(types[0], MapType) else None

    plain(*names.split())(found)


maps("mapKeys", lambda type: _array(ArrayType(type.key)))
maps("mapValues", lambda type: _array(ArrayType(type.value)))
maps("mapFilter mapConcat mapUpdate mapSort mapReverseSort mapExtractKeyLike", lambda type: type)
maps("mapExists mapAll", lambda type: UINT8)


@plain("mapAdd", "mapSubtract")
def _map_sum(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    first = types[0]
    if not isinstance(first, MapType) or any(type != first for type in types):
        return None
    found = total(first.value)
    return MapType(first.key, found) if found is not None else None


@plain("mapFromArrays")
def _map_from_arrays(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    keys, values = types[0], types[1]
    if not isinstance(keys, ArrayType) or not isinstance(values, ArrayType) or keys.element.nullable:
        return None
    return MapType(keys.element, values.element)


@plain("tupleConcat")
def _tuple_concat(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    elements = [type.elements for type in types if isinstance(type, TupleType)]
    return TupleType(tuple(item for group in elements for item in group)) if len(elements) == len(types) else None


@plain("lagInFrame", "leadInFrame", "lag", "lead", "nth_value")
def _neighbour(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    from tilla.expressions.aggregates import without_dictionaries

    return without_dictionaries(types[0]) if types[0] is not None else None


__all__ = ["JSON_KINDS", "STRINGS", "propagate", "returns", "total"]
