"""Finding a project: by ``module:attribute``, ``path.py:attribute``, pyproject.toml, or the shipped one."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
import traceback
import types
from collections.abc import Iterator
from pathlib import Path

from tilla import errors
from tilla.projects import Project

SHIPPED = "tilla.shipped:project"


def choose(spec: str | None = None, directory: Path | None = None) -> tuple[str, str]:
    """Which project is meant, as ``module:attribute`` or ``path.py:attribute``, and the words that say why.

    Without ``spec`` it is ``[tool.tilla] project`` of the directory's pyproject.toml, else the shipped one.

    Raises:
        UsageError: a pyproject.toml that cannot be read.
    """
    if spec is not None:
        return spec, spec
    configured = _configured(directory or Path.cwd())
    if configured:
        return configured, f"{configured} (from pyproject.toml)"
    return SHIPPED, f"the shipped project ({SHIPPED})"


def load(spec: str, directory: Path | None = None) -> Project:
    """Load a project by ``module:attribute`` or ``path.py:attribute``.

    An error that a declaration raises is noted with the line of the user's file that raised it.

    Raises:
        UsageError: no such module, file or attribute, or one that holds no project.
        DeclarationError: the project's own mistakes.
    """
    # stdout is for SQL alone: what a module prints while it is imported goes to stderr.
    with contextlib.redirect_stdout(sys.stderr):
        return _from_spec(spec, directory or Path.cwd())


def _configured(folder: Path) -> str:
    """``[tool.tilla] project`` of the directory's pyproject.toml, or ''."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return ""
    import tomllib

    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.bad_pyproject(str(file), str(error)) from None
    value: object = data
    for key in ("tool", "tilla", "project"):
        value = value.get(key, "") if isinstance(value, dict) else ""
    if not isinstance(value, str):
        raise errors.bad_pyproject(str(file), "[tool.tilla] project is not a text")
    return value


def _from_spec(spec: str, folder: Path) -> Project:
    place, colon, attribute = spec.rpartition(":")
    if not colon or not place or not attribute:
        raise errors.bad_project_spec(spec)
    module = _from_file(place, folder) if place.endswith(".py") else _from_module(place, folder)
    value: object = module
    for name in attribute.split("."):
        known = [n for n in dir(value) if not n.startswith("_")]
        if not hasattr(value, name):
            projects = [n for n in known if isinstance(getattr(value, n, None), Project)]
            raise errors.no_such_attribute(spec, name, projects or known)
        value = getattr(value, name)
    if not isinstance(value, Project):
        raise errors.not_a_project(spec, type(value).__name__)
    return value


def _from_module(name: str, folder: Path) -> object:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    with _telling(name, str(folder)):
        return importlib.import_module(name)


def _from_file(place: str, folder: Path) -> object:
    file = Path(place) if Path(place).is_absolute() else folder / place
    if not file.is_file():
        raise errors.no_such_file(place, str(file.parent))
    if str(file.parent) not in sys.path:  # the file may import its neighbours
        sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)
    with _telling(place):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _telling(name: str, folder: str = "") -> Iterator[None]:
    """Turn whatever a user's module raises into one error that says where in the user's own code it was."""
    try:
        yield
    except errors.TillaError as error:
        if place := _place(error):
            error.add_note(f"declared at {place}")
        raise
    except ModuleNotFoundError as error:
        missing = error.name or name
        if folder and (name == missing or name.startswith(missing + ".")):
            raise errors.no_such_module(name, folder) from None
        raise errors.project_raised(name, f"ModuleNotFoundError: {error}", _place(error)) from None
    except SyntaxError as error:
        place = f"{error.filename}:{error.lineno}" if error.filename else ""
        raise errors.project_raised(name, f"{type(error).__name__}: {error.msg}", place) from None
    except (AttributeError, NameError) as error:
        what = f"{type(error).__name__}: {error}"
        raise errors.project_raised(name, what, _place(error), *_known(error)) from None
    except (Exception, SystemExit) as error:
        raise errors.project_raised(name, f"{type(error).__name__}: {error}", _place(error)) from None


def _place(error: BaseException) -> str:
    """The last line of the user's own code that an error passed through; of any code when there is none."""
    library = (str(Path(__file__).parent), str(Path(functools.__file__).parent), "<")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    own = [f for f in frames if not f.filename.startswith(library) and "site-packages" not in f.filename]
    return next((f"{f.filename}:{f.lineno}" for f in reversed(own or frames)), "")


def _known(error: AttributeError | NameError) -> tuple[str, list[str]]:
    """The name that was not found, and those that would have been."""
    name = error.name or ""
    if isinstance(error, AttributeError):
        owner = error.obj
        known = dir(owner) if isinstance(owner, type | types.ModuleType) else dir(type(owner))
    else:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        known = list(frame.tb_frame.f_locals | frame.tb_frame.f_globals) if frame is not None else []
    return name, [n for n in known if not n.startswith("_")]
