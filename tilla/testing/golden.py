"""Golden files: what is emitted, kept in files that reviewers read, compared byte for byte."""

from __future__ import annotations

import os
from pathlib import Path


class Golden:
    """A folder of golden files. With ``TILLA_GOLDEN=write`` in the environment they are written instead of compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self, name: str, text: str) -> None:
        """Compare a text with its golden file.

        Raises:
            AssertionError: the file is missing or differs; the message says how to accept the new text.
        """
        file = self.folder / name
        if os.environ.get("TILLA_GOLDEN") == "write":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            return
        if not file.is_file():
            raise AssertionError(f"{file} is missing; TILLA_GOLDEN=write pytest ... writes it")
        have = file.read_bytes().decode()
        if have != text:
            import difflib

            diff = difflib.unified_diff(have.splitlines(), text.splitlines(), str(file), "emitted now", lineterm="")
            raise AssertionError("\n".join([*diff, "TILLA_GOLDEN=write pytest ... accepts the new text"]))
