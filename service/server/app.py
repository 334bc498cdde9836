"""The API as one Sanic app. Creating it opens nothing; the start of the server does."""

import asyncio
from typing import Any

import orjson
from sanic import Blueprint, Sanic

from service.accounts.api import bp as accounts
from service.accounts.auth import authorize_key, identify_key
from service.accounts.deletion.api import bp as account_deletion
from service.accounts.emails.api import bp as account_emails
from service.accounts.keys.api import bp as account_keys
from service.accounts.sessions.api import bp as account_sessions
from service.admin.accounts_api import bp as accounts_admin
from service.admin.api import bp as admin
from service.admin.audit_api import bp as audit
from service.admin.operation_api import bp as operation
from service.admin.users_api import bp as users_admin
from service.community.blocks.api import bp as blocks
from service.community.discovery.api import bp as discovery
from service.community.history.api import bp as history
from service.community.lists.api import bp as lists
from service.community.live.api import bp as live
from service.community.moderation.api import bp as moderation
from service.community.profiles.api import bp as profiles
from service.community.ratings.api import bp as ratings
from service.community.reviews.api import bp as reviews
from service.community.watchlist.api import bp as watchlist
from service.compat.classic.film_accounts import bp as classic_film_accounts
from service.compat.classic.films import bp as classic_films
from service.compat.classic.names import bp as classic_names
from service.compat.classic.socket import bp as classic_socket
from service.compat.classic.voters import bp as classic_voters
from service.compat.classic.votes import bp as classic_votes
from service.compat.lists import bp as list_feeds
from service.compat.omdb.api import bp as omdb
from service.compat.stremio.api import bp as stremio
from service.exports.api import bp as exports
from service.films.api import bp as films
from service.films.merge_api import bp as merging
from service.http import middleware, problems, rate_limits
from service.http.router import CompleteRouter
from service.http.timeouts import TIMEOUT_CHECK_INTERVAL
from service.limits import REQUEST_TIMEOUT
from service.observability import loop_lag
from service.posters.api import bp as posters
from service.search.api import bp as search
from service.server.container import (
    build_container,
    close_container,
    start_vocabulary_sync,
    warm_up,
)
from service.server.heartbeat import send_heartbeats
from service.server.schema import start_schema_upkeep
from service.setting_types import CompatApi
from service.settings import Settings
from service.site import api as site
from service.site.account_forms import bp as account_forms

MAX_BODY_BYTES = 256 * 1024  # a film with its whole cast is about 5 kB
MAX_HEADER_BYTES = 16 * 1024  # a token, and a query long enough to be rejected with its own error

COMPAT_BLUEPRINTS: dict[CompatApi, tuple[Blueprint, ...]] = {
    "omdb": (omdb,),
    "classic": (
        classic_names,
        classic_film_accounts,
        classic_films,
        classic_voters,
        classic_votes,
        classic_socket,
    ),
    "lists": (list_feeds,),
    "stremio": (stremio,),
}
"""The routes of each API that `COMPAT` may name."""


def create_app(settings: Settings) -> Sanic[Any, Any]:
    """Create the app for `settings`."""
    app: Sanic[Any, Any] = Sanic(
        "movies",
        request_class=middleware.IdentifiedRequest,
        router=CompleteRouter(),
        dumps=lambda value: orjson.dumps(value).decode(),
        configure_logging=False,
    )
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.REQUEST_MAX_HEADER_SIZE = MAX_HEADER_BYTES
    app.config.REQUEST_TIMEOUT = REQUEST_TIMEOUT - TIMEOUT_CHECK_INTERVAL
    app.config.RESPONSE_TIMEOUT = REQUEST_TIMEOUT - TIMEOUT_CHECK_INTERVAL
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = REQUEST_TIMEOUT + TIMEOUT_CHECK_INTERVAL
    app.config.FALLBACK_ERROR_FORMAT = "json"
    if settings.trusted_proxies:
        app.config.PROXIES_COUNT = settings.trusted_proxies
    problems.install(app)
    middleware.install(app, settings.cors_origins, access_log=settings.access_log == "on")
    app.on_request(identify_key)
    rate_limits.install(app)
    app.on_request(authorize_key)
    app.blueprint([search, films, posters, merging])
    app.blueprint([ratings, reviews, moderation, blocks])
    app.blueprint([accounts, account_sessions, account_keys, account_emails, admin, accounts_admin])
    app.blueprint([discovery, history, watchlist, lists, profiles, live])
    app.blueprint([exports, account_deletion])
    app.blueprint([users_admin, audit, operation, site.bp, account_forms])
    app.blueprint([bp for name in settings.compat_apis for bp in COMPAT_BLUEPRINTS[name]])
    site.install(app)

    @app.before_server_start
    async def start_parts(app: Sanic[Any, Any]) -> None:
        app.ctx.tasks = [asyncio.create_task(send_heartbeats())]
        app.ctx.tasks.append(await start_schema_upkeep(settings.database_url))
        container = await build_container(settings)
        app.ctx.container = container
        app.ctx.tasks += [
            asyncio.create_task(loop_lag.measure_loop_lag("api")),
            await start_vocabulary_sync(container),
            asyncio.create_task(container.search_activity.publish_continuously()),
            asyncio.create_task(container.trends.flush_continuously()),
            asyncio.create_task(container.live.run()),
            asyncio.create_task(container.job_feed.run()),
            asyncio.create_task(warm_up(container)),
        ]

    @app.before_server_stop
    async def stop_tasks(app: Sanic[Any, Any]) -> None:
        app.ctx.draining = True
        app.ctx.container.live.close_sockets()
        for task in app.ctx.tasks:
            task.cancel()
        await asyncio.gather(*app.ctx.tasks, return_exceptions=True)

    @app.after_server_stop
    async def close_parts(app: Sanic[Any, Any]) -> None:
        await close_container(app.ctx.container)

    return app
