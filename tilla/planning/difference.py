"""What differs between a declaration and the server, as values: the aspect, what is live, what is declared."""

from __future__ import annotations

import attrs

# How the server may show that two texts mean the same. "" means that they do not, whatever it says.
TYPE, CODEC, EXPRESSION, QUERY, SETTING, USER = "type", "codec", "expression", "query", "setting", "user"


@attrs.frozen
class Difference:
    """One difference: ``aspect`` (``type of column total``), the text on the server and the declared one.

    An empty text means that there is nothing on that side.
    """

    aspect: str
    live: str
    declared: str

    def __str__(self) -> str:
        if not self.live and " lacks " in self.aspect:
            return f"{self.aspect}, declared {_shown(self.declared)}"
        if not self.live:
            return f"{self.aspect}: not there, declared {_shown(self.declared)}"
        if not self.declared:
            return f"{self.aspect}: {_shown(self.live)} is there, not declared"
        live, declared = _around_the_change(self.live, self.declared)
        return f"{self.aspect}: is {live}, declared {declared}"

    def as_json(self) -> dict[str, str]:
        """The difference as plain data."""
        return {"aspect": self.aspect, "live": self.live, "declared": self.declared}


@attrs.frozen
class Candidate:
    """Two texts that are not equal. ``proof`` says how the server may show that they mean the same.

    ``context`` goes with the proof: the type of the column for a codec.
    """

    difference: Difference
    proof: str = ""
    context: str = ""


def candidate(aspect: str, live: str, declared: str, proof: str = "", context: str = "") -> Candidate:
    """Make a candidate from its texts."""
    return Candidate(Difference(aspect, live, declared), proof if live and declared else "", context)


_MOST = 160


def _shown(text: str) -> str:
    """A text on one line, cut when it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]} ..."


def _around_the_change(one: str, other: str) -> tuple[str, str]:
    """Two texts; of long ones the part where they part."""
    one, other = " ".join(one.split()), " ".join(other.split())
    if max(len(one), len(other)) <= _MOST:
        return one, other
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    start = max(0, same - 40)
    lead = "... " if start else ""
    return lead + _shown(one[start:]), lead + _shown(other[start:])
