"""Filling history on a live service: armed, drained, cut into slices, staged aside, moved in, reconciled.

:mod:`~tilla.backfills.prepare` makes the plan, :mod:`~tilla.backfills.run` carries it out; every change of state is a row of
``tilla.journal`` on the server, so that a run goes on where the last one stopped.
"""
