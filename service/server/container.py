"""The composition root: the one place where parts are built, from settings to use cases.

No other module names an adapter, so a dependency is replaced by a URL and one line here. An adapter
is imported only when it is configured: drivers that are not used would take half of the start-up
time.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import aiohttp
import structlog

from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.registration import RegistrationPolicy
from service.accounts.service import AccountService
from service.admin.health import Health
from service.admin.overview import Overview
from service.admin.proxy_check import ProxyCheck
from service.admin.setup_status import SetupStatus
from service.cache.base import Cache
from service.cache.response_cache import ResponseCache
from service.clock import utc_now
from service.community.blocks.service import Blocks
from service.community.discovery.trends import Trends, move_trends
from service.community.history.service import History, move_history
from service.community.lists.service import FilmLists, move_list_items
from service.community.live.broker import Broker, MemoryBroker
from service.community.live.hub import LiveHub
from service.community.live.job_feed import JobFeed
from service.community.moderation.service import Moderation
from service.community.profiles.service import Profiles
from service.community.ratings.service import Ratings, move_ratings
from service.community.reviews.likes import ReviewLikes
from service.community.reviews.service import Reviews, move_reviews
from service.community.tallies import recount_merged
from service.community.watchlist.service import Watchlists, move_watchlists
from service.database.connection import close_database, open_database
from service.database.migrate import prepare_schema
from service.errors import Unavailable
from service.exports.service import Exports
from service.films.catalogue import Catalogue
from service.films.importer import FilmImporter
from service.films.merge import FilmMerger
from service.idempotency.service import IdempotentRequests
from service.indexing.diagnosis import IndexDiagnosis
from service.indexing.drift import Drift
from service.indexing.orphan_repair import OrphanRepair
from service.indexing.outbox_admin import OutboxAdmin
from service.indexing.reindex_jobs import ReindexJobs
from service.indexing.search_activity import SearchActivity
from service.limits import DATABASE_SEARCH_TIMEOUT, GOLDEN_QUERY_TIMEOUT, SMTP_TIMEOUT
from service.mail.admin import MailAdmin
from service.mail.base import MailTransport
from service.mail_url import parse_mail_url
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.lookup_limit import LookupLimit, daily_limit
from service.omdb.parser import parse_film
from service.omdb.quota import OmdbQuota
from service.omdb.seasons import SeasonLookup
from service.outbox.notifications import notifier_for
from service.posters.service import PosterService
from service.posters.store import PosterStore
from service.rate_limit_rules import parse_rate_limits
from service.resilience.rate_limiter import RateLimiter
from service.search.engines.base import Engine, IndexWriter, Inventory
from service.search.filenames.matcher import FilenameMatcher
from service.search.index.generation import Generation
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.cursors import CursorCodec
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.work_threads import WorkThreads
from service.search.service import SearchService
from service.search.vocabulary.sync import VocabularySync
from service.search.vocabulary.vocabulary import Vocabulary
from service.server.personal_data import PERSONAL_DATA
from service.settings import Settings, home_folder, resolve_path
from service.signed_cursors import SignedCursors

log = structlog.get_logger()

WARM_UP_DELAY = 30.0  # after the start; the first searches have priority
VOCABULARY_LOAD_TIMEOUT = 20.0  # at the start; a million films take about 10 s
GC_THRESHOLDS = 10_000, 10, 50  # new objects, then collections of each generation


FILM_ROW_MOVERS = (
    move_ratings,
    move_reviews,
    recount_merged,
    move_history,
    move_watchlists,
    move_list_items,
    move_trends,
)
"""What a merge of two films moves."""


@dataclass(frozen=True, slots=True)
class Container:
    """Every part of one process of the service."""

    settings: Settings
    version: str
    catalogue: Catalogue
    importer: FilmImporter
    merger: FilmMerger
    lookup: FilmLookup
    seasons: SeasonLookup
    search: SearchService
    film_cache: FilmCache
    work_threads: WorkThreads
    filename_matcher: FilenameMatcher
    cursors: SignedCursors
    search_cursors: CursorCodec
    generation: Generation
    response_cache: ResponseCache
    rate_limiter: RateLimiter
    posters: PosterService
    accounts: AccountService
    exports: Exports
    idempotent_requests: IdempotentRequests
    ratings: Ratings
    reviews: Reviews
    review_likes: ReviewLikes
    moderation: Moderation
    blocks: Blocks
    history: History
    watchlists: Watchlists
    film_lists: FilmLists
    profiles: Profiles
    trends: Trends
    live: LiveHub
    job_feed: JobFeed
    reindex_jobs: ReindexJobs
    drift: Drift
    outbox_admin: OutboxAdmin
    mail_admin: MailAdmin
    mail_transport: MailTransport
    diagnosis: IndexDiagnosis
    health: Health
    setup_status: SetupStatus
    overview: Overview
    vocabulary_sync: VocabularySync
    search_activity: SearchActivity
    resources: contextlib.AsyncExitStack

    @staticmethod
    def now() -> datetime:
        """Return the current time, aware, in UTC."""
        return utc_now()


class _Closable(Protocol):
    async def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


def build_engine(settings: Settings, index_name: str | None = None) -> Engine:
    """Build the reading side of the live index, or of the index `index_name`.

    Clients do not wait for searches in a named index, so these may take as long as a golden query.
    """
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.reader import TantivyEngine

        return TantivyEngine(resolve_path(settings.search_url), index_name)
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.reader import ElasticsearchEngine

    address = ElasticsearchAddress.parse(settings.search_url)
    if index_name:
        timeout = max(address.timeout, GOLDEN_QUERY_TIMEOUT)
        address = replace(address, alias=address.cluster_name(index_name), timeout=timeout)
    return ElasticsearchEngine(address)


def build_broker(settings: Settings) -> Broker | None:
    """Build what carries live events; None for several API workers that have no Redis."""
    if not settings.cache_url.startswith("memory"):
        from service.community.live.redis_broker import RedisBroker

        return RedisBroker(settings.cache_url)
    return MemoryBroker() if settings.workers == 1 else None


def build_inventory(settings: Settings) -> Inventory:
    """Build the part that reads the index document by document."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.inventory import TantivyInventory

        return TantivyInventory(resolve_path(settings.search_url))
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.inventory import ElasticsearchInventory

    return ElasticsearchInventory(ElasticsearchAddress.parse(settings.search_url))


