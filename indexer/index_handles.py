"""Every way to the index that the indexer has, as one value."""

from collections.abc import Callable
from dataclasses import dataclass

from service.search.engines.base import Engine, IndexWriter, Inventory


@dataclass(frozen=True, slots=True)
class IndexHandles:
    """The writer, the inventory, and an engine for any index by its name."""

    writer: IndexWriter
    inventory: Inventory
    open_engine: Callable[[str], Engine]
