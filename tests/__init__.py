"""Tests; a package, so that ``tests.support`` can be imported and run with ``python -m``."""
