"""Fixtures: an indexer's parts on a real index of their own."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from service.search.vocabulary.sync import TermWriter
from service.server import container
from service.settings import Settings
from tests.support.backends import BACKEND_TIMEOUT, temporary_index
from tests.support.indexing import OWNER, FaultyWriter, build_rebuild


@pytest.fixture
async def search_url(stack: str, tmp_path: Path) -> AsyncIterator[str]:
    """Yield the address of an index that only this test uses; it is removed afterwards."""
    if stack == "embedded":
        yield f"tantivy://{tmp_path}/index"
        return
    async for url in temporary_index("worker", f"&timeout={BACKEND_TIMEOUT}"):
        yield url


@pytest.fixture
async def inventory(search_url: str) -> AsyncIterator[Inventory]:
    inventory = container.build_inventory(Settings(search_url=search_url))
    yield inventory
    await inventory.close()


@pytest.fixture
async def writer(search_url: str) -> AsyncIterator[FaultyWriter]:
    real_writer = container.build_writer(Settings(search_url=search_url))
    await real_writer.open()
    yield FaultyWriter(real_writer)
    await real_writer.close()


@pytest.fixture
def index_handles(search_url: str, writer: FaultyWriter, inventory: Inventory) -> IndexHandles:
    build_engine = partial(container.build_engine, Settings(search_url=search_url))
    return IndexHandles(writer, inventory, build_engine)


@pytest.fixture
def worker(writer: FaultyWriter, notifier: OutboxNotifier) -> IndexWorker:
    return IndexWorker(writer, TermWriter(), notifier, utc_now, OWNER)


@pytest.fixture
def rebuild(index_handles: IndexHandles, worker: IndexWorker) -> Rebuild:
    return build_rebuild(index_handles, worker)
