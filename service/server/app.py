"""The API as one Sanic app. Making it opens nothing; the server's start does."""

import asyncio

import orjson
import structlog
from sanic import Sanic

from service.accounts.api import bp as accounts
from service.admin.api import bp as admin
from service.admin.api import root as operation
from service.films.api import bp as films
from service.http import middleware, problems
from service.http.timeouts import LOOK
from service.limits import REQUEST_TIMEOUT
from service.observability import loop_lag
from service.posters.api import bp as posters
from service.search.api import bp as search
from service.server import container
from service.server.heartbeat import send_heartbeats
from service.settings import Settings

log = structlog.get_logger()

MAX_BODY_BYTES = 256 * 1024  # bytes; a film with all its people is some 5 kB
MAX_HEADER_BYTES = (
    16 * 1024
)  # bytes; room for a token and for a query that deserves its own refusal


def create_app(settings: Settings) -> Sanic:  # type: ignore[type-arg]
    """The app for these settings."""
    app: Sanic = Sanic(  # type: ignore[type-arg]
        "movies",
        request_class=middleware.IdentifiedRequest,
        dumps=lambda value: orjson.dumps(value).decode(),
        configure_logging=False,
    )
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.REQUEST_MAX_HEADER_SIZE = MAX_HEADER_BYTES
    app.config.REQUEST_TIMEOUT = REQUEST_TIMEOUT - LOOK
    app.config.RESPONSE_TIMEOUT = REQUEST_TIMEOUT - LOOK
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = REQUEST_TIMEOUT + LOOK  # at the most
    app.config.FALLBACK_ERROR_FORMAT = "json"
    if settings.trusted_proxies:
        app.config.PROXIES_COUNT = settings.trusted_proxies
    problems.install(app)
    middleware.install(app, settings.cors_origins)
    app.blueprint([search, films, posters, accounts, admin, operation])

    @app.before_server_start
    async def start_parts(app: Sanic) -> None:  # type: ignore[type-arg]
        app.ctx.container = await container.build_container(settings)
        parts = app.ctx.container
        app.ctx.tasks = [
            asyncio.create_task(send_heartbeats()),
            asyncio.create_task(loop_lag.measure_loop_lag("api")),
            await container.start_vocabulary_sync(parts),
            asyncio.create_task(parts.search_activity.publish_continuously()),
            asyncio.create_task(container.warm_up(parts)),
        ]

    @app.before_server_stop
    async def stop_tasks(app: Sanic) -> None:  # type: ignore[type-arg]
        app.ctx.draining = True
        for task in app.ctx.tasks:
            task.cancel()
        await asyncio.gather(*app.ctx.tasks, return_exceptions=True)

    @app.after_server_stop
    async def close_parts(app: Sanic) -> None:  # type: ignore[type-arg]
        await container.close_container(app.ctx.container)

    return app
