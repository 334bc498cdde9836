"""Gives out posters: a film's own, the plain sheet where there is none, or one by its address."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.clock import epoch_ms
from service.errors import NotFound
from service.films.models import Film
from service.films.poster_response import POSTER_WIDTHS, displayed_key
from service.posters import jobs
from service.posters.image_processor import MEDIA_TYPE
from service.posters.placeholder import MEDIA_TYPE as DRAWN_TYPE
from service.posters.placeholder import placeholder, tag_of
from service.posters.store import PosterStore, object_key

KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes; `tag` changes whenever they do. `drawn` ones stand in for a poster."""

    data: bytes
    media_type: str
    tag: str
    drawn: bool


class PosterService:
    """The posters of this service, as clients get them."""

    def __init__(self, store: PosterStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def get_poster(self, film: Film, size: str) -> Picture:
        """The poster of `film`, or a plain sheet with its title.

        Raises:
            Unavailable: the store does not answer.
        """
        key = displayed_key(film)
        stored = await self._stored(key, size) if key else None
        if stored is not None:
            return stored
        drawn = placeholder(film.title, film.year, POSTER_WIDTHS[size])
        return Picture(drawn, DRAWN_TYPE, tag_of(drawn), drawn=True)

    async def get_stored(self, key: str, file: str) -> Picture:
        """The picture at the address `key/file`.

        Raises:
            NotFound: there is none.
            Unavailable: the store does not answer.
        """
        size = file.removesuffix(".jpg")
        known = KEY.fullmatch(key) and size in POSTER_WIDTHS and file != size
        stored = await self._stored(key, size) if known else None
        if stored is None:
            raise NotFound("There is no such poster.", code="poster_not_found")
        return stored

    async def _stored(self, key: str, size: str) -> Picture | None:
        data = await self._store.get(object_key(key, size))
        if data is None:
            await jobs.requeue(key, epoch_ms(self._now()))
            return None
        return Picture(data, MEDIA_TYPE, f"{key}-{size}", drawn=False)
