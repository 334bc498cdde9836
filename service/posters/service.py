"""Return posters as clients see them: a film's own, its placeholder, or one by its address."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.clock import epoch_ms
from service.errors import NotFound
from service.films.models import Film
from service.films.poster_response import POSTER_WIDTHS, displayed_key
from service.posters import jobs, placeholder
from service.posters.image_processor import MEDIA_TYPE
from service.posters.store import PosterStore, object_key

POSTER_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PosterImage:
    """The bytes of a poster or of its placeholder; `etag` changes whenever they do."""

    data: bytes
    media_type: str
    etag: str
    is_placeholder: bool


class PosterService:
    """Look posters up in the store; those that it has lost are fetched again."""

    def __init__(self, store: PosterStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def get_poster(self, film: Film, size: str) -> PosterImage:
        """Return the poster of `film`, or a placeholder with its title.

        Raises:
            Unavailable: the store does not answer.
        """
        key = displayed_key(film)
        stored = await self._load(key, size) if key else None
        if stored is not None:
            return stored
        svg = placeholder.render_placeholder(film.title, film.year, POSTER_WIDTHS[size])
        etag = placeholder.compute_etag(svg)
        return PosterImage(svg, placeholder.MEDIA_TYPE, etag, is_placeholder=True)

    async def get_stored(self, key: str, file_name: str) -> PosterImage:
        """Return the poster at the address `key/file_name`.

        Raises:
            NotFound: there is none.
            Unavailable: the store does not answer.
        """
        size = file_name.removesuffix(".jpg")
        is_valid = POSTER_KEY.fullmatch(key) and size in POSTER_WIDTHS and file_name != size
        stored = await self._load(key, size) if is_valid else None
        if stored is None:
            raise NotFound("There is no such poster.", code="poster_not_found")
        return stored

    async def _load(self, key: str, size: str) -> PosterImage | None:
        data = await self._store.get(object_key(key, size))
        if data is None:
            await jobs.requeue(key, epoch_ms(self._now()))
            return None
        return PosterImage(data, MEDIA_TYPE, f"{key}-{size}", is_placeholder=False)
