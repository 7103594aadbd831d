"""T601-T610: history that cannot be filled exactly, and risks nobody allowed."""

from __future__ import annotations

from tilla.errors.tree import Mistake, RefusedError


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
