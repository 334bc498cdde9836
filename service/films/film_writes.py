"""Changes of one film's row: new rows, merged columns, and what follows from them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from tortoise.fields import CharField
from uuid_utils.compat import uuid7

from service.audit.log import Subject
from service.clock import epoch_ms
from service.database.bulk_insert import insert_rows
from service.database.sql import id_converter
from service.errors import FieldError, Invalid
from service.film_fields import JSON_COLUMNS
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.films.search_text import SEARCH_TEXT_SOURCES, build_search_texts
from service.films.tallies import Tallies
from service.outbox import store
from service.text.analysis import full_title_key

Outcome = Literal["added", "changed", "same"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_BLANK_FILM = Film(title="", whole_title="", created_at=EPOCH, updated_at=EPOCH)
"""The film that every new one is a copy of: computing the defaults of all columns again would be
the slowest step. The copies share its lists, which is safe because `merge_columns` replaces lists
and never changes them.
"""

KEPT_COLUMNS = {"id", "created_at", "counters", *Tallies._fields}

FILM_COLUMNS = tuple(Film._meta.fields_map)

MAX_LENGTHS = {
    name: field.max_length
    for name, field in Film._meta.fields_map.items()
    if isinstance(field, CharField)
}

UPDATED_COLUMNS = tuple(name for name in Film._meta.fields_map if name not in KEPT_COLUMNS)
"""What a change of facts writes. Counters change only by deltas, never to a value read before."""


def create_film(facts: FilmFacts, provenance: Provenance, now: datetime) -> Film:
    film = Film.__new__(Film)
    vars(film).update(vars(_BLANK_FILM), id=uuid7(), created_at=now, **vars(provenance))
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
    # Tortoise's `__setattr__` would look for relations each time; films have none.
    vars(film).update(changes, updated_at=now)
    if "title" in changes:
        vars(film)["whole_title"] = full_title_key(film.title)
    if not changes.keys().isdisjoint(SEARCH_TEXT_SOURCES):
        texts = build_search_texts(**{name: getattr(film, name) for name in SEARCH_TEXT_SOURCES})
        vars(film).update(texts)
    if "poster_source" in changes:
        _request_poster(film, now)
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


def _to_row(film: Film, to_id: Callable[[UUID], object]) -> list[Any]:
    """Return the film's values in the order of `FILM_COLUMNS`, as the database's driver takes them.

    Raises ValueError for a text that is too long for its column: SQLite would take it.
    """
    values = {**vars(film), "id": to_id(film.id)}
    for name, max_length in MAX_LENGTHS.items():
        if values[name] is not None and len(values[name]) > max_length:
            raise ValueError(f"{name} is longer than {max_length} characters")
    for name in JSON_COLUMNS:
        values[name] = orjson.dumps(values[name]).decode() if values[name] else "[]"
    return [values[name] for name in FILM_COLUMNS]


async def save_films(new: list[Film], changed: list[Film], now: datetime) -> None:
    to_id = id_converter()
    await insert_rows(Film._meta.db_table, FILM_COLUMNS, [_to_row(film, to_id) for film in new])
    if changed:
        await Film.bulk_create(
            changed, batch_size=500, on_conflict=["id"], update_fields=list(UPDATED_COLUMNS)
        )
    await store.append_pointers(
        [(film.id, film.version, "film") for film in (*new, *changed)], epoch_ms(now)
    )


async def move_episodes(series: str | None, target: str | None, now: datetime) -> None:
    """Let the episodes of a series follow it to another IMDb id."""
    if series is None or target is None or series == target:
        return
    episodes = await Film.filter(series=series).order_by("id").select_for_update()
    for film in episodes:
        film.series = target
        film.version += 1
        film.updated_at = now
    await save_films([], episodes, now)


def film_subject(film: Film) -> Subject:
    """Return what the audit log calls the film."""
    return Subject("film", film.id, film.title)


def claim_sample(film: Film) -> None:
    """Make a sample film that somebody changes theirs, so that it is not removed as a sample."""
    if film.source == "sample":
        film.source = "user"
