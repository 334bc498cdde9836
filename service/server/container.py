"""The one place where parts are built: settings in, adapters and use cases out.

Nothing else names an adapter, so each dependency is changed by one URL and by one line here. An
adapter is imported only where it was chosen: half a start's time would go into drivers that are
not used.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

import aiohttp
import structlog

from service.accounts.passwords import Passwords
from service.accounts.service import Accounts
from service.admin.health import Health
from service.cache.base import Cache
from service.cache.response_cache import ResponseCache
from service.clock import utc_now
from service.database.connection import close_database, open_database
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.importer import FilmImporter
from service.indexing.diagnosis import IndexDiagnosis
from service.indexing.drift import Drift
from service.indexing.orphan_repair import OrphanRepair
from service.indexing.outbox_admin import OutboxAdmin
from service.indexing.reindex_jobs import ReindexJobs
from service.indexing.search_activity import SearchActivity
from service.limits import DATABASE_SEARCH_TIMEOUT, GOLDEN_QUERY_TIMEOUT
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.parser import parse_film
from service.omdb.quota import OmdbQuota
from service.outbox.notifications import notifier_for
from service.posters.service import PosterService
from service.posters.store import PosterStore
from service.search.engines.base import Engine, IndexWriter, Inventory
from service.search.filenames.matcher import FilenameMatcher
from service.search.index.generation import Generation
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.cursors import CursorCodec
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.service import SearchService
from service.search.vocabulary.sync import VocabularySync
from service.search.vocabulary.vocabulary import Vocabulary
from service.settings import Settings, resolve_path

log = structlog.get_logger()

WARM_UP_DELAY = 30.0  # seconds after the start; the first searches come first
VOCABULARY_LOAD_TIMEOUT = (
    20.0  # seconds to wait for the vocabulary at start; a million films take some ten
)


@dataclass(frozen=True, slots=True)
class Container:
    """Everything that one process of the service works with."""

    settings: Settings
    version: str
    catalogue: Catalogue
    importer: FilmImporter
    lookup: FilmLookup
    search: SearchService
    filename_matcher: FilenameMatcher
    cursors: CursorCodec
    generation: Generation
    response_cache: ResponseCache
    posters: PosterService
    accounts: Accounts
    reindex_jobs: ReindexJobs
    drift: Drift
    outbox_admin: OutboxAdmin
    diagnosis: IndexDiagnosis
    health: Health
    vocabulary_sync: VocabularySync
    search_activity: SearchActivity
    resources: contextlib.AsyncExitStack

    @staticmethod
    def now() -> datetime:
        """The time, aware, UTC."""
        return utc_now()


def build_engine(settings: Settings, index_name: str | None = None) -> Engine:
    """The reading side of the live index, or of the index `name`, which nobody waits for: searches
    there may take as long as a page of the inventory.
    """
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.reader import TantivyEngine

        return TantivyEngine(resolve_path(settings.search_url), index_name)
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.reader import ElasticsearchEngine

    address = ElasticsearchAddress.parse(settings.search_url)
    if index_name:
        timeout = max(address.deadline, GOLDEN_QUERY_TIMEOUT)
        address = replace(address, alias=address.real(index_name), deadline=timeout)
    return ElasticsearchEngine(address)


def build_inventory(settings: Settings) -> Inventory:
    """What reads the index document by document."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.inventory import TantivyInventory

        return TantivyInventory(resolve_path(settings.search_url))
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.inventory import ElasticsearchInventory

    return ElasticsearchInventory(ElasticsearchAddress.parse(settings.search_url))


def search_timeout(settings: Settings) -> float:
    """Seconds that a search may take, by the engine or without it."""
    if settings.search_url.startswith("tantivy"):
        return DATABASE_SEARCH_TIMEOUT
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress

    return ElasticsearchAddress.parse(settings.search_url).deadline


def build_writer(settings: Settings) -> IndexWriter:
    """The writing side of the index, for the indexer alone."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.writer import TantivyWriter

        return TantivyWriter(resolve_path(settings.search_url))
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.writer import ElasticsearchWriter

    return ElasticsearchWriter(ElasticsearchAddress.parse(settings.search_url))


def build_cache(settings: Settings) -> Cache:
    """The cache; with several workers a memory of each one's own is worth a warning."""
    if settings.cache_url.startswith("memory"):
        if settings.workers > 1:
            log.warning("cache_not_shared", advice="set CACHE_URL to Redis for several workers")
        from service.cache.memory import MemoryCache

        return MemoryCache()
    from service.cache.redis import RedisCache

    return RedisCache(settings.cache_url)


async def build_poster_store(settings: Settings) -> PosterStore:
    """Where posters are kept."""
    if settings.posters_url.startswith("file"):
        from service.posters.local_store import LocalPosterStore

        return LocalPosterStore(resolve_path(settings.posters_url))
    from service.posters.s3_store import S3PosterStore

    return await S3PosterStore.open(
        settings.posters_url, settings.aws_access_key_id, settings.aws_secret_access_key
    )


