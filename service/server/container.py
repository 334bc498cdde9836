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
from datetime import UTC, datetime
from importlib.metadata import version

import aiohttp
import structlog

from service.accounts.passwords import Passwords
from service.accounts.service import Accounts
from service.admin.health import Health
from service.cache.base import Cache
from service.cache.response_cache import Answers
from service.database.connection import close_database, open_database
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.importer import Loader
from service.indexing.diagnosis import Why
from service.indexing.drift import Drift
from service.indexing.orphan_repair import Suspects
from service.indexing.outbox_admin import Pointers
from service.indexing.reindex_jobs import Rebuilds
from service.indexing.search_activity import Audience
from service.limits import STANDBY_DEADLINE
from service.limits import TRIAL_DEADLINE as PATIENT
from service.omdb.client import OmdbClient
from service.omdb.lookup import Lookup
from service.omdb.parser import read_film
from service.omdb.quota import Quota
from service.outbox.notifications import Nudge, nudge_for
from service.posters.service import Gallery
from service.posters.store import PosterStore
from service.search.engines.base import Engine, IndexWriter, Inventory
from service.search.filenames.matcher import Matching
from service.search.index.generation import Generation
from service.search.retrieval.autocomplete import Suggester
from service.search.retrieval.cursors import Cursors
from service.search.retrieval.database_search import Standby
from service.search.retrieval.engine_search import Finder
from service.search.retrieval.film_cache import Shelf
from service.search.service import Search
from service.search.vocabulary.sync import Lexicon
from service.search.vocabulary.vocabulary import Vocabulary
from service.settings import Settings, path_of

log = structlog.get_logger()

WARM_AFTER = 30.0  # seconds after the start; the first searches come first
LONGEST_LOAD = 20.0  # seconds to wait for the vocabulary at start; a million films take some ten


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that one process of the service works with."""

    settings: Settings
    version: str
    catalogue: Catalogue
    loader: Loader
    lookup: Lookup
    search: Search
    matching: Matching
    cursors: Cursors
    generation: Generation
    answers: Answers
    gallery: Gallery
    accounts: Accounts
    rebuilds: Rebuilds
    drift: Drift
    pointers: Pointers
    why: Why
    health: Health
    lexicon: Lexicon
    audience: Audience
    resources: contextlib.AsyncExitStack

    @staticmethod
    def now() -> datetime:
        """The time, aware, UTC."""
        return utc_now()


def engine_for(settings: Settings, name: str | None = None) -> Engine:
    """The reading side of the live index, or of the index `name`, which nobody waits for: searches
    there may take as long as a page of the inventory.
    """
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.reader import TantivyEngine

        return TantivyEngine(path_of(settings.search_url), name)
    from service.search.engines.elasticsearch.connection import Address
    from service.search.engines.elasticsearch.reader import ElasticEngine

    address = Address.parse(settings.search_url)
    if name:
        patient = max(address.deadline, PATIENT)
        address = replace(address, alias=address.real(name), deadline=patient)
    return ElasticEngine(address)


def inventory_for(settings: Settings) -> Inventory:
    """What reads the index document by document."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.inventory import TantivyInventory

        return TantivyInventory(path_of(settings.search_url))
    from service.search.engines.elasticsearch.connection import Address
    from service.search.engines.elasticsearch.inventory import ElasticInventory

    return ElasticInventory(Address.parse(settings.search_url))


def deadline_of(settings: Settings) -> float:
    """Seconds that a search may take, by the engine or without it."""
    if settings.search_url.startswith("tantivy"):
        return STANDBY_DEADLINE
    from service.search.engines.elasticsearch.connection import Address

    return Address.parse(settings.search_url).deadline


def writer_for(settings: Settings) -> IndexWriter:
    """The writing side of the index, for the indexer alone."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.writer import TantivyWriter

        return TantivyWriter(path_of(settings.search_url))
    from service.search.engines.elasticsearch.connection import Address
    from service.search.engines.elasticsearch.writer import ElasticWriter

    return ElasticWriter(Address.parse(settings.search_url))


def cache_for(settings: Settings) -> Cache:
    """The cache; with several workers a memory of each one's own is worth a warning."""
    if settings.cache_url.startswith("memory"):
        if settings.workers > 1:
            log.warning("cache_not_shared", advice="set CACHE_URL to Redis for several workers")
        from service.cache.memory import MemoryCache

        return MemoryCache()
    from service.cache.redis import RedisCache

    return RedisCache(settings.cache_url)


