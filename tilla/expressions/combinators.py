"""Aggregate calls and their combinators: each suffix of ClickHouse is one method, spelled once.

``f.uniq_exact(x).if_(y)`` is ``uniqExactIf(x, y)``; from the same value come the ``-State`` that a table
stores, the stored type, and the ``-Merge`` that reads it back, so that the three cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tilla import errors
from tilla.expressions import aggregates
from tilla.expressions.aggregates import AGGREGATES
from tilla.expressions.expr import Expr, to_expr
from tilla.expressions.forms import Call
from tilla.expressions.rules import NULL

if TYPE_CHECKING:
    from tilla.types import DataType

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Aggregates that give the same result when a row is delivered twice.
IDEMPOTENT = frozenset(name for name, spec in AGGREGATES.items() if spec.idempotent)

# Suffixes that leave the type of the result as it is.
_SAME_TYPE = frozenset({"If", "OrDefault", "Distinct", "ArgMin", "ArgMax"})

# Suffixes that change nothing a second time, wherever they stand.
_ONCE = frozenset({"OrNull", "OrDefault", "Distinct"})

# Suffixes under which a function stays idempotent.
_NEUTRAL = frozenset({"If", "Array", "ForEach", "Map", "OrNull", "OrDefault", "Resample", "Merge", "State"})


class Aggregate(Expr[T_co]):
    """A call of an aggregate function. ``T`` is the Python type of the finished value.

    ``function`` is the name without suffixes, ``suffixes`` the combinators in the order they were added.
    """

    __slots__ = ("arguments", "function", "merged", "parameters", "suffixes")

    def __init__(
        self,
        function: str,
        arguments: Sequence[object] = (),
        parameters: Sequence[Any] = (),
        suffixes: Sequence[str] = (),
        *,
        type: DataType[Any] | None = None,
        merged: Aggregate[Any] | None = None,
    ) -> None:
        items = tuple(to_expr(argument) for argument in arguments)
        name = function + "".join(suffixes)
        for item in items:
            if item.aggregate:
                raise errors.nested_aggregate(name, "?" if item.open else item.sql())
        settings = [to_expr(parameter) for parameter in parameters]
        if type is None:
            finished = merged.type if merged is not None else None
            types = [item.type for item in items]
            type = aggregates.result(function, suffixes, parameters, types, finished)
        super().__init__(Call(name, items, settings), type, parts=items)
        self.aggregate = True
        self.function: Final[str] = function
        self.arguments: Final[tuple[Expr[Any], ...]] = items
        self.parameters: Final[tuple[Any, ...]] = tuple(parameters)
        self.suffixes: Final[tuple[str, ...]] = tuple(suffixes)
        self.merged: Final[Aggregate[Any] | None] = merged

    @property
    def name(self) -> str:
        """The function's name with its suffixes, such as ``uniqExactIf``."""
        return self.function + "".join(self.suffixes)

    def _with(self, suffix: str, *extra: object, parameters: Sequence[Any] = ()) -> Aggregate[Any]:
        if suffix in self.suffixes and suffix in _ONCE:
            return self
        if self.suffixes[-1:] == (suffix,):
            raise errors.repeated_combinator(self.name, suffix)
        # What the user stated of a function that Tilla does not know holds for fewer rows of it too.
        stated = self.type if self.function not in AGGREGATES and suffix in _SAME_TYPE else None
        return Aggregate(
            self.function,
            (*self.arguments, *extra),
            (*self.parameters, *parameters),
            (*self.suffixes, suffix),
            type=stated,
            merged=self.merged,
        )

    def mapped(self, change: Callable[[Expr[Any]], Expr[Any]]) -> Aggregate[T_co]:
        """The same call over changed arguments."""
        return Aggregate(
            self.function,
            [change(argument) for argument in self.arguments],
            self.parameters,
            self.suffixes,
            type=self.type,
            merged=self.merged,
        )

    # --- combinators ---

    def if_(self, condition: Expr[bool | None]) -> Aggregate[T_co]:
        """``-If``: only rows where the condition holds; no row gives the default (0, '', 1970-01-01), not NULL."""
        if self.suffixes[-1:] == ("If",):  # the server refuses a second one
            both = self.arguments[-1] & condition
            return Aggregate(
                self.function,
                (*self.arguments[:-1], both),
                self.parameters,
                self.suffixes,
                type=self.type,
                merged=self.merged,
            )
        return self._with("If", condition)

    def or_null(self) -> Aggregate[T_co | None]:
        """``-OrNull``: NULL instead of the default where there was no row."""
        return self._with("OrNull")

    def or_default(self) -> Aggregate[T_co]:
        """``-OrDefault``: the type's default where there was no row, for functions that would fail or give nan."""
        return self._with("OrDefault")

    def distinct(self) -> Aggregate[T_co]:
        """``-Distinct``: every combination of arguments counts once. A state of it holds all of them."""
        return self._with("Distinct")

    def array(self) -> Aggregate[T_co]:
        """``-Array``: over all elements of array arguments."""
        return self._with("Array")

    def for_each(self) -> Aggregate[list[T_co]]:
        """``-ForEach``: position by position over arrays; the result is an array."""
        return self._with("ForEach")

    def map(self) -> Aggregate[dict[Any, T_co]]:
        """``-Map``: key by key over a map; the result is a map."""
        return self._with("Map")

    def resample(self, start: int, stop: int, step: int, key: Expr[Any]) -> Aggregate[list[T_co]]:
        """``-Resample``: one result per interval of ``key`` in ``[start, stop)``, as an array."""
        return self._with("Resample", key, parameters=(start, stop, step))

    def arg_min(self, key: Expr[Any]) -> Aggregate[T_co]:
        """``-ArgMin``: only over the rows with the smallest ``key``."""
        return self._with("ArgMin", key)

    def arg_max(self, key: Expr[Any]) -> Aggregate[T_co]:
        """``-ArgMax``: only over the rows with the largest ``key``."""
        return self._with("ArgMax", key)

    # --- states ---

    def state(self) -> Expr[Any]:
        """``-State``: the intermediate state, of type :attr:`state_type`.

        Of a merge under a condition it is ``-MergeStateIf``, which is a state of the aggregate that is merged.
        """
        settings = [to_expr(parameter) for parameter in self.parameters]
        name = f"{self.name[:-2]}StateIf" if self._merges_some else f"{self.name}State"
        out: Expr[Any] = Expr(Call(name, self.arguments, settings), self.state_type, parts=self.arguments)
        out.aggregate = True
        return out

    def merge_of(self, column: Expr[Any]) -> Aggregate[T_co]:
        """``-Merge``: finish a stored state of this aggregate."""
        return Aggregate(self.function, (column,), self.parameters, (*self.suffixes, "Merge"), merged=self)

    def merge_state(self, column: Expr[Any]) -> Expr[Any]:
        """``-MergeState``: merge stored states of this aggregate into one, unfinished."""
        return self.merge_of(column).state()

    def merge_simple(self, column: Expr[Any]) -> Aggregate[T_co]:
        """Merge finished values of :attr:`simple_type`: ``sum(column)``."""
        simple = self._simple
        if not simple:
            raise errors.not_simple("", self.sql())
        suffix = next((known for known in ("Array", "Map") if simple.endswith(known)), "")
        function = simple.removesuffix(suffix)
        same = AGGREGATES[function].result is aggregates.same and not suffix
        absent = self.type is not None and self.type.nullable and not function.endswith("_respect_nulls")
        # A function that gives its argument back gives back the column's type, SimpleAggregateFunction included (26.9).
        kept = self.simple_type if same and not absent else self.type
        return Aggregate(function, (column,), (), (suffix,) if suffix else (), type=kept)

    @property
    def state_type(self) -> DataType[Any] | None:
        """``AggregateFunction(name, argument types)`` as the server spells it, or None when a type is unknown."""
        if self.merged is not None and (self._merges_some or self.suffixes[-1:] == ("Merge",)):
            return self.merged.state_type
        types = [aggregates.without_dictionaries(item.type) for item in self.arguments if item.type is not None]
        if len(types) < len(self.arguments) or NULL in types:
            return None
        # What Tilla has no rule for, and what merges further, is spelled as it is: the server checks it.
        trusted = self.merged is not None or self.function not in AGGREGATES
        if self.parameters:  # they may be lists, which have no hash
            return _state_type(self.name, types, self.parameters, trusted)
        return _plain_state_type(self.name, tuple(types), trusted)

    @property
    def _merges_some(self) -> bool:
        return self.suffixes[-2:] == ("Merge", "If")

    @property
    def simple_type(self) -> DataType[Any] | None:
        """``SimpleAggregateFunction(...)`` of the finished value, or None where finished values do not merge.

        ``minIf`` has none: a group without a matching row would store a default that wins over real values;
        ``minIf(...).or_null()`` has one.
        """
        from tilla.types import SimpleAggregateFunction

        if not self._simple or self.type is None:
            return None
        return SimpleAggregateFunction(self._simple, self.type)

    @property
    def _simple(self) -> str:
        spec = AGGREGATES.get(self.function)
        if spec is None or not spec.simple or self.parameters:
            return ""
        if self.suffixes == ("Map",) and self.function in ("sum", "min", "max"):
            return f"{self.function}Map"
        starts_at_nothing = self.function in _STARTS_AT_NOTHING or (self.type is not None and self.type.nullable)
        allowed = {"OrNull", "If"} if starts_at_nothing else {"OrNull"}
        allowed |= {"Array"} if self.function in _STARTS_AT_NOTHING else set()
        return spec.simple if set(self.suffixes) <= allowed else ""

    # --- how it takes repeated rows ---

    @property
    def is_idempotent(self) -> bool:
        """True when a row delivered twice does not change the result."""
        return is_idempotent(self)


