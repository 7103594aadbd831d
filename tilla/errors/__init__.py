"""Every error Tilla raises, and every word in it.

The tree (catch the branch you can do something about)::

    TillaError                  .mistakes: one entry per mistake, never empty
    |- DeclarationError         (ValueError) a declaration contradicts itself or its neighbours
    |  |- TypeTextError         a type that ClickHouse has not, or an illegal combination
    |  |- SqlError              SQL by hand that cannot be read, or a reference without an object
    |  `- GraphError            cycles, dangling names
    |- UsageError               a command line, DSN or environment variable that means nothing
    |- RefusedError             what was asked would lose, double or destroy data; says the ways out
    `- ServerError              .statement, .server_code, .reason: what the server said
       |- ConnectionFailed      no server, wrong password, a chDB path in use
       `- StatementRefused      the server refused one statement; .done lists what ran before it

Other modules raise by calling the constructors of this package (``raise errors.unknown_column(...)``): facts go in, the
sentence is built here, so that wording, hints and codes have one home. A code is stable and never used for a second
mistake. Every code has a section in ``docs/errors.md``.
"""

from tilla.errors.access import *
from tilla.errors.commands import *
from tilla.errors.engines import *
from tilla.errors.expressions import *
from tilla.errors.history import *
from tilla.errors.objects import *
from tilla.errors.projects import *
from tilla.errors.raw import *
from tilla.errors.servers import *
from tilla.errors.sql import *
from tilla.errors.tree import *
from tilla.errors.types import *
from tilla.errors.wording import *
