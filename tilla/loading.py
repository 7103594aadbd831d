"""Finding a project: by ``module:attribute``, ``path.py:attribute``, pyproject.toml, or the shipped one."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

from tilla import errors
from tilla.projects import Project

SHIPPED = "tilla.shipped:project"


def load(spec: str = "", directory: Path | None = None) -> tuple[Project, str]:
    """Load a project; return it with the words that say where it comes from.

    Raises:
        UsageError: no such module, file or attribute, or one that holds no project.
        DeclarationError: the project's own mistakes.
    """
    folder = directory or Path.cwd()
    # stdout is for SQL alone: what a module prints while it is imported goes to stderr.
    with contextlib.redirect_stdout(sys.stderr):
        if spec:
            return _from_spec(spec, folder), spec
        configured = _configured(folder)
        if configured:
            return _from_spec(configured, folder), f"{configured} (from pyproject.toml)"
    return _from_spec(SHIPPED, folder), "the shipped project (tilla.shipped:project)"


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
    try:
        return importlib.import_module(name)
    except errors.TillaError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name == missing or name.startswith(missing + "."):
            raise errors.no_such_module(name, str(folder)) from None
        raise errors.project_raised(name, *_last_frame(error)) from None
    except (Exception, SystemExit) as error:
        raise errors.project_raised(name, *_last_frame(error)) from None


def _from_file(place: str, folder: Path) -> object:
    file = Path(place) if Path(place).is_absolute() else folder / place
    if not file.is_file():
        raise errors.no_such_file(place, str(file.parent))
    if str(file.parent) not in sys.path:  # the file may import its neighbours
        sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)
    try:
        spec.loader.exec_module(module)
    except errors.TillaError:
        raise
    except (Exception, SystemExit) as error:
        raise errors.project_raised(place, *_last_frame(error)) from None
    return module


def _last_frame(error: BaseException) -> tuple[str, str]:
    """What was raised and where in the user's own code, without the traceback."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}", f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}", place