@contextlib.asynccontextmanager
async def open_container(settings: Settings) -> AsyncIterator[Container]:
    """The parts for as long as they are needed."""
    container = await build_container(settings)
    try:
        yield container
    finally:
        await close_container(container)


async def build_container(settings: Settings) -> Container:
    """Build every part; one that is away is found out when it is used."""
    async with contextlib.AsyncExitStack() as stack:
        await open_database(settings.database_url)
        stack.push_async_callback(close_database)
        notifier = notifier_for(settings.database_url)
        stack.push_async_callback(notifier.close)
        engine = build_engine(settings)
        await engine.open()
        stack.push_async_callback(engine.close)
        cache = build_cache(settings)
        stack.push_async_callback(cache.close)
        response_cache = ResponseCache(cache)
        stack.push_async_callback(response_cache.wait_until_stored)
        store = await build_poster_store(settings)
        stack.push_async_callback(store.close)
        inventory = build_inventory(settings)
        stack.push_async_callback(inventory.close)
        drift = Drift(inventory, notifier, utc_now)
        passwords = Passwords()
        accounts = Accounts(settings.jwt_secret, passwords, utc_now)
        stack.callback(accounts.close)
        catalogue = Catalogue(notifier, utc_now)
        outbox_admin = OutboxAdmin(catalogue, notifier)
        lookup = FilmLookup(catalogue, await _omdb_client(settings, stack), utc_now)
        stack.push_async_callback(lookup.close)
        orphan_repair = OrphanRepair(drift, inventory)
        stack.push_async_callback(orphan_repair.close)
        vocabulary, film_cache = Vocabulary(), FilmCache(orphan_repair.enqueue)
        vocabulary_sync, search_activity = VocabularySync(vocabulary), SearchActivity()

        search = SearchService(
            EngineSearch(engine, vocabulary, film_cache),
            Autocomplete(engine, vocabulary, film_cache),
            DatabaseSearch(vocabulary, film_cache, search_timeout(settings)),
            search_activity.record_search,
        )
        filename_matcher = FilenameMatcher(search.find_films)
        stack.callback(filename_matcher.close)

        async def refresh_engine(generation: int) -> None:
            with contextlib.suppress(Unavailable):  # a search will find out, and do without
                await engine.refresh(generation)

        async def catch_up_vocabulary(_: int) -> None:
            await vocabulary_sync.catch_up()

        return Container(
            settings=settings,
            version=version("movies"),
            catalogue=catalogue,
            importer=FilmImporter(catalogue, parse_film),
            lookup=lookup,
            search=search,
            filename_matcher=filename_matcher,
            cursors=CursorCodec(settings.jwt_secret, utc_now),
            generation=Generation(refresh_engine, catch_up_vocabulary),
            response_cache=response_cache,
            posters=PosterService(store, utc_now),
            accounts=accounts,
            reindex_jobs=ReindexJobs(utc_now),
            drift=drift,
            outbox_admin=outbox_admin,
            diagnosis=IndexDiagnosis(catalogue, outbox_admin, inventory, engine),
            health=Health(
                {
                    "search": engine.check,
                    "index": drift.check,
                    "cache": cache.check,
                    "posters": store.check,
                    "omdb": lookup.health,
                },
                utc_now,
            ),
            vocabulary_sync=vocabulary_sync,
            search_activity=search_activity,
            resources=stack.pop_all(),
        )


async def _omdb_client(settings: Settings, stack: contextlib.AsyncExitStack) -> OmdbClient | None:
    if settings.omdb_api_key is None:
        return None
    session = await stack.enter_async_context(aiohttp.ClientSession())
    quota = OmdbQuota(settings.omdb_api_key, settings.omdb_daily_quota, utc_now)
    return OmdbClient(session, settings.omdb_url, settings.omdb_api_key, quota)


async def start_vocabulary_sync(container: Container) -> "asyncio.Task[None]":
    """Start to keep level with the index's words; returns once spelling can be guessed.

    What is there by then stays: the collector of garbage looks no more through it, which took a
    tenth of a second each time.
    """
    task = asyncio.create_task(container.vocabulary_sync.follow())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(container.vocabulary_sync.loaded.wait(), VOCABULARY_LOAD_TIMEOUT)
    gc.collect()
    gc.freeze()
    return task


async def warm_up(container: Container) -> None:
    """Load what no request should wait for, once the start is over."""
    await asyncio.sleep(WARM_UP_DELAY)
    await container.filename_matcher.warm()
    gc.freeze()


async def close_container(container: Container) -> None:
    """Let go of every part, the last one built first."""
    await container.resources.aclose()
