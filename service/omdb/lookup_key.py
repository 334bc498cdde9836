"""The normalized form of a look-up, and how OMDb's reply compares with it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.errors import FieldError, Invalid
from service.films.schemas import MAX_TITLE_KEY_LENGTH, FilmFacts, FilmType
from service.omdb.models import MAX_KEY_LENGTH
from service.text.analysis import full_title_key
from service.text.imdb_ids import is_imdb_id, normalize_imdb_id

MIN_REFRESH_INTERVAL = timedelta(days=1)
MAX_REFRESH_INTERVAL = timedelta(days=90)
UNDATED_REFRESH_INTERVAL = timedelta(days=7)  # a film without a date is mostly an announced one
RUNNING_SERIES_REFRESH_INTERVAL = timedelta(days=7)  # about the interval of new episodes

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LookupKey:
    """One film, by its IMDb id or else by its title, year and type.

    `cache_key` names the look-up in the negative cache that all processes share. It holds the
    title as OMDb gets it, but for case and white space: OMDb may know `Charlie's Angels` and not
    `charlies angels`, so a miss of one spelling must not answer for the other.
    """

    cache_key: str
    title: str
    imdb_id: str | None = None
    year: int | None = None
    type: FilmType | None = None

    def matches(self, facts: FilmFacts) -> bool:
        """Return whether `facts` are of the requested film, not of one that is only similar."""
        if self.imdb_id is not None:
            return facts.imdb_id == self.imdb_id
        return (
            full_title_key(facts.title) == full_title_key(self.title)
            and self.year in (None, facts.year)
            and self.type in (None, facts.type)
        )


def to_lookup_key(movie: str, year: int | None = None, type: FilmType | None = None) -> LookupKey:
    """Return the look-up key of an IMDb id or a title.

    Raises:
        Invalid: `movie` cannot be a title.
    """
    normalized = " ".join(unicodedata.normalize("NFC", movie).casefold().split())
    if is_imdb_id(imdb_id := normalize_imdb_id(normalized)):
        return LookupKey(cache_key=f"i:{imdb_id}", title=movie, imdb_id=imdb_id)
    key = f"t:{normalized}|{year or ''}|{type or ''}"
    is_title = len(key) <= MAX_KEY_LENGTH and not _UNPRINTABLE.search(movie)
    if not (is_title and 0 < len(full_title_key(movie)) <= MAX_TITLE_KEY_LENGTH):
        reason = "must be a title or an id"
        raise Invalid(f"This {reason}.", errors=(FieldError("movie", reason),))
    return LookupKey(cache_key=key, title=" ".join(movie.split()), year=year, type=type)


def schedule_refresh(facts: FilmFacts, now: datetime) -> datetime:
    """Return when facts fetched at `now` are due again: after a tenth of the film's age.

    The facts of a new film change daily (votes, box office, awards), those of an old one hardly
    ever. So a film in its first ten days is due after 1 day, one of a year after 36, and none
    later than after 90. A running series is due at least weekly.
    """
    released = facts.released or (date(facts.year, 7, 1) if facts.year else None)
    if released is None:
        return now + UNDATED_REFRESH_INTERVAL
    tenth_of_age = (now.date() - released) / 10
    interval = min(max(tenth_of_age, MIN_REFRESH_INTERVAL), MAX_REFRESH_INTERVAL)
    if facts.type == "series" and facts.end_year is None:
        interval = min(interval, RUNNING_SERIES_REFRESH_INTERVAL)
    return now + interval
