"""The response about one film, rendered once and served while the film's row is unchanged."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sanic.request import Request

from service.accounts.auth import find_user
from service.cache.response_cache import CachedResponse, CacheScope
from service.errors import NotAuthenticated, TooMany
from service.films.models import Film
from service.films.responses import etag
from service.films.rows import is_current
from service.http.client_address import get_client_network, is_direct_local
from service.http.dependencies import get_container
from service.http.rate_limits import report_rate_status
from service.resilience.rate_limiter import Requester

MAX_SHARED_ATTEMPTS = 3  # to share a response with others, before it is rendered alone
CACHE_SECONDS = 60.0  # a response is used only while the film's row is the one that it shows


@dataclass(frozen=True, slots=True)
class CachedFilm:
    """The rendered film, the entity tag of its row, and the header `Cache-Status`."""

    tag: str
    body: bytes
    headers: dict[str, str]


async def get_cached_film(
    request: Request,
    scope: CacheScope,
    key: str,
    find: Callable[[Requester | None], Awaitable[Film]],
    render: Callable[[Film, datetime], bytes],
) -> CachedFilm:
    """Return a film as its row is now, from the cache if that has it.

    Args:
        key: what tells the responses of a scope apart.
        find: returns the film, given whose look-ups are counted; raises domain errors.
        render: returns the body of the response.
    """
    services = get_container(request)
    counted: list[Requester | None] = []

    async def make_response() -> bytes:
        requester = await find_requester(request)
        counted.append(requester)
        film = await find(requester)
        return etag(film).encode() + b"\n" + render(film, services.now())

    generation = await services.generation.current()
    try:
        for _ in range(MAX_SHARED_ATTEMPTS):
            try:
                response = await services.response_cache.get_or_make(
                    scope, key, generation, CACHE_SECONDS, make_response
                )
            except TooMany:
                if counted:
                    raise
                # Another client asked for this film at the same moment, and it is that one's limit.
                continue
            if counted or await is_current(response.body.partition(b"\n")[0].decode()):
                return _to_cached_film(response)
            await services.response_cache.invalidate(scope, key, generation)
        return _to_cached_film(CachedResponse(await make_response(), "miss"))
    finally:
        if counted and counted[0] is not None and counted[0].rate_status is not None:
            report_rate_status(request, *counted[0].rate_status)


def _to_cached_film(response: CachedResponse) -> CachedFilm:
    tag, _, body = response.body.partition(b"\n")
    return CachedFilm(tag.decode(), body, response.to_header())


async def find_requester(request: Request) -> Requester | None:
    """Return whose look-ups are counted; None for an operator."""
    if is_direct_local(request):
        return None
    with suppress(NotAuthenticated):  # reading needs no login
        identity = await find_user(request)
        if identity is not None and identity.is_admin:
            return None
    return Requester(get_client_network(request))
