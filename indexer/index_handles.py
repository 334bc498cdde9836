"""The indexer's ways to the index as one value."""

from collections.abc import Callable
from dataclasses import dataclass

from service.search.engines.base import Engine, IndexWriter, Inventory


@dataclass(frozen=True, slots=True)
class IndexHandles:
    """The writer, the inventory, and a function that builds an engine for an index by its name."""

    writer: IndexWriter
    inventory: Inventory
    build_engine: Callable[[str], Engine]
