"""An indexer's parts on a real index of their own."""

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
from tests.support.indexing import FaultyWriter


@pytest.fixture
async def search_url(stack: str, tmp_path: Path) -> AsyncIterator[str]:
    """An index that nobody else has; its leavings are removed."""
    if stack == "embedded":
        yield f"tantivy://{tmp_path}/index"
        return
    async for url in temporary_index("worker", f"&timeout={BACKEND_TIMEOUT}"):
        yield url


@pytest.fixture
async def inventory(search_url: str) -> AsyncIterator[Inventory]:
    made = container.build_inventory(Settings(search_url=search_url))
    yield made
    await made.close()


@pytest.fixture
async def writer(search_url: str) -> AsyncIterator[FaultyWriter]:
    real = container.build_writer(Settings(search_url=search_url))
    await real.open()
    yield FaultyWriter(real)
    await real.close()


@pytest.fixture
def index_handles(search_url: str, writer: FaultyWriter, inventory: Inventory) -> IndexHandles:
    engine = partial(container.build_engine, Settings(search_url=search_url))
    return IndexHandles(writer, inventory, engine)  # type: ignore[arg-type]


@pytest.fixture
def worker(writer: FaultyWriter, notifier: OutboxNotifier) -> IndexWorker:
    return IndexWorker(writer, TermWriter(), notifier, utc_now, "tester")  # type: ignore[arg-type]


@pytest.fixture
def rebuild(index_handles: IndexHandles, worker: IndexWorker) -> Rebuild:
    return Rebuild(index_handles, TermWriter(), worker, utc_now, "tester")
