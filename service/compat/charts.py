"""The films of the charts, as lists and catalogues of other programs want them: all at once."""

from typing import Final, Literal, TypeGuard, get_args
from uuid import UUID

import orjson
from sanic.request import Request

from service.community.discovery.popular import rank_popular
from service.community.discovery.trends import Trends
from service.http.dependencies import get_container
from service.http.pagination import MAX_OFFSET

Chart = Literal["popular", "trending"]

CHARTS: Final[tuple[Chart, ...]] = get_args(Chart)

CACHE_SECONDS: Final[dict[Chart, float]] = {"popular": 60.0, "trending": 10.0}


def is_chart(name: str) -> TypeGuard[Chart]:
    """Return whether there is a chart of this name."""
    return name in CHARTS


async def list_films(request: Request, chart: Chart) -> list[UUID]:
    """Return the ids of the films of a chart, the first one first; they are cached."""
    services = get_container(request)

    async def render() -> bytes:
        return orjson.dumps([str(film_id) for film_id in await _rank(services.trends, chart)])

    generation = await services.generation.current()
    cached = await services.response_cache.get_or_make(
        chart, "all ids", generation, CACHE_SECONDS[chart], render
    )
    return [UUID(film_id) for film_id in orjson.loads(cached.body)]


async def _rank(trends: Trends, chart: Chart) -> list[UUID]:
    if chart == "popular":
        return [ranked.film_id for ranked in await rank_popular(trends)]
    return [film_id for film_id, _ in await trends.read_top(MAX_OFFSET)]
