"""All replicas of a deployment: how a statement reaches them, and how each of them is asked.

On a cluster and on ClickHouse Cloud a statement is carried out on one replica first, and on the others when they get to it. What
a backfill relies on is therefore asked of every replica, through ``clusterAllReplicas``. One that does not answer is an error
(``skip_unavailable_shards = 0``): what it does not say must not be taken for nothing.
"""

from __future__ import annotations

import attrs

from tilla import text

# Who answers: ``hostName()`` and ``tcpPort()`` are those of the replica that runs this part of a query.
HOST = "concat(hostName(), ':', toString(tcpPort()))"


@attrs.frozen
class Replicas:
    """One server, unless ``cluster`` names the replicas (``default`` on Cloud).

    ``on_cluster`` is the name behind ON CLUSTER, '' where statements reach all replicas by themselves. ``sequential``:
    ``select_sequential_consistency`` lets a replica read what another one was given (SharedMergeTree). ``place`` are the
    arguments in front of a Replicated engine's own, none for the server's defaults.
    """

    cluster: str = ""
    on_cluster: str = ""
    sequential: bool = False
    place: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there may be more than one."""
        return bool(self.cluster)

    @property
    def clause(self) -> str:
        """The ON CLUSTER clause with its space in front, or ''."""
        return f" ON CLUSTER {text.quote_identifier(self.on_cluster)}" if self.on_cluster else ""

    def everywhere(self, path: tuple[str, str]) -> str:
        """A table, quoted, with the clause that makes a statement about it run on every replica."""
        return text.quote_qualified(*path) + self.clause

    def system(self, table: str) -> str:
        """A system table, as all replicas have it."""
        own = f"system.{table}"
        return f"clusterAllReplicas({text.quote_string(self.cluster)}, {own})" if self.cluster else own

    @property
    def strict(self) -> str:
        """What ends a query about all replicas, so that none is left out; or ''."""
        return " SETTINGS skip_unavailable_shards = 0" if self.cluster else ""


ONE = Replicas()
