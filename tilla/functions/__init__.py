"""The typed catalogue of ClickHouse's functions, under their own names in snake_case.

Use it as ``from tilla import functions as f``. ``f.to_start_of_month(x)`` is ``toStartOfMonth(x)``; what is not
in the catalogue is ``f.raw("anyFunction", x, type=t.String)``. Each group is a module of this package, as in
ClickHouse's documentation. A call checks nothing but its own shape: types are inferred where ClickHouse's
rules are certain, and are unknown (``None``) elsewhere.

A type checker sees the Python type of each result. Most functions of plain values are ``Expr[str]`` and the like to it over
Nullable arguments too, where the value may be NULL; ``expression.type`` has the ClickHouse type with its Nullable.
"""

from tilla.functions.aggregate import *
from tilla.functions.aggregate_arrays import *
from tilla.functions.aggregate_events import *
from tilla.functions.aggregate_quantiles import *
from tilla.functions.aggregate_statistics import *
from tilla.functions.arithmetic import *
from tilla.functions.arrays import *
from tilla.functions.conditional import *
from tilla.functions.conversion import *
from tilla.functions.dates import *
from tilla.functions.dictionaries import *
from tilla.functions.encoding import *
from tilla.functions.json import *
from tilla.functions.maps import *
from tilla.functions.other import *
from tilla.functions.strings import *
from tilla.functions.urls import *
from tilla.functions.windows import *
