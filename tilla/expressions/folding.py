"""Long SQL over several lines, for the people who read it. Only white space changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tilla.expressions.scan import tokens

WIDTH = 116


def folded(sql: str, width: int = WIDTH, indent: int = 0) -> str:
    """One long line of SQL over several: brackets that do not fit are opened, one argument a line.

    Only white space between tokens is added. ``indent`` is how far in the first line stands.

    >>> print(folded("f(a, g('x, y'), b)", width=14))
    f(
        a,
        g('x, y'),
        b
    )
    """
    if len(sql) + indent <= width:
        return sql
    parts = [(kind, sql[start:end]) for kind, start, end in tokens(sql)]
    mates: dict[int, int] = {}
    open_: list[int] = []
    for at, (_, word) in enumerate(parts):
        if word in ("(", "["):
            open_.append(at)
        elif word in (")", "]") and open_:
            mates[open_.pop()] = at

    def write(first: int, stop: int, indent: int) -> str:
        plain = "".join(word for _, word in parts[first:stop]).strip()
        if len(plain) + indent <= width:
            return plain
        out, at = "", first
        while at < stop:
            word = parts[at][1]
            close = mates.get(at)
            inside = "" if close is None else "".join(w for _, w in parts[at + 1 : close])
            line = len(out.rpartition("\n")[2]) + (0 if "\n" in out else indent)
            if close is None or line + len(inside) + 2 <= width:
                upto = at if close is None else close
                out += "".join(w for _, w in parts[at : upto + 1])
                at = upto + 1
                continue
            pad = " " * (indent + 4)
            plain_inside = not any(b in inside for b in "([") and len(inside) + len(pad) <= width
            items = (
                [inside.strip()]
                if plain_inside
                else [write(a, b, indent + 4) for a, b in _arguments(parts, mates, at + 1, close)]
            )
            out += word + "\n" + ",\n".join(pad + item for item in items) + "\n" + " " * indent + parts[close][1]
            at = close + 1
        return out.strip()

    return write(0, len(parts), indent)


def _arguments(
    parts: list[tuple[str, str]], mates: Mapping[int, int], first: int, stop: int
) -> Iterator[tuple[int, int]]:
    begin = at = first
    while at < stop:
        if parts[at][1] == ",":
            yield begin, at
            begin = at + 1
        at = mates.get(at, at) + 1
    yield begin, stop
