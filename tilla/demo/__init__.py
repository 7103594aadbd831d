"""Data of an invented shop, from a seed: what the connectors would emit for it, and the right answers.

Nobody and nothing in it is real. The same seed gives the same records, byte for byte; the truth is computed
from what happened in the shop, not from the records. Used by ``tilla demo``, the tests and the benchmarks.
"""

from tilla.demo.deliveries import Delivery
from tilla.demo.land import land
from tilla.demo.shop import Shop

__all__ = ["Delivery", "Shop", "land"]