def search_timeout(settings: Settings) -> float:
    """Return how many seconds a search may take, with the engine or without it."""
    if settings.search_url.startswith("tantivy"):
        return DATABASE_SEARCH_TIMEOUT
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress

    return ElasticsearchAddress.parse(settings.search_url).timeout


def build_writer(settings: Settings) -> IndexWriter:
    """Build the writing side of the index; only the indexer uses it."""
    if settings.search_url.startswith("tantivy"):
        from service.search.engines.tantivy.writer import TantivyWriter

        return TantivyWriter(resolve_path(settings.search_url))
    from service.search.engines.elasticsearch.connection import ElasticsearchAddress
    from service.search.engines.elasticsearch.writer import ElasticsearchWriter

    return ElasticsearchWriter(ElasticsearchAddress.parse(settings.search_url))


def build_cache(settings: Settings) -> Cache:
    """Build the cache; warn if several workers would each have one of their own."""
    if settings.cache_url.startswith("memory"):
        if settings.workers > 1:
            log.warning("cache_not_shared", advice="set CACHE_URL to Redis for several workers")
        from service.cache.memory import MemoryCache

        return MemoryCache()
    from service.cache.redis import RedisCache

    return RedisCache(settings.cache_url)


def build_rate_limiter(settings: Settings) -> RateLimiter:
    """Build the counter of requests: in Redis if there is one, else in each worker."""
    limits = parse_rate_limits(settings.rate_limits) | daily_limit(settings.omdb_daily_quota)
    redis_url = None if settings.cache_url.startswith("memory") else settings.cache_url
    return RateLimiter(limits, redis_url, settings.workers)


