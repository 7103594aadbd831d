"""The door: what `import tilla` shows, and what it says of a name that it has not."""

from __future__ import annotations

import pytest

import tilla as tl


def test_every_exported_name_is_there() -> None:
    """`__all__`, the lazy table and the type checkers' imports name the same things."""
    assert [name for name in tl.__all__ if not hasattr(tl, name)] == []
    assert set(tl.__all__) <= set(dir(tl))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("case", "f.case (from tilla import functions as f)"),
        ("String", "t.String (from tilla import types as t)"),
        ("ReplacingMergeTree", "from tilla.engines import ReplacingMergeTree"),
        ("given", "from tilla.testing import given"),
        ("Tabel", "nearest: tl.Table"),
    ],
)
def test_a_name_that_is_not_here_says_where_it_is(name: str, hint: str) -> None:
    """A newcomer writes `tl.case`: the message says what to write instead."""
    with pytest.raises(AttributeError, match="tilla has no") as caught:
        getattr(tl, name)
    assert hint in str(caught.value)


def test_a_probe_for_a_private_name_is_answered_without_imports() -> None:
    """`hasattr(tilla, "__wrapped__")`, as inspectors ask, is an ordinary no."""
    assert not hasattr(tl, "__wrapped__")