def _state_type(
    name: str, types: Sequence[DataType[Any]], parameters: tuple[Any, ...], trusted: bool
) -> DataType[bytes]:
    from tilla.types.aggregates import AggregateFunctionType

    return AggregateFunctionType(name, *types, params=parameters, trusted=trusted)


@lru_cache(maxsize=4096)
def _plain_state_type(name: str, types: tuple[DataType[Any], ...], trusted: bool) -> DataType[bytes]:
    """The same, once for all measures alike: a project has many sums of one type."""
    return _state_type(name, types, (), trusted)


# Without a row these give a value that changes nothing when merged: 0, an empty array, all bits set.
_STARTS_AT_NOTHING = frozenset(
    {"count", "sum", "sumWithOverflow", "groupBitAnd", "groupBitOr", "groupBitXor", "groupArray", "groupUniqArray"}
)


def is_idempotent(aggregate: Aggregate[Any]) -> bool:
    """Return True when rows delivered twice give the same result, combinators considered.

    ``-Distinct`` makes any function of the set of values idempotent. A limit on how many values are kept
    (``groupUniqArray(3)``) takes it away: which values come first then depends on the delivery.
    """
    spec = AGGREGATES.get(aggregate.function)
    if spec is None:
        return False
    limited = bool(aggregate.parameters) and aggregate.function == "groupUniqArray"
    suffixes = set(aggregate.suffixes)
    if "Distinct" in suffixes and (spec.unordered or spec.idempotent):
        return not limited and suffixes - {"Distinct"} <= _NEUTRAL
    return spec.idempotent and not limited and suffixes <= _NEUTRAL | {"ArgMin", "ArgMax"}