async def build_poster_store(settings: Settings) -> PosterStore:
    """Build the store that keeps posters, a folder or a bucket."""
    if settings.posters_url.startswith("file"):
        from service.posters.local_store import LocalPosterStore

        return LocalPosterStore(resolve_path(settings.posters_url))
    from service.posters.s3_store import S3PosterStore

    return await S3PosterStore.open(
        settings.posters_url, settings.aws_access_key_id, settings.aws_secret_access_key
    )


def build_mail_transport(settings: Settings) -> MailTransport:
    """Build what delivers mail: to the server of `MAIL_URL`, or to the log."""
    server = parse_mail_url(settings.mail_url)
    if server is None:
        from service.mail.console import ConsoleTransport

        return ConsoleTransport()
    from service.mail.smtp import SmtpTransport

    ca_file = home_folder() / server.ca_file if server.ca_file else None
    timeout = server.timeout or SMTP_TIMEOUT
    return SmtpTransport(server, mail_sender(settings), ca_file, timeout)


def mail_sender(settings: Settings) -> str:
    """Return the address that mails are from."""
    server = parse_mail_url(settings.mail_url)
    if server and server.sender:
        return server.sender
    return f"movies@{urlsplit(settings.link_url).hostname}"


@contextlib.asynccontextmanager
async def open_container(settings: Settings, prepare: bool = True) -> AsyncIterator[Container]:
    """Build every part, and close them all afterwards; by default, migrate the schema first."""
    if prepare:
        await prepare_schema(settings.database_url)
    container = await build_container(settings)
    try:
        yield container
    finally:
        await close_container(container)


async def build_container(settings: Settings) -> Container:
    """Build every part. A backend that is unavailable makes its first use fail, not this."""
    async with contextlib.AsyncExitStack() as stack:
        await open_database(settings.database_url)
        stack.push_async_callback(close_database)
        notifier = _close_at_exit(stack, notifier_for(settings.database_url))
        engine = build_engine(settings)
        with contextlib.suppress(Unavailable):  # the first search opens it again
            await engine.open()
        _close_at_exit(stack, engine)
        cache = _close_at_exit(stack, build_cache(settings))
        response_cache = ResponseCache(cache)
        stack.push_async_callback(response_cache.wait_until_stored)
        store = _close_at_exit(stack, await build_poster_store(settings))
        inventory = _close_at_exit(stack, build_inventory(settings))
        drift = Drift(inventory, notifier, utc_now)
        policy = RegistrationPolicy(
            settings.registration, settings.email_verification == "required"
        )
        secret, previous_secret = settings.jwt_secret, settings.jwt_secret_previous
        accounts = _close_at_exit(
            stack,
            AccountService(
                secret,
                PasswordHasher(),
                utc_now,
                policy,
                previous_secret,
                personal_data=PERSONAL_DATA,
            ),
        )
        catalogue = Catalogue(notifier, utc_now)
        outbox_admin = OutboxAdmin(catalogue, notifier)
        rate_limiter = _close_at_exit(stack, build_rate_limiter(settings))
        omdb_client = await _build_omdb_client(settings, stack)
        limit = LookupLimit(rate_limiter)
        lookup = _close_at_exit(stack, FilmLookup(catalogue, omdb_client, utc_now, limit=limit))
        seasons = _close_at_exit(stack, SeasonLookup(omdb_client, utc_now, limit))
        orphan_repair = _close_at_exit(stack, OrphanRepair(drift, inventory))
        threads = WorkThreads()
        stack.callback(threads.close)
        vocabulary, film_cache = Vocabulary(), FilmCache(orphan_repair.enqueue, threads)
        vocabulary_sync, search_activity = VocabularySync(vocabulary), SearchActivity()
        search = SearchService(
            EngineSearch(engine, vocabulary, film_cache, threads),
            Autocomplete(engine, vocabulary, film_cache, threads),
            DatabaseSearch(vocabulary, film_cache, search_timeout(settings), threads),
            search_activity.record_search,
        )
        filename_matcher = _close_at_exit(stack, FilenameMatcher(search.search))

        reindex_jobs = ReindexJobs(utc_now)

        async def refresh_engine(generation: int) -> None:
            with contextlib.suppress(Unavailable):  # the next search fails over by itself
                await engine.refresh(generation)

        async def catch_up_vocabulary(_: int) -> None:
            await vocabulary_sync.catch_up()

        checks = {
            "search": engine.check,
            "index": drift.check,
            "cache": cache.check,
            "posters": store.check,
            "omdb": lookup.health,
            "proxy": ProxyCheck(settings.trusted_proxies).check,
        }
        return Container(
            settings=settings,
            version=version("movies"),
            catalogue=catalogue,
            importer=FilmImporter(catalogue, parse_film),
            merger=FilmMerger(catalogue, notifier, utc_now, FILM_ROW_MOVERS),
            lookup=lookup,
            seasons=seasons,
            search=search,
            film_cache=film_cache,
            work_threads=threads,
            filename_matcher=filename_matcher,
            cursors=SignedCursors(secret, utc_now, previous_secret),
            search_cursors=CursorCodec(secret, utc_now, previous_secret),
            generation=Generation(refresh_engine, catch_up_vocabulary),
            response_cache=response_cache,
            rate_limiter=rate_limiter,
            posters=PosterService(store, utc_now),
            accounts=accounts,
            exports=Exports(utc_now),
            idempotent_requests=IdempotentRequests(secret, utc_now),
            ratings=Ratings(catalogue, utc_now),
            reviews=Reviews(catalogue, utc_now),
            review_likes=ReviewLikes(utc_now),
            moderation=Moderation(utc_now),
            blocks=Blocks(utc_now),
            history=History(catalogue, utc_now),
            watchlists=Watchlists(catalogue, utc_now),
            film_lists=FilmLists(catalogue, utc_now),
            profiles=Profiles(),
            trends=_close_at_exit(stack, Trends(utc_now)),
            live=_close_at_exit(stack, LiveHub(build_broker(settings), utc_now)),
            job_feed=JobFeed(reindex_jobs.list_newest),
            reindex_jobs=reindex_jobs,
            drift=drift,
            outbox_admin=outbox_admin,
            mail_admin=MailAdmin(),
            mail_transport=build_mail_transport(settings),
            diagnosis=IndexDiagnosis(catalogue, outbox_admin, inventory, engine),
            health=Health(checks, utc_now, settings.database_url),
            overview=Overview(utc_now),
            setup_status=SetupStatus(
                has_lookups=settings.omdb_api_key is not None, compat=settings.compat_apis
            ),
            vocabulary_sync=vocabulary_sync,
            search_activity=search_activity,
            resources=stack.pop_all(),
        )


