"""T101-T130: mistakes in types and type text."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import DeclarationError, Mistake, TypeTextError
from tilla.errors.wording import listed, nearest


def not_a_type(where: str, value: object) -> TypeTextError:
    """T101: something that is not a type stands where a type belongs."""
    name = getattr(value, "__name__", "")
    if isinstance(value, str):
        shown, hint = f"the text {value!r}", f"t.parse({value!r})"
    elif callable(value) and getattr(value, "__module__", "").startswith("tilla.types"):
        shown, hint = f"t.{name} without arguments", f"t.{name}(...)"
    else:
        python = {"str": "t.String", "int": "t.Int64", "float": "t.Float64", "bool": "t.Bool"}
        python |= {"date": "t.Date", "datetime": "t.DateTime64(3)", "UUID": "t.UUID", "Decimal": "t.Decimal(18, 2)"}
        shown, hint = repr(value), python.get(name, "a type from tilla.types, such as t.String")
    return TypeTextError(Mistake("T101", where, f"{shown} is not a ClickHouse type", hint=hint))


def type_out_of_range(text: str, what: str, value: object, low: int, high: int | None) -> TypeTextError:
    """T102: a number inside a type is beyond what ClickHouse takes."""
    span = f"{low} to {high}" if high is not None else f"{low} or more"
    return TypeTextError(Mistake("T102", text, f"{what} is {value}", expected=f"a whole number, {span}"))


def type_is_empty(name: str, what: str, hint: str) -> TypeTextError:
    """T103: a type that needs at least one member has none."""
    return TypeTextError(Mistake("T103", name, f"{name} needs {what}", hint=hint))


def enum_duplicate(text: str, what: str, who: str) -> TypeTextError:
    """T104: two members of an Enum share a name or a code."""
    return TypeTextError(Mistake("T104", text, f"{what} is given twice: {who}", expected="each name and code once"))


def not_enum_members(name: str, value: object) -> TypeTextError:
    """T105: the arguments of an Enum are neither names nor names with codes."""
    return TypeTextError(
        Mistake(
            "T105",
            name,
            f"{value!r} is no member of an Enum",
            expected="names, or one mapping of names to whole numbers",
            hint=f't.{name}("new", "paid") or t.{name}({{"new": 1, "paid": 2}})',
        )
    )


def enum_codes_mixed(name: str) -> TypeTextError:
    """T106: only some members of an Enum have a code."""
    return TypeTextError(
        Mistake(
            "T106",
            name,
            "some members have a code and some have none",
            expected="a code for each member, for none of them, or for the first alone",
        )
    )


def unknown_interval(unit: str, known: Sequence[str]) -> TypeTextError:
    """T107: an interval of a unit that ClickHouse does not have."""
    return TypeTextError(
        Mistake(
            "T107",
            f"Interval{unit}",
            f"there is no interval of {unit!r}",
            expected=f"one of {listed(known)}",
            nearest=nearest(unit, known),
        )
    )


_TAKEN_INSIDE = {
    "Nullable": "a scalar, a Tuple, JSON or Point",
    "LowCardinality": "text, a number of 8 to 256 bits, Date, DateTime, UUID, an IP address, or a Nullable of these",
    "Variant": "a type that is not Nullable, Variant or Dynamic",
}


def unknown_time_zone(text: str, zone: str, known: Sequence[str]) -> TypeTextError:
    """T108: a time zone that the zone database does not have."""
    return TypeTextError(
        Mistake(
            "T108",
            text,
            f"there is no time zone {zone!r}",
            expected="a name from the zone database, in its own letter case",
            nearest=nearest(zone, known) or nearest(zone, [name for name in known if zone.split("/")[-1] in name]),
        )
    )


def not_inside(text: str, outer: str, inner: str, nullable: bool) -> TypeTextError:
    """T109: a type that ClickHouse does not take inside another one."""
    hint = ""
    if outer == "Nullable" and inner.startswith("LowCardinality("):
        plain = inner.removeprefix("LowCardinality(").removesuffix(")")
        hint = inner if nullable else f"LowCardinality(Nullable({plain}))"
    elif outer == "Nullable" and inner.startswith("Array("):
        hint = f"{inner} with an empty array for no value, or Array(Nullable({inner[6:-1]}))"
    elif outer == "Nullable" and (nullable or inner.startswith(("Variant(", "Dynamic"))):
        hint = f"{inner}, which takes NULL already"
    elif outer == "LowCardinality":
        hint = inner
    elif outer == "Variant" and nullable:
        hint = "the type without Nullable: a Variant holds NULL by itself"
    return TypeTextError(
        Mistake(
            "T109",
            text,
            f"{inner} cannot stand inside {outer}",
            expected=_TAKEN_INSIDE.get(outer, ""),
            hint=hint,
        )
    )


def map_key_nullable(text: str, key: str, plain: str) -> TypeTextError:
    """T110: a map whose keys could be NULL."""
    return TypeTextError(
        Mistake("T110", text, f"the key of a map cannot be {key}", expected="a type without NULL", hint=plain)
    )


def tuple_names(where: str, what: str) -> TypeTextError:
    """T111: names of tuple or Nested members that ClickHouse refuses."""
    return TypeTextError(
        Mistake("T111", where, f"there is {what}", expected="a name of its own for each member, or for none")
    )


def json_path_skipped(text: str, path: str, rule: str) -> TypeTextError:
    """T112: a JSON path with a type that another rule of the same type drops."""
    return TypeTextError(Mistake("T112", text, f"path {path!r} has a type, but {rule} drops it", hint="one of the two"))


def json_path_type(text: str, path: str, inner: str) -> TypeTextError:
    """T113: a JSON path of a type that JSON cannot hold."""
    return TypeTextError(
        Mistake(
            "T113",
            text,
            f"path {path!r} cannot be {inner}",
            expected="no state, interval, QBit, BFloat16 or Nothing, and String keys in maps",
        )
    )


def wrong_element(text: str, inner: str, known: Sequence[str]) -> TypeTextError:
    """T114: a vector of elements that ClickHouse does not take."""
    return TypeTextError(Mistake("T114", text, f"its elements cannot be {inner}", expected=f"one of {listed(known)}"))


def unknown_aggregate(where: str, function: object, known: Sequence[str]) -> TypeTextError:
    """T115: an aggregate function that ClickHouse does not have."""
    close = nearest(function, known) if isinstance(function, str) else ""
    return TypeTextError(
        Mistake(
            "T115",
            where,
            f"there is no aggregate function {function!r}",
            expected="" if close else "its name first, then the types of its arguments",
            nearest=close,
        )
    )


def not_simple_aggregate(text: str, function: str, known: Sequence[str]) -> TypeTextError:
    """T116: a function whose finished values do not merge."""
    return TypeTextError(
        Mistake(
            "T116",
            text,
            f"{function!r} cannot merge finished values",
            expected=f"one of {listed(known, 30)}",
            nearest=nearest(function, known),
            hint=f"AggregateFunction({function}, ...), which keeps the state",
        )
    )


def simple_aggregate_type(text: str, function: str, given: str, found: str) -> TypeTextError:
    """T117: a SimpleAggregateFunction over another type than its function gives back."""
    return TypeTextError(
        Mistake(
            "T117",
            text,
            f"{function!r} of {given} gives {found}, which such a column cannot hold",
            hint=f"SimpleAggregateFunction({function}, {found})",
        )
    )


def aggregate_argument(text: str, function: str, given: str, expected: str) -> TypeTextError:
    """T118: an aggregate function over a type that it does not take."""
    return TypeTextError(Mistake("T118", text, f"{function!r} does not take {given}", expected=expected))


def aggregate_arity(text: str, function: str, low: int, high: int, count: int) -> TypeTextError:
    """T119: an aggregate function with too many or too few arguments."""
    span = str(low) if low == high else f"{low} or more" if high > 9 else f"{low} to {high}"
    return TypeTextError(Mistake("T119", text, f"{function!r} has {count} arguments", expected=span))


def aggregate_parameters(text: str, function: str, expected: str) -> TypeTextError:
    """T120: an aggregate function with other parameters than it takes."""
    return TypeTextError(Mistake("T120", text, f"the parameters of {function!r} do not fit", expected=expected))


def not_a_parameter(value: object) -> TypeTextError:
    """T121: a parameter of an aggregate function that cannot be written as a literal."""
    return TypeTextError(
        Mistake("T121", "", f"{value!r} is no parameter", expected="a number, text, True, False, None, or a list")
    )


def unreadable_type(text: str, position: int, expected: str) -> TypeTextError:
    """T122: a text that breaks off or goes astray where a type is read."""
    rest = text[position : position + 20]
    found = f"{rest!r}" if rest else "the end"
    return TypeTextError(
        Mistake("T122", text, f"it cannot be read as a type: at position {position} stands {found}", expected=expected)
    )


def unknown_type(text: str, position: int, name: str, known: Sequence[str]) -> TypeTextError:
    """T123: a type name that ClickHouse does not have (in this letter case)."""
    where = text if text != name else ""
    at = f" (at position {position})" if where else ""
    return TypeTextError(Mistake("T123", where, f"there is no type {name!r}{at}", nearest=nearest(name, known)))


def type_arguments(text: str, position: int, name: str, expected: str) -> TypeTextError:
    """T124: a type with other arguments than ClickHouse takes."""
    return TypeTextError(
        Mistake("T124", text, f"the arguments of {name} at position {position} do not fit", expected=expected)
    )


def null_modifier(text: str, inner: str) -> TypeTextError:
    """T125: NULL or NOT NULL after a type that says so itself."""
    return TypeTextError(
        Mistake("T125", text, f"NULL or NOT NULL cannot follow {inner}", expected="Nullable(...), or NULL, not both")
    )


def qbit_stride(text: str, stride: int, dimension: int) -> TypeTextError:
    """T126: a vector read in pieces that do not divide it."""
    return TypeTextError(
        Mistake("T126", text, f"stride is {stride}", expected=f"a divisor of {dimension} that is a multiple of 8")
    )


def zone_not_text(text: str, value: object) -> TypeTextError:
    """T127: a time zone that is not text, such as the scale of a DateTime64 given to DateTime."""
    hint = f"t.DateTime64({value})" if type(value) is int else "the name of a time zone, such as 'Europe/Madrid'"
    return TypeTextError(Mistake("T127", text, f"{value!r} is no time zone", hint=hint))


def params_not_listed(value: object) -> TypeTextError:
    """T128: the parameters of an aggregate function given without a list around them."""
    return TypeTextError(Mistake("T128", "params", f"{value!r} is no list of parameters", hint=f"params=({value!r},)"))


def json_path_name(name: str) -> TypeTextError:
    """T129: a JSON path whose name the server cannot read back."""
    what = f"SKIP {name} reads as SKIP REGEXP" if name else "a path has no name"
    return TypeTextError(Mistake("T129", "JSON", what, hint=f"skip_regexp=({name!r},)" if name else ""))


def default_out_of_type(where: str, shown: str, type: str) -> DeclarationError:
    """T130: a number as default that the column's type does not hold."""
    what = f"the default {shown} is no {type}: ClickHouse would store another number"
    return DeclarationError(Mistake("T130", where, what, hint="a number of the type, or a wider type"))
