"""A backfill as a value: what to arm, which targets to fill from where, what to refresh. It can be printed and stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tilla import text
from tilla.ddl import generation, moment
from tilla.ddl.branches import Branch
from tilla.ddl.replicas import ONE, Replicas
from tilla.notebook import plan_html
from tilla.planning.plan import EXISTS, HISTORY, PENDING, Plan, Step

Path = tuple[str, str]

BACKFILL_VERSION = 1

# How a target is filled.
STAGED, STRAIGHT = "staged", "straight"

# The section of a step that comes before everything else: inserts fail until it is done.
EARLY = "disarm"

# What two sides of a comparison have in common: rows of one key with a version, groups with finished measures, plain rows.
VERSIONS, GROUPS, ROWS = "versions", "groups", "rows"


@attrs.frozen
class Comparison:
    """How "what the sources say" and "what the target holds" are compared.

    All are expressions over the target's columns: ``keys`` tells entities or groups apart, ``hashed`` is one value for them,
    ``measures`` are (name, what finishes it over a group), ``single`` finishes them in a row, where the sources give
    one row per group. ``partition`` is the partition key or ''. ``sources`` are the branches
    as the target would store them, ``columns`` what is stored, quoted. ``one_way`` names the measures that only rise, or only fall,
    while rows come. ``cuts`` are expressions that the key decides, by which
    both sides may be cut; ``plain``: the keys can be grouped by as they are.
    """

    kind: str
    keys: tuple[str, ...]
    hashed: str
    sources: tuple[str, ...]
    partition: str = ""
    columns: str = ""
    version: str = ""
    deleted: str = ""
    measures: tuple[tuple[str, str], ...] = ()
    single: tuple[tuple[str, str], ...] = ()
    one_way: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    plain: bool = False


@attrs.frozen
class Carry:
    """A view between a root and a bounded target: ``query`` writes the generation into ``table``, too.

    ``behind`` are tables into which ``table`` hands its rows on (the local one of a Distributed table).
    """

    view: Path
    table: Path
    query: str
    behind: tuple[Path, ...] = ()


@attrs.frozen
class Stamp:
    """Of one branch: the column of its root that the server stamps, and the view whose moment ends its history."""

    column: str
    view: Path


@attrs.frozen
class Boundary:
    """Where history ends: rows of the roots below ``generation``. ``arm`` creates the view over the others.

    With ``stamps``, one for each branch, it ends at a moment instead, and the roots are not altered. ``moments`` are known
    when the views are armed, by view; until then ``arm`` holds a place for them, if its view is bounded itself. ``since`` is the
    first generation of the rows, where those below are in already.
    """

    generation: int
    roots: tuple[Path, ...]
    carried: tuple[Carry, ...]
    arm: str
    stamps: tuple[Stamp, ...] = ()
    moments: tuple[tuple[Path, str], ...] = ()
    since: int = 0

    def history(self, branch: int) -> str:
        """The condition on a root that holds for the rows of history."""
        if not self.stamps:
            below = f"{generation.GENERATION} < {self.generation}"
            return f"{generation.GENERATION} >= {self.since} AND {below}" if self.since else below
        stamp = self.stamps[branch]
        return f"{text.quote_identifier(stamp.column)} < {moment.literal(dict(self.moments)[stamp.view])}"


@attrs.frozen
class Target:
    """The history of one target through one view.

    ``name`` is what journal and marker call it; ``table`` the table that is written, quoted. ``columns`` is the list of the
    INSERT, quoted. ``shrunk`` says what it held when it was filled and does not hold any more, or ''. ``stages`` is the database of its stages. ``before`` must run before its rows are read, ``mark`` notes that it
    is filled. ``lifetime`` is its own old_parts_lifetime, if it has one; ``settings`` those of a straight insert. ``rows``, ``bytes`` (uncompressed, of the roots), ``slices`` and ``memory`` (bytes) are estimates.
    """

    name: str
    path: Path
    table: str
    declaration: str
    view: Path
    views: tuple[Path, ...]
    columns: str
    branches: tuple[Branch, ...]
    how: str
    safe: bool
    reason: str
    comparison: Comparison
    stages: str
    before: tuple[str, ...] = ()
    mark: str = ""
    note: str = ""
    rows: int = 0
    bytes: int = 0
    slices: int = 0
    memory: int = 0
    done: int = 0
    lifetime: str = ""
    settings: str = ""
    boundary: Boundary | None = None
    replicas: Replicas = ONE
    shrunk: str = ""

    @property
    def shown(self) -> str:
        """The target as it is written for people."""
        return ".".join(self.path)

    @property
    def stored(self) -> Path:
        """The path of the table that is written."""
        return text.read_qualified(self.table)


@attrs.frozen
class Anew:
    """A target that is not overlap-safe and may be built anew beside its views (:mod:`tilla.backfills.anew`).

    ``targets`` are its histories, one for each view, ``arms`` those views and their CREATE, with a place for the generation. ``begun``: an earlier
    run began it, and it is gone on with, whatever is asked for. ``why`` it must be, whatever the comparison says, or ''.
    ``cannot`` says why it cannot be.
    """

    name: str
    path: Path
    declaration: str
    arms: tuple[tuple[Path, str], ...]
    carried: tuple[Carry, ...]
    roots: tuple[Path, ...]
    targets: tuple[Target, ...] = ()
    begun: bool = False
    why: str = ""
    cannot: str = ""

    @property
    def shown(self) -> str:
        """The target as it is written for people."""
        return ".".join(self.path)

    @property
    def due(self) -> bool:
        """Whether it is to be built anew before anything is compared."""
        return self.begun or bool(self.why)

    @property
    def told(self) -> str:
        """Why it is due."""
        return "an earlier run began to build it anew; it goes on" if self.begun else self.why


@attrs.frozen
class Options:
    """What was stated and chosen when the plan was made."""

    quiesced: bool = False
    repair: bool = False
    syncs_paused: bool = False
    disarm: bool = False
    slice_rows: int = 5_000_000
    slice_bytes: int = 4 << 30
    workers: int = 2
    reconcile: bool = True
    drain: str = ""
    replicas: Replicas = ONE


@attrs.frozen(repr=False)
class Backfill:
    """What to do for the history of one project on one server. True when something is to be done or waits for others."""

    project: str
    before: tuple[Step, ...]
    targets: tuple[Target, ...]
    rebuilt: tuple[Step, ...]
    refresh: tuple[Step, ...]
    options: Options = Options()
    unchecked: tuple[Target, ...] = ()
    """Filled by an earlier run that was stopped before it compared them, or whose comparison was not sure; or they hold less
    than they did when they were filled."""
    anew: tuple[Anew, ...] = ()
    """Targets that are not overlap-safe and are built anew if the comparison says so; those that an earlier run began, in any case."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps beside the targets."""
        return (*self.before, *self.rebuilt, *self.refresh)

    @property
    def beside(self) -> Plan:
        """The steps beside the targets as a plan."""
        return Plan(self.project, self.steps)

    @property
    def differing(self) -> tuple[Step, ...]:
        """What exists but differs from its declaration."""
        return self.beside.differing

    @property
    def pending(self) -> tuple[Step, ...]:
        """What must wait for something else."""
        return self.beside.pending

    @property
    def waits_for_others(self) -> bool:
        """True when something pends on more than the backfill of its history."""
        return any(step.action == PENDING and step.detail != HISTORY for step in self.steps)

    def __bool__(self) -> bool:
        due = any(one.due for one in self.anew)
        return bool(self.targets or self.unchecked or due or self.beside.changes or self.waits_for_others)

    def __str__(self) -> str:
        lines = [str(step) for step in self.before if step.action != EXISTS]
        lines += [line for target in self.targets for line in _told(target)]
        lines += [str(step) for step in (*self.rebuilt, *self.refresh) if step.action != EXISTS]
        told = "no run has told yet whether it holds all"
        due = {target.name for one in self.anew if one.due for target in one.targets}
        if self.options.repair:
            told = "built anew if it disagrees"
        compared = [target for target in self.unchecked if target.name not in due]
        lines += [f"> compare  {target.name}: {target.shrunk or told}" for target in compared]
        lines += [f"> rebuild  {one.shown}: {one.told}" for one in self.anew if one.due]
        there = sum(step.action == EXISTS for step in self.steps)
        lines += [f"{there} as declared"] * bool(there)
        return "\n".join(lines) or "nothing to do"

    def __repr__(self) -> str:
        shown = f"{len(self.targets)} targets to fill, {len(self.beside.sent)} steps beside them"
        return f"<tilla Backfill {text.one_line(self.project)}: {shown}>"

    def _repr_html_(self) -> str:
        return plan_html(self)

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data; :meth:`from_json` reads it back."""
        return {
            "version": BACKFILL_VERSION,
            "project": self.project,
            "before": [step.as_json() for step in self.before],
            "targets": [attrs.asdict(target) for target in self.targets],
            "rebuilt": [step.as_json() for step in self.rebuilt],
            "refresh": [step.as_json() for step in self.refresh],
            "options": attrs.asdict(self.options),
            "unchecked": [attrs.asdict(target) for target in self.unchecked],
            "anew": [attrs.asdict(one) for one in self.anew],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Backfill:
        """The plan that :meth:`as_json` wrote."""
        steps = {name: tuple(map(Step.from_json, data[name])) for name in ("before", "rebuilt", "refresh")}
        targets, unchecked = (tuple(map(_target, data.get(name, ()))) for name in ("targets", "unchecked"))
        options = Options(**{**data["options"], "replicas": _replicas(data["options"]["replicas"])})
        anew = tuple(map(_anew, data.get("anew", ())))
        return cls(data["project"], targets=targets, options=options, unchecked=unchecked, anew=anew, **steps)


def _told(target: Target) -> list[str]:
    """A target in a plan that is printed."""
    done = f"; {target.done} of its slices are in" if target.done else ""
    how = "" if target.how == STAGED else " straight into it"
    lines = [
        f"> fill     {target.name}{how}: {target.rows:,} rows, {size(target.bytes)}, {counted(target.slices, 'slice')},"
        f" at most about {size(target.memory)} of memory{done}"
    ]
    return [*lines, f"             {target.note}"] if target.note else lines


def _target(data: Mapping[str, Any]) -> Target:
    facts = dict(data)
    facts["path"], facts["view"] = _path(data["path"]), _path(data["view"])
    facts["views"] = tuple(map(_path, data["views"]))
    facts["branches"] = tuple(
        Branch(_path(b["root"]), b["select"], tuple(map(_path, b["through"])), b["reason"]) for b in data["branches"]
    )
    compared = dict(data["comparison"])
    for name in ("keys", "sources", "cuts", "one_way"):
        compared[name] = tuple(compared[name])
    for name in ("measures", "single"):
        compared[name] = tuple((m[0], m[1]) for m in compared[name])
    facts["comparison"] = Comparison(**compared)
    facts["before"] = tuple(data["before"])
    facts["replicas"] = _replicas(data["replicas"])
    if line := data["boundary"]:
        carried = _carried(line["carried"])
        stamps = tuple(Stamp(s["column"], _path(s["view"])) for s in line["stamps"])
        moments = tuple((_path(path), value) for path, value in line["moments"])
        roots = tuple(map(_path, line["roots"]))
        facts["boundary"] = Boundary(line["generation"], roots, carried, line["arm"], stamps, moments, line["since"])
    return Target(**facts)


def _replicas(data: Mapping[str, Any]) -> Replicas:
    return Replicas(**{**data, "place": tuple(data["place"])})


def _anew(data: Mapping[str, Any]) -> Anew:
    facts = dict(data)
    facts["path"] = _path(data["path"])
    facts["arms"] = tuple((_path(path), create) for path, create in data["arms"])
    facts["carried"], facts["roots"] = _carried(data["carried"]), tuple(map(_path, data["roots"]))
    facts["targets"] = tuple(map(_target, data["targets"]))
    return Anew(**facts)


def _carried(data: Any) -> tuple[Carry, ...]:
    return tuple(Carry(_path(c["view"]), _path(c["table"]), c["query"], tuple(map(_path, c["behind"]))) for c in data)


def _path(value: Any) -> Path:
    return (value[0], value[1])


def size(number: float) -> str:
    """Bytes for people: ``1.5 GiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def counted(number: int, what: str) -> str:
    """``1 slice``, ``2 slices``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
