"""The tree of errors, and the collector that tells several mistakes at once."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import attrs


@attrs.frozen
class Mistake:
    """One mistake: where it is, what is wrong, what was expected, and what to write instead."""

    code: str
    where: str
    what: str
    expected: str = ""
    nearest: str = ""
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"{self.code} {self.where}: {self.what}" if self.where else f"{self.code} {self.what}"]
        lines += [f"    expected: {self.expected}"] if self.expected else []
        lines += [f"    nearest: {self.nearest}"] if self.nearest else []
        lines += [f"    write: {self.hint}"] if self.hint else []
        return "\n".join(lines)


class TillaError(Exception):
    """The root of all errors that Tilla raises on purpose."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        if len(self.mistakes) == 1:
            return str(self.mistakes[0])
        return "\n".join([f"{len(self.mistakes)} mistakes", *map(str, self.mistakes)])

    @property
    def code(self) -> str:
        """The code of the first mistake, such as ``T012``."""
        return self.mistakes[0].code if self.mistakes else "T000"


class DeclarationError(TillaError, ValueError):
    """A declaration contradicts itself or its neighbours."""


class TypeTextError(DeclarationError):
    """A type that ClickHouse does not have, or an illegal combination of types."""


class SqlError(DeclarationError):
    """SQL by hand that cannot be read, or a ``{reference}`` without an object."""


class GraphError(DeclarationError):
    """Objects that depend on each other in a circle, or on something that is not declared."""


class UsageError(TillaError):
    """A command line, DSN or environment variable that means nothing."""


class RefusedError(TillaError):
    """What was asked would lose, double or destroy data; the text names the ways out."""


class ServerError(TillaError):
    """What a server said, with the statement that made it say so.

    When a plan was running, ``done`` lists the statements that ran before it.
    """

    done: tuple[str, ...] = ()

    def __init__(
        self, *mistakes: Mistake, statement: str = "", server_code: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(*mistakes)
        self.statement = statement
        self.server_code = server_code
        self.reason = reason


class ConnectionFailed(ServerError):
    """No server there, wrong credentials, or an embedded path that another process holds."""


class StatementRefused(ServerError):
    """The server refused one statement."""


def reworded(error: TillaError, change: Callable[[str], str]) -> TillaError:
    """The same error with each of its texts changed."""
    mistakes = [
        Mistake(one.code, *(change(text) for text in (one.where, one.what, one.expected, one.nearest, one.hint)))
        for one in error.mistakes
    ]
    if not isinstance(error, ServerError):
        return type(error)(*mistakes)
    made = type(error)(
        *mistakes, statement=change(error.statement), server_code=error.server_code, reason=change(error.reason)
    )
    made.done = error.done
    return made


class Collector:
    """Gathers mistakes so that a user sees all of them at once.

    >>> found = Collector()
    >>> with found.catch():
    ...     raise DeclarationError(Mistake("T000", "a", "first"))
    >>> with found.catch():
    ...     raise DeclarationError(Mistake("T000", "b", "second"))
    >>> found.raise_all()
    Traceback (most recent call last):
    ...
    tilla.errors.DeclarationError: 2 mistakes
    T000 a: first
    T000 b: second
    """

    def __init__(self) -> None:
        self._errors: list[TillaError] = []

    @property
    def found(self) -> bool:
        """True when something was kept."""
        return bool(self._errors)

    def add(self, error: TillaError) -> None:
        """Keep one error for later."""
        self._errors.append(error)

    def catch(self) -> Collector:
        """Keep a :class:`TillaError` raised inside the block instead of letting it out."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, TillaError):
            return False
        self._errors.append(error)
        return True

    def raise_all(self) -> None:
        """Raise one error that holds every mistake kept so far; do nothing when there are none."""
        if not self._errors:
            return
        mistakes = tuple(dict.fromkeys(m for error in self._errors for m in error.mistakes))
        kinds = {type(error) for error in self._errors}
        kind = kinds.pop() if len(kinds) == 1 else DeclarationError
        if len(self._errors) == 1:
            raise self._errors[0]
        raise kind(*mistakes)


# A traceback names the place that people import from.
for _error in (
    TillaError,
    DeclarationError,
    TypeTextError,
    SqlError,
    GraphError,
    UsageError,
    RefusedError,
    ServerError,
    ConnectionFailed,
    StatementRefused,
):
    _error.__module__ = "tilla.errors"
