"""T401-T423: mistakes on the command line, in project files, and what a deployment lacks."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import Mistake, RefusedError, UsageError
from tilla.errors.wording import listed, nearest


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
        Mistake("T403", spec, f"there is no {name!r}", expected=f"one of {listed(known)}", nearest=nearest(name, known))
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


def project_raised(name: str, what: str, place: str, missing: str = "", known: Sequence[str] = ()) -> UsageError:
    """T406: the module that holds the project fails when it is imported; ``missing`` is a name that it misspelt."""
    where = f" at {place}" if place else ""
    return UsageError(
        Mistake("T406", name, f"importing it failed{where}: {what}", nearest=nearest(missing, known) if missing else "")
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


def unknown_risk(value: str, known: Sequence[str]) -> UsageError:
    """T412: ``allow`` names no risk."""
    return UsageError(
        Mistake(
            "T412", "allow", f"{value!r} is no risk", expected=f"one of {listed(known)}", nearest=nearest(value, known)
        )
    )


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
            expected=f"an expression over the sorting key ({listed(keys)}) alone",
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
