"""Synthetic films put into a database in bulk, as in a service that has run for long.

The outbox is finished, and the vocabulary has the words of all films.
"""

import json
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from service.search.index.document import ANALYSIS
from service.text.analysis import full_title_key
from tests.support.synthetic_films import Film

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    "id", "version", "counters", "imdb_id", "title", "whole_title", "aliases", "type", "year",
    "genres", "directors", "writers", "actors", "languages", "countries", "imdb_rating",
    "imdb_votes", "poster_status", "poster_attempts", "source", "created_at", "updated_at",
)  # fmt: skip
POINTER = ("kind", "film_id", "version", "due_at", "attempts", "created_at", "done_at")
WORD = ("word", "seen_at")
KNOWN = "INSERT INTO index_state (name, generation, words_of) VALUES ($1, 1, $2)"


def row(film: Film, when: Any) -> tuple[Any, ...]:
    lists = [json.dumps(each) for each in (film.aliases, film.genres, film.directors)]
    aliases, genres, directors = lists
    return (
        film.id, 1, 0, film.imdb_id, film.title, full_title_key(film.title)[:600], aliases,
        film.type, film.year, genres, directors, "[]", "[]", "[]", "[]", film.rating,
        film.votes, "missing", 0, "user", when, when,
    )  # fmt: skip


def pointer(film: Film) -> tuple[Any, ...]:
    return ("film", film.id, 1, 0, 1, 1, 2)


async def into_postgres(url: str, made: list[Film], words: set[str]) -> None:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table(
        "films", records=(row(film, WHEN) for film in made), columns=COLUMNS
    )
    await connection.copy_records_to_table("outbox", records=map(pointer, made), columns=POINTER)
    known = ((word, 1) for word in sorted(words))
    await connection.copy_records_to_table("words", records=known, columns=WORD)
    await connection.execute(KNOWN, "films", ANALYSIS)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def into_sqlite(path: Path, made: list[Film], words: set[str]) -> None:
    def texts(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(str(value) if isinstance(value, uuid.UUID) else value for value in values)

    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns, given in (
            ("films", COLUMNS, (row(film, WHEN.isoformat(" ")) for film in made)),
            ("outbox", POINTER, map(pointer, made)),
            ("words", WORD, ((word, 1) for word in sorted(words))),
        ):
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", map(texts, given)
            )
        connection.execute(KNOWN, ("films", ANALYSIS))
