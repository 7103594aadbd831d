"""Who may read what: roles, users and their limits. A first, small form."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tilla.objects.base import Declared, Part


@attrs.frozen(slots=False, repr=False)
class Access(Declared):
    """An object of the access phase: it has a plain name and no database."""

    def parts(self) -> tuple[Part, ...]:
        return ()

    def check(self, parts: Sequence[Part]) -> None:
        """Raise for grants on databases and tables that the project does not hold."""

    def statements(self, on_cluster: str = "") -> list[tuple[str, str]]:
        """The statements that make it so, each with its reason; run again they change nothing."""
        return []
