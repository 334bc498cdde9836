"""Every class that lists a film's fields agrees with the one table of columns."""

import inspect
from dataclasses import fields
from typing import get_args, get_type_hints

from service.film_fields import (
    DOCUMENT_COLUMNS,
    JSON_COLUMNS,
    NAME_FILTER_COLUMNS,
    TIME_COLUMNS,
    FilmRow,
)
from service.films.line_parser import READ_ONLY_FIELDS
from service.films.models import Film
from service.films.responses import FilmView
from service.films.schemas import FilmFacts, FilmPatch
from service.films.search_text import SEARCH_TEXT_SOURCES, build_search_texts
from service.films.tallies import Tallies
from service.search.criteria.filters import FilterableFilm, Filters
from service.search.index.document import IndexableFilm, MovieDocument

COLUMNS = set(FilmRow._fields)
INTERNAL_COLUMNS = {
    "counters",
    "whole_title",
    "plaintext",
    "nametext",
    "poster_source",
    "poster_attempts",
    "poster_due_at",
}
"""What the service keeps of a film for itself."""
SET_BY_THE_SERVICE = {
    "id",
    "version",
    "poster_status",
    "poster_reason",
    "poster_key",
    "source",
    "fetched_at",
    "refresh_after",
    "created_at",
    "updated_at",
    *Tallies._fields,
}
RATING_COLUMNS = {"imdb_rating", "imdb_votes", "rotten_tomatoes", "metacritic"}
POSTER_COLUMNS = {"poster_status", "poster_reason", "poster_key"}


def properties(protocol: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(protocol, lambda it: isinstance(it, property))}


def test_the_model_has_every_column_of_the_table_and_those_of_the_service() -> None:
    assert set(Film._meta.fields_map) == COLUMNS | INTERNAL_COLUMNS


def test_columns_have_the_kinds_that_the_model_gives_them() -> None:
    by_kind: dict[str, set[str]] = {}
    for name in COLUMNS:
        by_kind.setdefault(type(Film._meta.fields_map[name]).__name__, set()).add(name)
    assert set(JSON_COLUMNS) == by_kind["JSONField"]
    assert set(TIME_COLUMNS) == by_kind["DatetimeField"]


def test_a_column_may_be_null_exactly_where_the_table_says_none() -> None:
    types = get_type_hints(FilmRow)
    nullable = {name for name in COLUMNS if type(None) in get_args(types[name])}
    assert nullable == {name for name in COLUMNS if Film._meta.fields_map[name].null}


def test_a_source_may_state_every_column_that_the_service_does_not_set_itself() -> None:
    stated = FilmFacts(title="Jaws").to_columns(complete=True).keys()
    assert stated == (COLUMNS - SET_BY_THE_SERVICE) | {"poster_source"}
    assert FilmPatch.model_fields.keys() == FilmFacts.model_fields.keys()


def test_a_response_shows_every_column() -> None:
    shown = {field.name for field in fields(FilmView)}
    assert shown == COLUMNS - RATING_COLUMNS - POSTER_COLUMNS - set(Tallies._fields) | {
        "ratings",
        "votes",
        "reviews",
        "user_rating",
        "poster",
        "stale",
        "attribution",
    }


def test_a_response_shows_columns_as_their_types() -> None:
    columns, shown = get_type_hints(FilmRow), get_type_hints(FilmView)
    enums = {"type", "source"}  # the response lists the values of these
    shared = columns.keys() & shown.keys() - {"id", *enums}
    assert {name: shown[name] for name in shared} == {name: columns[name] for name in shared}


def test_a_response_is_what_a_source_may_state_and_what_an_import_leaves_out() -> None:
    shown = {field.name for field in fields(FilmView)}
    assert shown == (FilmFacts.model_fields.keys() - {"poster_url"}) | READ_ONLY_FIELDS | {"id"}


def test_documents_are_made_from_the_indexed_columns() -> None:
    assert properties(IndexableFilm) == set(DOCUMENT_COLUMNS)
    renamed = {"id": "film_id", "imdb_rating": "rating", "imdb_votes": "votes"}
    document_fields = {field.name for field in fields(MovieDocument)}
    assert document_fields == {renamed.get(name, name) for name in DOCUMENT_COLUMNS} | {"gone"}


def test_filters_look_at_columns_that_documents_hold() -> None:
    assert properties(FilterableFilm) <= set(DOCUMENT_COLUMNS)
    filters = {field.name for field in fields(Filters)}
    assert set(NAME_FILTER_COLUMNS.values()) <= set(JSON_COLUMNS) & filters


def test_the_database_is_searched_by_columns_that_documents_hold() -> None:
    assert set(SEARCH_TEXT_SOURCES) == set(inspect.signature(build_search_texts).parameters)
    assert set(SEARCH_TEXT_SOURCES) <= set(DOCUMENT_COLUMNS)
