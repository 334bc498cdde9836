"""Changes of one film's row: new rows, merged columns, and what follows from them."""

from datetime import UTC, datetime
from typing import Any, Literal

from uuid_utils.compat import uuid7

from service.audit.log import Subject
from service.clock import epoch_ms
from service.errors import FieldError, Invalid
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.films.search_text import SEARCH_TEXT_SOURCES, build_search_texts
from service.films.tallies import Tallies
from service.outbox import store
from service.text.analysis import full_title_key

Outcome = Literal["added", "changed", "same"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_BLANK_FILM = Film(title="", whole_title="", created_at=EPOCH, updated_at=EPOCH)
"""The film that every new one is cloned from: computing the defaults of all columns again would be
the slowest step. The clones share its lists, which is safe because `merge_columns` replaces lists
and never changes them.
"""

KEPT_COLUMNS = {"id", "created_at", "counters", *Tallies._fields}

UPDATED_COLUMNS = tuple(name for name in Film._meta.fields_map if name not in KEPT_COLUMNS)
"""What a change of facts writes. Counters change only by deltas, never to a value read before."""


def create_film(facts: FilmFacts, provenance: Provenance, now: datetime) -> Film:
    film = _BLANK_FILM.clone(pk=uuid7())
    set_provenance(film, provenance)
    film.created_at = now
    merge_columns(film, facts.to_columns(), now)
    return film


def set_provenance(film: Film, provenance: Provenance) -> None:
    film.source = provenance.source
    film.fetched_at = provenance.fetched_at
    film.refresh_after = provenance.refresh_after


def merge_columns(film: Film, columns: dict[str, Any], now: datetime) -> list[str]:
    """Set columns and all that follows from them; return the names of those that differed."""
    changes = {name: value for name, value in columns.items() if getattr(film, name) != value}
    if not changes:
        return []
    for name, value in changes.items():
        setattr(film, name, value)
    if "title" in changes:
        film.whole_title = full_title_key(film.title)
    if not changes.keys().isdisjoint(SEARCH_TEXT_SOURCES):
        texts = build_search_texts(**{name: getattr(film, name) for name in SEARCH_TEXT_SOURCES})
        for column, text in texts.items():
            setattr(film, column, text)
    if "poster_source" in changes:
        _request_poster(film, now)
    film.updated_at = now
    return list(changes)


def _request_poster(film: Film, now: datetime) -> None:
    film.poster_attempts = 0
    film.poster_reason = None
    film.poster_status = "pending" if film.poster_source else "missing"
    film.poster_due_at = epoch_ms(now) if film.poster_source else None


def check_year_order(film: Film) -> None:
    if film.year and film.end_year and film.end_year < film.year:
        reason = "must not lie before year"
        raise Invalid(f"end_year {reason}.", errors=(FieldError("/end_year", reason),))


async def save_films(new: list[Film], changed: list[Film], now: datetime) -> None:
    if new:
        await Film.bulk_create(new, batch_size=500)
    if changed:
        await Film.bulk_create(
            changed, batch_size=500, on_conflict=["id"], update_fields=list(UPDATED_COLUMNS)
        )
    await store.append_pointers(
        [(film.id, film.version, "film") for film in (*new, *changed)], epoch_ms(now)
    )


def film_subject(film: Film) -> Subject:
    """Return what the audit log calls the film."""
    return Subject("film", film.id, film.title)


def claim_sample(film: Film) -> None:
    """Make a sample film that somebody changes theirs, so that it is not removed as a sample."""
    if film.source == "sample":
        film.source = "user"