def _close_at_exit(stack: contextlib.AsyncExitStack, part: C) -> C:
    """Have `stack` close `part`; return it."""
    stack.push_async_callback(part.close)
    return part


async def _build_omdb_client(
    settings: Settings, stack: contextlib.AsyncExitStack
) -> OmdbClient | None:
    if settings.omdb_api_key is None:
        return None
    session = await stack.enter_async_context(aiohttp.ClientSession())
    quota = OmdbQuota(settings.omdb_api_key, settings.omdb_daily_quota, utc_now)
    return OmdbClient(session, settings.omdb_url, settings.omdb_api_key, quota)


async def start_vocabulary_sync(container: Container) -> "asyncio.Task[None]":
    """Start the vocabulary sync, and return once spelling can be guessed.

    What is in memory by then is exempted from garbage collection: scanning it took 0.1 s each time.
    Films that are cached later are scanned rarely. With Python's own thresholds, that took 8 % of
    the time of searches, and 0.2 s at a time.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    task = asyncio.create_task(container.vocabulary_sync.follow())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(container.vocabulary_sync.loaded.wait(), VOCABULARY_LOAD_TIMEOUT)
    gc.collect()
    gc.freeze()
    return task


async def warm_up(container: Container) -> None:
    """Load what no request should wait for, some time after the start."""
    await asyncio.sleep(WARM_UP_DELAY)
    await container.filename_matcher.warm_up()
    gc.freeze()


async def close_container(container: Container) -> None:
    """Close every part, in the reverse order of building."""
    await container.resources.aclose()
