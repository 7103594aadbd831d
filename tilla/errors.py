"""Every error Tilla raises, and every word in it.

The tree (catch the branch you can do something about)::

    TillaError                  .mistakes: one entry per mistake, never empty
    |- DeclarationError         (ValueError) a declaration contradicts itself or its neighbours
    |  |- TypeTextError         a type that ClickHouse has not, or an illegal combination
    |  |- SqlError              SQL by hand that cannot be read, or a reference without an object
    |  `- GraphError            cycles, dangling names
    |- UsageError               a command line, DSN or environment variable that means nothing
    |- RefusedError             what was asked would lose, double or destroy data; says the ways out
    `- ServerError              .statement, .server_code, .reason: what the server said
       |- ConnectionFailed      no server, wrong password, a chDB path in use
       `- StatementRefused      the server refused one statement; .done lists what ran before it

Other modules raise by calling the constructors below: facts go in, the sentence is built here, so
that wording, hints and codes have one home. Every code has a section in ``docs/errors.md``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

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

    @contextmanager
    def catch(self) -> Iterator[None]:
        """Keep a :class:`TillaError` raised inside the block instead of letting it out."""
        try:
            yield
        except TillaError as error:
            self._errors.append(error)

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


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name closest to ``name``, or ''."""
    names = list(known)
    by_fold = {n.casefold(): n for n in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def _listed(names: Iterable[str], most: int = 12) -> str:
    """Write names as ``a, b, c and 4 more``."""
    shown = list(names)
    text = ", ".join(shown[:most])
    return f"{text} and {len(shown) - most} more" if len(shown) > most else text


# --- Constructors, one per mistake: `raise errors.unknown_column(...)`. Codes are stable: never reuse one. ---
# T0xx declarations · T1xx types · T2xx SQL by hand · T3xx graph and project · T4xx emit and command line
# T5xx servers · T6xx history · T7xx raw layouts


def unknown_column(where: str, name: str, known: Sequence[str], owner: str) -> DeclarationError:
    """T001: a name that is not among the columns of a relation."""
    close = nearest(name, known)
    return DeclarationError(
        Mistake(
            "T001",
            where,
            f"there is no column {name!r} in {owner}",
            expected=f"one of {_listed(known)}" if known else "",
            nearest=close,
        )
    )


def truth_of_expression(shown: str) -> DeclarationError:
    """T002: an expression used where Python wants True or False."""
    return DeclarationError(
        Mistake(
            "T002",
            shown,
            "an expression has no truth value in Python",
            hint="`a & b`, `a | b`, `~a` instead of `and`, `or`, `not`; `a.between(x, y)` for a chain; "
            "compare `.sql()` texts to compare two expressions",
        )
    )


def iteration_of_expression(shown: str) -> DeclarationError:
    """T003: an expression used as if it were a Python sequence."""
    return DeclarationError(Mistake("T003", shown, "an expression cannot be iterated", hint="tl.each(array, 'name')"))


def formatted_into_text(shown: str) -> DeclarationError:
    """T004: an object of Tilla inside an f-string, where it would lose its identity."""
    return DeclarationError(
        Mistake(
            "T004",
            shown,
            "an object of Tilla was formatted into text, so Tilla would not see what the SQL reads",
            hint='tl.sql("SELECT ... FROM {orders}", orders=orders), without the f in front of the text',
        )
    )


def unfinished_column(kind: str) -> DeclarationError:
    """T005: a column used before the class that names it has ended."""
    return DeclarationError(
        Mistake(
            "T005",
            kind,
            "a column has no name before the class body that declares it has ended",
            hint="use it in tl.derive(...) or tl.measure(...) of the same body, or as Body.column after the class",
        )
    )


def measure_as_value(name: str) -> DeclarationError:
    """T006: a stored aggregate state used where a value is wanted."""
    return DeclarationError(
        Mistake(
            "T006",
            name,
            "a measure is stored as an aggregate state, not as a value",
            expected="an expression",
            hint=f"{name}.merge()",
        )
    )


def no_literal(kind: str) -> DeclarationError:
    """T007: a Python value that has no ClickHouse literal."""
    return DeclarationError(
        Mistake(
            "T007",
            "",
            f"a {kind} cannot be written as a ClickHouse literal",
            expected="None, bool, int, float, Decimal, str, date, datetime with a zone, timedelta, UUID, "
            "or a list, tuple or dict of them",
        )
    )


def naive_datetime(shown: str) -> DeclarationError:
    """T008: a datetime without a time zone."""
    return DeclarationError(
        Mistake(
            "T008",
            "",
            f"the datetime {shown} has no time zone, so the moment it means is unknown",
            hint="datetime(..., tzinfo=UTC), or tzinfo=ZoneInfo('Europe/Madrid')",
        )
    )


def not_simple(where: str, aggregate: str) -> DeclarationError:
    """T009: ``simple=True`` for an aggregate that ClickHouse does not allow there."""
    return DeclarationError(
        Mistake(
            "T009",
            where,
            f"{aggregate} cannot be stored as a SimpleAggregateFunction",
            expected="any, anyLast, min, max, sum, groupBitAnd/Or/Xor, groupArrayArray, groupUniqArrayArray, sumMap, ...",
            hint="tl.measure(...) without simple=True",
        )
    )


def two_defaults(where: str, kinds: Sequence[str]) -> DeclarationError:
    """T010: a column with two of DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL."""
    return DeclarationError(
        Mistake("T010", where, f"a column has one default at the most, here {' and '.join(kinds)} are given")
    )


def type_contradicts(where: str, known: str, stated: str) -> DeclarationError:
    """T011: ``tl.derive(expr, type)`` states another type than the expression has."""
    return DeclarationError(
        Mistake(
            "T011",
            where,
            f"the expression has type {known}, but {stated} is stated",
            expected=known,
            hint=f"tl.derive(expression.cast(t.{stated})) if the conversion is meant",
        )
    )


def not_an_aggregate(where: str, shown: str) -> DeclarationError:
    """T012: ``tl.measure`` of something that does not aggregate."""
    return DeclarationError(
        Mistake(
            "T012",
            where,
            f"tl.measure() takes an aggregate function, got {shown}",
            expected="f.sum(...), f.uniq_exact(...), f.count(), ...",
            hint="tl.derive(...) for a value of the row",
        )
    )


def not_a_column(where: str, kind: str) -> DeclarationError:
    """T013: an attribute of a body that is no column."""
    return DeclarationError(
        Mistake(
            "T013",
            where,
            f"a column body holds columns only, this is a {kind}",
            expected="tl.column(type), tl.derive(expression) or tl.measure(aggregate)",
            hint="a leading underscore for a helper that is no column",
        )
    )


def duplicate_column(where: str, name: str) -> DeclarationError:
    """T014: two columns of one name."""
    return DeclarationError(Mistake("T014", where, f"the column name {name!r} is used twice"))


def body_instantiated(where: str) -> DeclarationError:
    """T015: ``Body()``: a body is a list of columns, not a row."""
    return DeclarationError(
        Mistake("T015", where, "a column body is not a row and has no instances", hint=f"{where}.column_name")
    )


def not_a_body(shown: str) -> DeclarationError:
    """T016: something that is neither a body nor a sequence of columns."""
    return DeclarationError(
        Mistake(
            "T016",
            "",
            f"{shown} does not list columns",
            expected="a class derived from tl.Columns, or a sequence of named columns",
        )
    )


def nameless_column(where: str) -> DeclarationError:
    """T017: a column in a sequence without a name."""
    return DeclarationError(
        Mistake("T017", where, "a column in a sequence needs a name", hint='tl.column(t.String, name="...")')
    )


def not_a_key(shown: str) -> DeclarationError:
    """T018: a key item that is no column or expression."""
    return DeclarationError(
        Mistake(
            "T018",
            "",
            f"{shown} cannot stand in a key",
            expected="a column or an expression of the body",
            hint="order_by=(Order.id, Order.created_at)",
        )
    )


# --- T5xx: servers -----------------------------------------------------------------------------------------


def dsn_unreadable(why: str) -> UsageError:
    """T501: a DSN that is no DSN."""
    return UsageError(
        Mistake(
            "T501",
            "dsn",
            f"the DSN cannot be read: {why}",
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
        )
    )


def unknown_scheme(scheme: str) -> UsageError:
    """T502: a DSN for something that is neither ClickHouse over HTTP nor chDB."""
    what = f"a DSN cannot start with {scheme + '://'!r}" if scheme.isalnum() else "the DSN has no scheme"
    return UsageError(
        Mistake(
            "T502",
            "dsn",
            what,
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
            hint="clickhouse://host:8443/database?secure=true" if scheme in {"http", "https", "clickhouses"} else "",
        )
    )


def unescaped_login() -> UsageError:
    """T503: a user or password with characters that end the authority of a URL."""
    return UsageError(
        Mistake(
            "T503",
            "dsn",
            "the user or password in the DSN holds a character that is syntax in a URL (/ ? # [ ] @)",
            expected="each of them percent-encoded, as urllib.parse.quote(password, safe='') writes it",
            hint="better leave the password out of the DSN and set CLICKHOUSE_PASSWORD",
        )
    )


def parameter_twice(name: str) -> UsageError:
    """T504: a parameter of a DSN given twice."""
    return UsageError(Mistake("T504", f"dsn ?{name}", f"the parameter {name!r} is given twice"))


def unknown_parameter(name: str, known: Sequence[str]) -> UsageError:
    """T505: a parameter that clickhouse-connect does not have."""
    return UsageError(
        Mistake(
            "T505",
            f"dsn ?{name}",
            f"there is no parameter {name!r}",
            expected=f"one of {_listed(known, most=40)}",
            nearest=nearest(name, known),
            hint=f"ch_{name}=... if it is a ClickHouse setting",
        )
    )


def parameter_kept(name: str) -> UsageError:
    """T506: a parameter whose value Tilla itself decides."""
    return UsageError(
        Mistake(
            "T506",
            f"dsn ?{name}",
            f"{name!r} is a parameter of clickhouse-connect whose value Tilla decides: another one would change what it reads",
        )
    )


def parameter_elsewhere(name: str, scheme: str) -> UsageError:
    """T507: a parameter of the HTTP client given to chDB."""
    return UsageError(
        Mistake(
            "T507", f"dsn ?{name}", f"{name!r} means nothing to a {scheme} server", expected="database, or ch_SETTING"
        )
    )


def keyword_only_parameter(name: str) -> UsageError:
    """T508: a parameter that takes a Python value, written in a DSN."""
    return UsageError(
        Mistake("T508", f"dsn ?{name}", f"{name!r} takes a Python value", hint=f"tl.connect(dsn, {name}=...)")
    )


def bad_parameter(name: str, value: str, expected: str) -> UsageError:
    """T509: a parameter, or an environment variable, with a value it cannot have."""
    where = name if name.startswith("CLICKHOUSE_") else f"dsn ?{name}"
    what = f"{value!r} is no value for {name}" if value else f"{name} has a value it cannot have"
    return UsageError(Mistake("T509", where, what, expected=expected))


def no_host() -> UsageError:
    """T510: a DSN without a host."""
    return UsageError(
        Mistake("T510", "dsn", "the DSN names no host", expected="clickhouse://user@host:8443/database?secure=true")
    )


def no_server_named() -> UsageError:
    """T511: neither a DSN nor CLICKHOUSE_HOST."""
    return UsageError(
        Mistake(
            "T511",
            "dsn",
            "no server is named: there is no DSN, and CLICKHOUSE_HOST is not set",
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
        )
    )


def two_logins() -> UsageError:
    """T512: a token and a user or password."""
    return UsageError(Mistake("T512", "dsn", "an access token and a user or password are given; one of them only"))


def chdb_path_not_absolute(path: str) -> UsageError:
    """T513: a chDB path that is not absolute."""
    return UsageError(
        Mistake(
            "T513",
            "dsn",
            f"the path {path!r} of a chdb:// DSN is not absolute"
            if path.strip("/")
            else "the chdb:// DSN names no directory",
            expected="chdb:///absolute/path (three slashes), or chdb://memory",
            hint=f"chdb:///{path.lstrip('/')}" if path.strip("/") else "",
        )
    )


def chdb_path_unusable(path: str, why: str) -> UsageError:
    """T514: a chDB path that cannot be a data directory."""
    return UsageError(Mistake("T514", "dsn", f"{path!r} cannot hold chDB's data: {why}"))


def package_missing(package: str, extra: str) -> UsageError:
    """T515: an optional package that is not installed."""
    install = f"tilla[{extra}]" if extra else "tilla"
    return UsageError(Mistake("T515", "", f"the package {package!r} is not installed", hint=f"pip install '{install}'"))


def chdb_path_in_use(path: str, pid: int | None) -> ConnectionFailed:
    """T516: another process has this chDB directory open."""
    holder = f"process {pid}" if pid else "another process"
    return ConnectionFailed(
        Mistake(
            "T516",
            f"chdb://{path}",
            f"chdb path {path} is in use by {holder}",
            hint="wait until it ends, or use another directory: chDB lets one process in at a time",
        )
    )


def chdb_other_path(path: str, open_path: str) -> ConnectionFailed:
    """T517: a second chDB directory in one process."""
    return ConnectionFailed(
        Mistake(
            "T517",
            f"chdb://{path}",
            f"this process has chDB open on {open_path}; chDB keeps one path per process",
            hint="close the servers on the other path first, or use a process of its own",
        )
    )


def connection_failed(label: str, why: str, statement: str = "") -> ConnectionFailed:
    """T518: no server there; a statement that should have gone to it did not run."""
    return ConnectionFailed(Mistake("T518", label, f"no connection: {why}"), statement=statement, reason=why)


def login_refused(label: str, server_code: int | None, why: str) -> ConnectionFailed:
    """T519: the server does not know this user and password."""
    return ConnectionFailed(
        Mistake(
            "T519",
            label,
            f"the server refused the login: {why}",
            hint="check the user in the DSN and the password in CLICKHOUSE_PASSWORD",
        ),
        server_code=server_code,
        reason=why,
    )


def connection_lost(label: str, statement: str, why: str) -> ConnectionFailed:
    """T520: the answer to a statement did not come."""
    return ConnectionFailed(
        Mistake(
            "T520",
            label,
            f"the connection was lost while a statement ran: {why}; whether it took effect is not known: {_excerpt(statement)}",
        ),
        statement=statement,
        reason=why,
    )


def statement_refused(label: str, statement: str, server_code: int | None, why: str) -> StatementRefused:
    """T521: the server refused a statement."""
    code = f"code {server_code}: " if server_code else ""
    return StatementRefused(
        Mistake("T521", label, f"the server refused {_excerpt(statement)}: {code}{why}"),
        statement=statement,
        server_code=server_code,
        reason=why,
    )


def values_refused(where: str, why: str) -> StatementRefused:
    """T522: rows that do not fit the types of their columns."""
    return StatementRefused(
        Mistake("T522", where, f"the rows do not fit the table: {why}"), statement=f"INSERT INTO {where}", reason=why
    )


def unknown_insert_column(where: str, name: str, known: Sequence[str]) -> StatementRefused:
    """T523: a row with a key that is no column of the table."""
    return StatementRefused(
        Mistake(
            "T523",
            where,
            f"there is no column {name!r} to insert into",
            expected=f"one of {_listed(known)}",
            nearest=nearest(name, known),
        ),
        statement=f"INSERT INTO {where}",
    )


def server_closed(label: str) -> ConnectionFailed:
    """T524: a server that was closed before."""
    return ConnectionFailed(Mistake("T524", label, "this server was closed", hint="tl.connect(...) again"))


def tls_without_secure(names: Sequence[str]) -> UsageError:
    """T525: certificates for a connection that would not be encrypted."""
    return UsageError(
        Mistake(
            "T525",
            f"dsn ?{names[0]}",
            f"{_listed(names)} would be ignored, and the password sent in the clear: the connection is not encrypted",
            hint="secure=true",
        )
    )


def _excerpt(statement: str, most: int = 80) -> str:
    """Return the start of a statement on one line."""
    line = " ".join(statement.split())
    return line if len(line) <= most else f"{line[:most]}..."


def unnamed_item(where: str, position: int, shown: str) -> DeclarationError:
    """T019: a SELECT item without an output name."""
    return DeclarationError(
        Mistake("T019", where, f"item {position} ({shown}) has no output name", hint='expression.as_("name")')
    )


def bad_name(shown: str) -> DeclarationError:
    """T020: a name that is not ``database.name``."""
    return DeclarationError(
        Mistake(
            "T020",
            shown,
            "this is not a name",
            expected="'database.name'",
            hint="backticks around a part that has a dot",
        )
    )


def unqualified_name(name: str) -> DeclarationError:
    """T021: a name without its database."""
    return DeclarationError(
        Mistake(
            "T021",
            name,
            "the name has no database, so it would depend on the session that runs the statement",
            expected="'database.name'",
            hint=f"'my_database.{name}'",
        )
    )


def not_an_engine(where: str, shown: str) -> DeclarationError:
    """T022: ``engine=`` is not an engine value."""
    return DeclarationError(
        Mistake("T022", where, f"{shown} is not a table engine", expected="MergeTree(order_by=...) of tilla.engines")
    )


def untyped_column(where: str) -> DeclarationError:
    """T023: a column whose type is not known."""
    return DeclarationError(
        Mistake(
            "T023",
            where,
            "the type of this column is not known offline",
            hint="tl.derive(expression, t.String) states it, expression.cast(t.String) converts to it",
        )
    )


def no_columns(where: str) -> DeclarationError:
    """T024: a table without columns."""
    return DeclarationError(Mistake("T024", where, "a table needs at least one column"))


def missing_order_by(where: str, engine: str, names: Sequence[str]) -> DeclarationError:
    """T025: a MergeTree without ORDER BY."""
    example = ", ".join(f"Body.{name}" for name in names)
    return DeclarationError(
        Mistake(
            "T025",
            where,
            f"{engine} has no order_by",
            expected="the columns that most queries filter by, most selective last",
            hint=f"order_by=({example},), or order_by=() for no order",
        )
    )


def nullable_key(where: str, key: str, type_: str) -> DeclarationError:
    """T026: a key column that may be NULL."""
    return DeclarationError(
        Mistake(
            "T026",
            where,
            f"the key item {key} is {type_}: ClickHouse refuses NULL in a key (code 44)",
            expected="a type that is not Nullable",
            hint="f.if_null(column, '') in the column, or settings={'allow_nullable_key': 1} if NULL is a value of its own",
        )
    )


def primary_key_no_prefix(where: str, primary: Sequence[str], order: Sequence[str]) -> DeclarationError:
    """T027: PRIMARY KEY is not a prefix of ORDER BY."""
    return DeclarationError(
        Mistake(
            "T027",
            where,
            f"the primary key ({', '.join(primary)}) is not a prefix of ORDER BY ({', '.join(order)})",
            expected=f"the first {len(primary)} of ({', '.join(order)})",
        )
    )


def _at(line: int, column: int) -> str:
    return f"SQL, line {line}, column {column}"


def unreadable_sql(line: int, column: int, what: str, near: str = "", hint: str = "") -> SqlError:
    """T201: SQL by hand that cannot be read, so what it depends on is not known."""
    shown = f"cannot read {what}" + (f", at {near.splitlines()[0].rstrip()!r}" if near.strip() else "")
    return SqlError(Mistake("T201", _at(line, column), shown, hint=hint))


def reference_without_object(line: int, column: int, name: str, known: Sequence[str]) -> SqlError:
    """T202: ``{name}`` in SQL by hand, and no argument of that name."""
    close = nearest(name, known)
    return SqlError(
        Mistake(
            "T202",
            _at(line, column),
            f"there is no argument for {{{name}}}",
            expected=f"one of {_listed(known)}" if known else "",
            nearest=close,
            hint=f"{{{close}}}" if close else f"tl.sql(..., {name}={name})",
        )
    )


def object_without_reference(name: str, written: Sequence[str]) -> SqlError:
    """T203: an argument of ``tl.sql`` that the text never names."""
    close = nearest(name, written)
    return SqlError(
        Mistake(
            "T203",
            "tl.sql",
            f"the argument {name} is never used",
            nearest=f"{{{close}}}" if close else "",
            hint=f"{{{name}}} where the object stands; quotes and comments are not searched",
        )
    )


def bad_reference(line: int, column: int, written: str) -> SqlError:
    """T204: braces in SQL by hand that hold no plain name."""
    return SqlError(
        Mistake(
            "T204",
            _at(line, column),
            f"{written} is no reference",
            expected="{name}, or {name:Type} for a query parameter of ClickHouse",
        )
    )


def bad_reference_value(name: str, value: object) -> SqlError:
    """T205: an argument of ``tl.sql`` that is neither a relation nor an expression."""
    hint = f"tl.sql(..., {name}=orders) with orders = tl.Table(...)"
    if isinstance(value, (str, int, float, bool)):
        hint = f"the value itself in the text, or a query parameter such as {{{name}:String}}"
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
    return SqlError(
        Mistake(
            "T205",
            "tl.sql",
            f"the argument {name} is {kind}",
            expected="a table, source, view, dictionary or expression",
            hint=hint,
        )
    )


def sql_not_text(value: object) -> SqlError:
    """T206: ``tl.sql`` without text."""
    return SqlError(
        Mistake("T206", "tl.sql", f"the text is a {type(value).__name__}", expected="a str that holds one SELECT")
    )


def sql_from_fstring(line: int, column: int) -> SqlError:
    """T207: an f-string put the printed form of an object into the text."""
    return SqlError(
        Mistake(
            "T207",
            _at(line, column),
            "an f-string has put an object's printed form into the SQL",
            hint='"... FROM {orders} ..." without the f, and pass orders=orders',
        )
    )


def cannot_bound(line: int, column: int, table: str, why: str, hint: str) -> SqlError:
    """T208: a source that cannot be limited to a slice of its rows by splicing."""
    return SqlError(Mistake("T208", _at(line, column), f"cannot limit {table} to a slice: {why}", hint=hint))


def engine_or_to(where: str) -> DeclarationError:
    """T028: a materialized view with neither or both of ``engine`` and ``to``."""
    return DeclarationError(
        Mistake(
            "T028",
            where,
            "a materialized view writes into its own table (engine=...) or into another one (to=...)",
            expected="exactly one of engine= and to=",
        )
    )


def no_source(where: str) -> DeclarationError:
    """T029: a derived body without the relation it derives from."""
    return DeclarationError(
        Mistake("T029", where, "nothing says what this is derived from", hint="source=relation, or query=tl.sql(...)")
    )


def not_a_relation(where: str, shown: str) -> DeclarationError:
    """T030: ``source=`` is no relation."""
    return DeclarationError(
        Mistake("T030", where, f"{shown} is not a relation", expected="a tl.Source, tl.Table, tl.MaterializedView, ...")
    )


def aggregate_in_derive(where: str, shown: str) -> DeclarationError:
    """T031: an aggregate in ``tl.derive``."""
    return DeclarationError(
        Mistake("T031", where, f"{shown} aggregates, so it is no value of a row", hint="tl.measure(...)")
    )


def unfilled_column(where: str) -> DeclarationError:
    """T032: a plain column in a derived body."""
    return DeclarationError(
        Mistake(
            "T032",
            where,
            "no expression and no default fills this column of a derived table",
            hint="tl.derive(expression), tl.column(type, default=...), or query=tl.sql(...) that selects it",
        )
    )


def no_trigger(where: str) -> DeclarationError:
    """T033: a view's SELECT whose left-most table is not among the references."""
    return DeclarationError(
        Mistake(
            "T033",
            where,
            "the left-most table of the SELECT is none of the referenced objects, so nothing fires the view",
            expected="FROM {source} first, other relations joined to it",
            hint='tl.sql("SELECT ... FROM {orders} ...", orders=orders)',
        )
    )


def output_not_in_body(where: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T034: the SELECT gives a column that the body does not list."""
    return DeclarationError(
        Mistake(
            "T034",
            where,
            f"the SELECT gives a column {name!r} that the body does not list; a view maps columns by name",
            expected=f"one of {_listed(known)}",
            nearest=nearest(name, known),
        )
    )


def output_missing(where: str, name: str, found: Sequence[str]) -> DeclarationError:
    """T035: the body lists a column that the SELECT does not give."""
    return DeclarationError(
        Mistake(
            "T035",
            where,
            f"the SELECT gives no column {name!r}, so it would silently hold its type's default",
            expected=f"{name} among {_listed(found)}",
            nearest=nearest(name, found),
            hint=f"... AS {name}",
        )
    )


def source_never_fires(where: str, source: str, kind: str) -> DeclarationError:
    """T036: a view on something whose inserts fire nothing."""
    return DeclarationError(
        Mistake(
            "T036",
            where,
            f"inserts never fire a view on {source} ({kind or 'not a table'}): ClickHouse accepts it and it stays empty",
            expected="a Source, a Table, or a MaterializedView with its own table",
            hint="tl.RefreshableView(...), which reads anything",
        )
    )


def reads_its_target(where: str) -> DeclarationError:
    """T037: a view that reads the table it writes into."""
    return DeclarationError(Mistake("T037", where, "the view reads the table that it writes into"))


def reads_itself(where: str) -> DeclarationError:
    """T038: a view that reads itself."""
    return DeclarationError(Mistake("T038", where, "the view reads itself"))


def not_incremental(where: str, what: str, why: str) -> DeclarationError:
    """T039: something in a materialized view's SELECT that ClickHouse computes per inserted block."""
    return DeclarationError(
        Mistake(
            "T039",
            where,
            f"the SELECT of a materialized view has {what}: {why}",
            expected="what is true of each inserted block by itself",
            hint="tl.RefreshableView(...)",
        )
    )


def target_type_differs(where: str, have: str, want: str, target: str) -> DeclarationError:
    """T040: a view's column has another type than the table it writes into."""
    state = want.startswith("AggregateFunction") and not have.startswith("AggregateFunction")
    return DeclarationError(
        Mistake(
            "T040",
            where,
            f"the view gives {have}, {target} stores {want}",
            expected=want,
            hint="tl.measure(...): the -State of the aggregate" if state else f"expression.cast(t.{want})",
        )
    )


def no_measures(where: str) -> DeclarationError:
    """T041: an aggregation without a measure."""
    return DeclarationError(
        Mistake("T041", where, "an aggregation has no measure", hint="name = tl.measure(f.uniq_exact(Body.id))")
    )


def unstable_key(where: str, names: Sequence[str], source: str) -> DeclarationError:
    """T042: a group key over versioned rows that an edit may move."""
    return DeclarationError(
        Mistake(
            "T042",
            where,
            f"rows of {source} are versions of entities, and the group key uses {_listed(names)}: "
            "an entity whose value changes would be counted in both groups",
            expected="group keys whose source columns never change for an entity, named in stable=",
            hint=f"stable=({', '.join('Body.' + n for n in names)},) if they never change, else tl.RefreshableView(...)",
        )
    )


def doubling_measure(where: str, measures: Sequence[tuple[str, str]], source: str) -> DeclarationError:
    """T043: a measure that counts a row twice when it is sent twice."""
    shown = ", ".join(f"{name} = {sql}" for name, sql in measures)
    return DeclarationError(
        Mistake(
            "T043",
            where,
            f"a row of {source} that is sent twice would count twice in {shown}",
            expected="uniqExact of the entity's id, min, max, argMax, ...: the same answer however often a row comes",
            hint="f.uniq_exact(Body.id) to count, tl.RefreshableView(...) over FINAL to sum, "
            "or append_only_unique=True if no row is ever sent twice",
        )
    )


def not_a_query(where: str, shown: str) -> DeclarationError:
    """T044: ``query=`` is neither a typed query nor SQL by hand."""
    return DeclarationError(
        Mistake("T044", where, f"{shown} is not a query", hint='tl.sql("SELECT ... FROM {orders}", orders=orders)')
    )


def empty_interval(where: str) -> DeclarationError:
    """T045: an interval of nothing."""
    return DeclarationError(Mistake("T045", where, "the interval is empty or negative", hint="tl.every(hours=1)"))


def mixed_interval(where: str, shown: str) -> DeclarationError:
    """T046: months or years together with shorter units."""
    return DeclarationError(
        Mistake("T046", where, f"{shown}: ClickHouse does not mix months or years with shorter units")
    )


def offset_of_after(shown: str) -> DeclarationError:
    """T047: OFFSET on an AFTER schedule."""
    return DeclarationError(Mistake("T047", shown, "AFTER has no offset", expected="tl.every(...).offset(...)"))


def not_a_schedule(where: str, shown: str) -> DeclarationError:
    """T048: ``refresh=`` is no schedule."""
    return DeclarationError(Mistake("T048", where, f"{shown} is not a schedule", hint="refresh=tl.every(hours=1)"))


def cycle(where: str, path: Sequence[str]) -> GraphError:
    """T301: objects that need each other in a circle."""
    return GraphError(Mistake("T301", where, "these need each other in a circle: " + " -> ".join(path)))


def dangling(where: str, kind: str, name: str, known: Sequence[str]) -> GraphError:
    """T302: a name that no object of the project has."""
    return GraphError(
        Mistake(
            "T302",
            where,
            f"{kind} {name}, which is not in the project",
            expected=f"one of {_listed(known)}" if known else "",
            nearest=nearest(name, known),
            hint=f'put it into tl.project(...); a table that somebody else owns is tl.Source("{name}", Body)',
        )
    )


def unqualified_in_sql(where: str, name: str, fits: Sequence[str]) -> GraphError:
    """T303: a table named without its database in SQL by hand."""
    return GraphError(
        Mistake(
            "T303",
            where,
            f"the SQL reads {name} without a database, so it would depend on the session",
            nearest=fits[0] if fits else "",
            hint=f"{{{name}}} and {name}=object, or {fits[0] if fits else 'database.' + name}",
        )
    )


def duplicate_object(where: str, name: str, kinds: Sequence[str]) -> GraphError:
    """T304: two objects of one name in a project."""
    return GraphError(
        Mistake("T304", where, f"{name} is declared twice ({' and '.join(kinds)})", hint="another name for one of them")
    )


def other_declaration(where: str, name: str) -> GraphError:
    """T305: an object that refers to another declaration of the same name than the project holds."""
    return GraphError(
        Mistake(
            "T305",
            where,
            f"this uses a {name} that is declared differently from the {name} in the project",
            hint="one declaration, used in both places",
        )
    )


def not_an_object(where: str, shown: str) -> DeclarationError:
    """T306: something in a project that is no declared object."""
    return DeclarationError(
        Mistake(
            "T306",
            where,
            f"{shown} is not an object that a project can hold",
            expected="tl.Table, tl.View, tl.Role, ...",
        )
    )


def unknown_object(where: str, name: str, known: Sequence[str]) -> UsageError:
    """T307: a name or pattern that fits nothing in the project."""
    return UsageError(
        Mistake(
            "T307",
            where,
            f"nothing in the project fits {name!r}",
            nearest=nearest(name, known),
            expected=f"a pattern over {_listed(known, 6)}" if known else "",
        )
    )


def not_overlap_safe(where: str, reason: str, ways_out: str) -> RefusedError:
    """T601: a static script cannot fill this target exactly once while rows may come."""
    return RefusedError(
        Mistake(
            "T601",
            where,
            f"a static script cannot fill this exactly once while rows keep coming: {reason}",
            hint=ways_out,
        )
    )


def history_refused(where: str, reason: str, ways_out: str) -> RefusedError:
    """T602: a target whose history cannot be copied while rows keep coming."""
    return RefusedError(
        Mistake("T602", where, f"its history cannot be copied while rows keep coming: {reason}", hint=ways_out)
    )


def risk_exceeded(where: str, risk: str, reason: str, allowed: str) -> RefusedError:
    """T610: a plan holds a step that is riskier than what the caller allows."""
    return RefusedError(
        Mistake(
            "T610",
            where,
            f"this step is {risk}: {reason}",
            expected=f"nothing beyond {allowed}",
            hint=f'allow="{risk}"',
        )
    )


def unknown_risk(value: str, known: Sequence[str]) -> UsageError:
    """T412: ``allow`` names no risk."""
    return UsageError(
        Mistake(
            "T412", "allow", f"{value!r} is no risk", expected=f"one of {_listed(known)}", nearest=nearest(value, known)
        )
    )


def objects_missing(names: Sequence[str]) -> ServerError:
    """T530: the server took every statement, and objects are not there afterwards."""
    shown = _listed(names)
    return ServerError(
        Mistake(
            "T530",
            "apply",
            f"every statement was accepted, and these are not there: {shown}",
            hint="run it again; if they stay away, someone drops them or this user may not see them",
        )
    )


def refresh_failed(where: str, statement: str, why: str) -> StatementRefused:
    """T531: a refresh ended with an exception."""
    return StatementRefused(
        Mistake("T531", where, f"its refresh failed: {why}"), statement=statement, server_code=730, reason=why
    )


def bad_pyproject(file: str, detail: str) -> UsageError:
    """T401: a pyproject.toml that cannot be read."""
    return UsageError(Mistake("T401", file, f"this cannot be read: {detail}"))


def bad_project_spec(spec: str) -> UsageError:
    """T402: a project argument without module or attribute."""
    return UsageError(
        Mistake("T402", spec, "this does not name a project", expected="module:attribute or path.py:attribute")
    )


def no_such_attribute(spec: str, name: str, known: Sequence[str]) -> UsageError:
    """T403: the module has no such attribute."""
    return UsageError(
        Mistake(
            "T403", spec, f"there is no {name!r}", expected=f"one of {_listed(known)}", nearest=nearest(name, known)
        )
    )


def not_a_project(spec: str, kind: str) -> UsageError:
    """T404: the attribute is no project."""
    return UsageError(Mistake("T404", spec, f"this is a {kind}, not a project", hint="project = tl.project(...)"))


def no_such_module(name: str, folder: str) -> UsageError:
    """T405: the module is not there."""
    return UsageError(
        Mistake(
            "T405", name, f"there is no such module, neither installed nor in {folder}", hint="path/to/file.py:project"
        )
    )


def project_raised(name: str, what: str, place: str) -> UsageError:
    """T406: the module that holds the project fails when it is imported."""
    return UsageError(
        Mistake("T406", name, f"importing it failed with {what}", expected=f"see {place}" if place else "")
    )


def no_such_file(name: str, folder: str) -> UsageError:
    """T407: the file is not there."""
    return UsageError(Mistake("T407", name, f"there is no such file in {folder}"))


def unfilled_placeholder(where: str, shown: str) -> UsageError:
    """T408: a placeholder that nobody filled."""
    return UsageError(
        Mistake(
            "T408",
            where,
            f"the statement still holds the placeholder {shown}",
            hint="tl.sql(..., name=object); a query parameter is written {name:Type}",
        )
    )


def bad_option(option: str, value: str, expected: str, close: str = "") -> UsageError:
    """T409: an option's value that means nothing."""
    return UsageError(Mistake("T409", option, f"{value!r} is not valid here", expected=expected, nearest=close))


def wrong_usage(text: str) -> UsageError:
    """T410: arguments that do not fit."""
    return UsageError(Mistake("T410", "", text, hint="--help"))


def unreadable_file(name: str, detail: str) -> UsageError:
    """T411: a file that cannot be read or written."""
    return UsageError(Mistake("T411", name, detail))


def nested_aggregate(name: str, inner: str) -> DeclarationError:
    """T080: an aggregate function over the result of another one."""
    return DeclarationError(
        Mistake(
            "T080",
            f"{name}({inner})",
            "an aggregate function cannot take the result of another one in the same query",
            hint="an inner query that computes it, or .merge() of a stored measure",
        )
    )


def not_a_lambda(function: str, shown: str) -> DeclarationError:
    """T081: a higher-order array function without a Python function."""
    return DeclarationError(
        Mistake(
            "T081",
            function,
            f"the first argument is a Python function of the array's elements, got {shown}",
            hint="f.array_map(lambda x: x + 1, array)",
        )
    )


def lambda_arrays(function: str, parameters: int, arrays: int) -> DeclarationError:
    """T082: a lambda with more or fewer parameters than there are arrays."""
    return DeclarationError(
        Mistake("T082", function, f"the lambda has {parameters} parameters", expected=f"{arrays}, one per array")
    )


def bad_json_path(shown: str) -> DeclarationError:
    """T083: a step of a JSON path that is neither a key nor a position."""
    return DeclarationError(
        Mistake(
            "T083",
            "",
            f"{shown} is no step of a JSON path",
            expected="a key such as 'id', or a position counted from 1 (-1 is the last)",
        )
    )


def odd_case(shown: str) -> DeclarationError:
    """T084: a branch of ``f.case`` that is not a pair."""
    return DeclarationError(
        Mistake(
            "T084",
            "f.case",
            f"a branch is a pair of a condition and a value, got {shown}",
            hint='f.case((order.total > 100, "large"), (order.total > 10, "middle"), default="small")',
        )
    )


def not_a_name(function: str, shown: str) -> DeclarationError:
    """T085: ``f.raw`` of something that is no function name."""
    return DeclarationError(
        Mistake("T085", function, f"{shown} is no function name", hint='f.raw("anyFunction", argument, type=t.String)')
    )


def decimal_scales(where: str, types: Sequence[str]) -> DeclarationError:
    """T087: branches of a condition that are Decimals of different scales."""
    return DeclarationError(
        Mistake(
            "T087",
            where,
            f"the branches are Decimals of different scales ({_listed(types)}), which ClickHouse refuses",
            hint="a cast to one scale, such as value.cast(t.Decimal(38, 4))",
        )
    )


def repeated_combinator(name: str, suffix: str) -> DeclarationError:
    """T088: the same combinator twice on one aggregate."""
    return DeclarationError(
        Mistake(
            "T088", name, f"-{suffix} is there already, and ClickHouse takes a combinator once", hint="leave it out"
        )
    )


def no_branches(function: str) -> DeclarationError:
    """T086: a function of any number of arguments without one."""
    return DeclarationError(Mistake("T086", f"f.{function}", "there is no argument", expected="at least one"))


# --- access ---


def bad_access_name(kind: str, shown: str) -> DeclarationError:
    """T050: a role, user, quota or policy without a usable name."""
    return DeclarationError(Mistake("T050", kind, f"{shown} is no name", expected="text, such as 'analyst'"))


def bad_pattern(where: str, shown: str) -> DeclarationError:
    """T051: something that grants nothing ClickHouse knows."""
    return DeclarationError(
        Mistake(
            "T051",
            where,
            f"{shown} is nothing that a grant can be on",
            expected="'database.*', 'database.table', 'database.prefix*', or a declared relation; one database each",
        )
    )


def grant_on_unknown(where: str, pattern: str, known: Sequence[str], what: str) -> DeclarationError:
    """T052: a grant or policy on something that the project does not hold."""
    return DeclarationError(
        Mistake(
            "T052",
            where,
            f"{pattern} covers nothing in the project: there is no such {what}",
            nearest=nearest(pattern, known),
            expected=f"one of {_listed(known, 8)}" if known else "",
        )
    )


def raw_access(where: str, pattern: str, sources: Sequence[str]) -> DeclarationError:
    """T053: a grant that covers raw tables without saying so."""
    return DeclarationError(
        Mistake(
            "T053",
            where,
            f"{pattern} covers raw tables ({_listed(sources, 4)})",
            expected="grants on curated and analytics databases only",
            hint="raw=True when these readers may see raw rows",
        )
    )


def view_needs_grant(where: str, view: str, reads: Sequence[str]) -> DeclarationError:
    """T054: a view that its reader may select from, over tables that he may not."""
    return DeclarationError(
        Mistake(
            "T054",
            where,
            f"{view} reads {_listed(reads, 4)}, which this role may not read: a view runs with its reader's rights",
            hint="grant those too, or give the view sql_security='DEFINER' and a definer",
        )
    )


def plaintext_password(where: str) -> DeclarationError:
    """T055: a text where a hash, a key or a certificate belongs. The text is not repeated here."""
    return DeclarationError(
        Mistake(
            "T055",
            where,
            "the authentication is a plain text, which would end up in the script and in this repository",
            expected="tl.Auth.sha256_hash(...), .bcrypt_hash(...), .double_sha1_hash(...), .ssh_key(...), "
            ".certificate(...), or 'external' for a user that something else creates",
            hint='printf %s "$PASSWORD" | sha256sum   # its output goes into tl.Auth.sha256_hash(...)',
        )
    )


def bad_hash(kind: str, expected: str) -> DeclarationError:
    """T056: a password hash of the wrong form. The value is not repeated here."""
    return DeclarationError(Mistake("T056", f"Auth.{kind}", "this is no such hash", expected=expected))


def no_auth(where: str) -> DeclarationError:
    """T057: a user without any way to log in."""
    return DeclarationError(
        Mistake("T057", where, "there is no way to log in", hint="auth=tl.Auth.sha256_hash('...'), or auth='external'")
    )


def bad_host(where: str, shown: str) -> DeclarationError:
    """T058: a host that ClickHouse cannot match."""
    return DeclarationError(
        Mistake(
            "T058",
            where,
            f"{shown} is no host",
            expected="an address ('10.0.0.0/8'), a name ('etl.example'), a pattern ('%.example') or 'localhost'",
        )
    )


def not_an_access(where: str, shown: str, expected: str) -> DeclarationError:
    """T059: something else where a role, user or profile is wanted."""
    return DeclarationError(Mistake("T059", where, f"this takes no {shown}", expected=expected))


def access_not_in_project(where: str, kind: str, name: str, known: Sequence[str]) -> GraphError:
    """T060: a role or profile that is used but not part of the project."""
    return GraphError(
        Mistake(
            "T060",
            where,
            f"the {kind} {name} is not in the project",
            nearest=nearest(name, known),
            hint=f"tl.project(..., {(name.isidentifier() and name) or 'it'})",
        )
    )


def shared_access_name(where: str, kinds: Sequence[str]) -> GraphError:
    """T061: a user and a role of one name: a grant to that name would be ambiguous."""
    return GraphError(
        Mistake("T061", where, f"this is the name of a {' and of a '.join(kinds)}, so a grant to it is ambiguous")
    )


def bad_interval(where: str, shown: str) -> DeclarationError:
    """T062: an interval that a quota cannot have."""
    return DeclarationError(
        Mistake(
            "T062",
            where,
            f"{shown!r} is no interval of a quota",
            expected="a number and second, minute, hour, day, week, month, quarter or year, such as '1 hour'",
        )
    )


def unknown_word(where: str, what: str, shown: str, known: Sequence[str]) -> DeclarationError:
    """T063: a word of a fixed list, misspelt."""
    return DeclarationError(
        Mistake(
            "T063",
            where,
            f"{shown!r} is no {what}",
            expected=f"one of {_listed(known, 30)}",
            nearest=nearest(str(shown), known),
        )
    )


def bad_setting(where: str, name: str, shown: str) -> DeclarationError:
    """T064: a setting whose name or value cannot be written."""
    return DeclarationError(
        Mistake("T064", where, f"the setting {name!r} cannot be {shown}", expected="a number, text, True or False")
    )


def unknown_connector(name: str, known: Sequence[str]) -> DeclarationError:
    """T701: a connector whose streams Tilla does not know."""
    return DeclarationError(
        Mistake(
            "T701",
            "",
            f"there is no connector {name!r}",
            expected=f"one of {_listed(known)}",
            nearest=nearest(name, known),
        )
    )


def unknown_stream(connector: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T702: a stream that a connector does not have."""
    return DeclarationError(
        Mistake(
            "T702",
            connector,
            f"there is no stream {name!r}",
            expected=f"one of {_listed(known, 50)}",
            nearest=nearest(name, known),
        )
    )


def null_in_key(stream: str, field: str, layout: str) -> RefusedError:
    """T703: a record that a typed raw table cannot hold, because its key or version would be NULL."""
    return RefusedError(
        Mistake(
            "T703",
            f"{stream}.{field}",
            f"the record has no usable value, and the column takes no NULL in layout {layout}",
            hint="a layout with a payload column (v0, v1) keeps such records; so does sync mode append for a cursor",
        )
    )


def unknown_field(where: str, name: str, known: Sequence[str]) -> DeclarationError:
    """T704: a field that a stream, or an object inside it, does not declare."""
    return DeclarationError(
        Mistake(
            "T704",
            where,
            f"there is no field {name!r}",
            expected=f"one of {_listed(known, 30)}" if known else "nothing: the object is free-form",
            nearest=nearest(name, known),
        )
    )


# --- T1xx: types ---


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
            expected=f"one of {_listed(known)}",
            nearest=nearest(unit, known),
        )
    )


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


_TAKEN_INSIDE = {
    "Nullable": "a scalar, a Tuple, JSON or Point",
    "LowCardinality": "text, a number of 8 to 256 bits, Date, DateTime, UUID, an IP address, or a Nullable of these",
    "Variant": "a type that is not Nullable, Variant or Dynamic",
}


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
    return TypeTextError(Mistake("T114", text, f"its elements cannot be {inner}", expected=f"one of {_listed(known)}"))


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
            expected=f"one of {_listed(known, 30)}",
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


def unknown_output(where: str, items: Sequence[str]) -> DeclarationError:
    """T049: items of a SELECT by hand whose column name only the engine knows."""
    return DeclarationError(
        Mistake(
            "T049",
            where,
            f"the column names of {_listed(items)} are not known: a view maps columns by name, an insert by position",
            expected="a name for every item, and no * in the outermost SELECT",
            hint="expression AS name",
        )
    )


# --- dictionaries ---


def bad_layout(where: str, shown: str, known: Sequence[str]) -> DeclarationError:
    """T065: a layout that ClickHouse does not have."""
    return DeclarationError(
        Mistake(
            "T065",
            where,
            f"there is no layout {shown}",
            expected=f"one of {_listed(known, 30)}",
            nearest=nearest(shown, known),
        )
    )


def layout_needs(where: str, layout: str, what: str, hint: str = "") -> DeclarationError:
    """T066: a layout with a key, a range, a parameter or a lifetime that it cannot have, or without one that it needs."""
    return DeclarationError(Mistake("T066", where, f"the layout {layout} {what}", hint=hint))


def bad_attribute(where: str, what: str, expected: str = "") -> DeclarationError:
    """T067: an attribute that a dictionary cannot have."""
    return DeclarationError(Mistake("T067", where, what, expected=expected))


def bad_dictionary_source(where: str, shown: str) -> DeclarationError:
    """T068: something that a dictionary cannot be loaded from."""
    return DeclarationError(
        Mistake(
            "T068",
            where,
            f"a dictionary cannot be loaded from {shown}",
            expected="a table, view or query, or a source of tilla.dictionaries (ClickHouse, Http, File, External, Null)",
        )
    )


def secret_in_text(where: str, parameter: str) -> DeclarationError:
    """T069: a password where everybody can read it. The value is not repeated here."""
    return DeclarationError(
        Mistake(
            "T069",
            where,
            f"{parameter} is written as text, which would end up in the script, in system tables and in this repository",
            hint="secret=tl.secret('name'), with CREATE NAMED COLLECTION name AS ... made once by an administrator",
        )
    )


def bad_lifetime(where: str, shown: str) -> DeclarationError:
    """T070: a lifetime that is neither a number of seconds nor a range of them."""
    return DeclarationError(
        Mistake(
            "T070",
            where,
            f"{shown} is no lifetime",
            expected="seconds, or (shortest, longest) in seconds; 0 never reloads",
        )
    )


# --- engines ---


def engine_takes_no_settings(engine: str) -> DeclarationError:
    """T071: settings for an engine that has none."""
    return DeclarationError(Mistake("T071", engine, "this engine takes no SETTINGS (code 36)"))


def engine_needs(engine: str, what: str, hint: str = "") -> DeclarationError:
    """T072: an engine without something that it needs."""
    return DeclarationError(Mistake("T072", engine, what, hint=hint))


def engine_refuses_column(where: str, engine: str, kind: str) -> DeclarationError:
    """T073: a column that an engine cannot have."""
    return DeclarationError(
        Mistake(
            "T073",
            where,
            f"a table with the engine {engine} takes no column with {kind}",
            hint="add it in a materialized view",
        )
    )


def engine_order(engine: str, smaller: str, larger: str) -> DeclarationError:
    """T074: two limits of an engine, the wrong way round."""
    return DeclarationError(
        Mistake("T074", engine, f"{smaller} is larger than {larger}", expected=f"{smaller} <= {larger}")
    )


# --- deployments ---


def deployment_lacks(where: str, target: str, what: str, reason: str) -> RefusedError:
    """T420: something that a deployment cannot have."""
    return RefusedError(Mistake("T420", where, f"{target} cannot have {what}: {reason}"))


def sharding_splits_key(where: str, sharding: str, keys: Sequence[str]) -> RefusedError:
    """T421: a sharding key that sends rows of one sorting key to several shards, where nothing merges them."""
    return RefusedError(
        Mistake(
            "T421",
            where,
            f"the sharding key {sharding} may send two rows of one sorting key to two shards, and merges and FINAL work within one",
            expected=f"an expression over the sorting key ({_listed(keys)}) alone",
            hint="leave sharding_key out: cityHash64 of the sorting key is the default",
        )
    )


def local_name_taken(where: str, name: str) -> RefusedError:
    """T422: an object that has the name which the local table of another one gets."""
    return RefusedError(
        Mistake(
            "T422", where, f"on a cluster {name} is the name of the local table behind {where}", hint="another name"
        )
    )


def no_rebuild_on_cluster(where: str, reason: str, ways_out: str) -> RefusedError:
    """T423: a target that is not overlap-safe, on a cluster."""
    return RefusedError(
        Mistake(
            "T423",
            where,
            f"it cannot be filled exactly once on a cluster: {reason}; and a copy built aside goes live shard by shard, "
            "so that readers would see old and new history together",
            hint=ways_out,
        )
    )