async def poster_store_for(settings: Settings) -> PosterStore:
    """Where posters are kept."""
    if settings.posters_url.startswith("file"):
        from service.posters.local_store import FolderStore

        return FolderStore(path_of(settings.posters_url))
    from service.posters.s3_store import S3Store

    return await S3Store.open(
        settings.posters_url, settings.aws_access_key_id, settings.aws_secret_access_key
    )


def nudge_of(settings: Settings) -> Nudge:
    return nudge_for(settings.database_url)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """The parts for as long as they are needed."""
    made = await build(settings)
    try:
        yield made
    finally:
        await close(made)


async def build(settings: Settings) -> Parts:
    """Build every part; one that is away is found out when it is used."""
    async with contextlib.AsyncExitStack() as stack:
        await open_database(settings.database_url)
        stack.push_async_callback(close_database)
        nudge = nudge_of(settings)
        stack.push_async_callback(nudge.close)
        engine = engine_for(settings)
        await engine.open()
        stack.push_async_callback(engine.close)
        cache = cache_for(settings)
        stack.push_async_callback(cache.close)
        answers = Answers(cache)
        stack.push_async_callback(answers.settled)
        store = await poster_store_for(settings)
        stack.push_async_callback(store.close)
        inventory = inventory_for(settings)
        stack.push_async_callback(inventory.close)
        drift = Drift(inventory, nudge, utc_now)
        passwords = Passwords()
        accounts = Accounts(settings.jwt_secret, passwords, utc_now)
        stack.callback(accounts.close)
        catalogue = Catalogue(nudge, utc_now)
        pointers = Pointers(catalogue, nudge)
        lookup = Lookup(catalogue, await _omdb_client(settings, stack), utc_now)
        stack.push_async_callback(lookup.close)
        suspects = Suspects(drift, inventory)
        stack.push_async_callback(suspects.close)
        vocabulary, shelf = Vocabulary(), Shelf(suspects.meet)
        lexicon, audience = Lexicon(vocabulary), Audience()

        search = Search(
            Finder(engine, vocabulary, shelf),
            Suggester(engine, vocabulary, shelf),
            Standby(vocabulary, shelf, deadline_of(settings)),
            audience.seen,
        )
        matching = Matching(search.films)
        stack.callback(matching.close)

        async def show(generation: int) -> None:
            with contextlib.suppress(Unavailable):  # a search will find out, and do without
                await engine.see(generation)

        async def learn(_: int) -> None:
            await lexicon.catch_up()

        return Parts(
            settings=settings,
            version=version("movies"),
            catalogue=catalogue,
            loader=Loader(catalogue, read_film),
            lookup=lookup,
            search=search,
            matching=matching,
            cursors=Cursors(settings.jwt_secret, utc_now),
            generation=Generation(show, learn),
            answers=answers,
            gallery=Gallery(store, utc_now),
            accounts=accounts,
            rebuilds=Rebuilds(utc_now),
            drift=drift,
            pointers=pointers,
            why=Why(catalogue, pointers, inventory, engine),
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
            lexicon=lexicon,
            audience=audience,
            resources=stack.pop_all(),
        )


async def _omdb_client(settings: Settings, stack: contextlib.AsyncExitStack) -> OmdbClient | None:
    if settings.omdb_api_key is None:
        return None
    session = await stack.enter_async_context(aiohttp.ClientSession())
    quota = Quota(settings.omdb_api_key, settings.omdb_daily_quota, utc_now)
    return OmdbClient(session, settings.omdb_url, settings.omdb_api_key, quota)


async def follow(made: Parts) -> "asyncio.Task[None]":
    """Start to keep level with the index's words; returns once spelling can be guessed.

    What is there by then stays: the collector of garbage looks no more through it, which took a
    tenth of a second each time.
    """
    task = asyncio.create_task(made.lexicon.follow())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(made.lexicon.loaded.wait(), LONGEST_LOAD)
    gc.collect()
    gc.freeze()
    return task


async def warm(made: Parts) -> None:
    """Load what no request should wait for, once the start is over."""
    await asyncio.sleep(WARM_AFTER)
    await made.matching.warm()
    gc.freeze()


async def close(made: Parts) -> None:
    """Let go of every part, the last one built first."""
    await made.resources.aclose()
