"""Unit tests of pipelines: give rows to sources, read what follows from them.

    def test_a_resent_event_counts_once():
        assert given({raw_events: [event, event]}).read(daily) == [{"day": date(2026, 3, 1), "events": 1}]

It runs on the embedded engine (``pip install 'tilla[chdb]'``), with the very statements that ``emit`` prints, in databases
of its own: two tests never see each other.
"""

from tilla.testing.given import Given, given
from tilla.testing.golden import Golden

__all__ = ["Given", "Golden", "given"]
