"""Fill a database with synthetic films in bulk, as after a long time of operation.

All outbox rows are done, and the vocabulary has the words of all films.
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

CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)
FILM_COLUMNS = (
    "id", "version", "counters", "imdb_id", "title", "whole_title", "aliases", "type", "year",
    "genres", "directors", "writers", "actors", "languages", "countries", "imdb_rating",
    "imdb_votes", "poster_status", "poster_attempts", "source", "created_at", "updated_at",
)  # fmt: skip
OUTBOX_COLUMNS = ("kind", "film_id", "version", "due_at", "attempts", "created_at", "done_at")
WORD_COLUMNS = ("word", "seen_at")
INSERT_INDEX_STATE = "INSERT INTO index_state (name, generation, words_of) VALUES ($1, 1, $2)"


def film_values(film: Film, created_at: Any) -> tuple[Any, ...]:
    lists = [json.dumps(values) for values in (film.aliases, film.genres, film.directors)]
    aliases, genres, directors = lists
    return (
        film.id, 1, 0, film.imdb_id, film.title, full_title_key(film.title)[:600], aliases,
        film.type, film.year, genres, directors, "[]", "[]", "[]", "[]", film.rating,
        film.votes, "missing", 0, "user", created_at, created_at,
    )  # fmt: skip


def outbox_values(film: Film) -> tuple[Any, ...]:
    return ("film", film.id, 1, 0, 1, 1, 2)


async def fill_postgres(url: str, films: list[Film], words: set[str]) -> None:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table(
        "films", records=(film_values(film, CREATED_AT) for film in films), columns=FILM_COLUMNS
    )
    await connection.copy_records_to_table(
        "outbox", records=map(outbox_values, films), columns=OUTBOX_COLUMNS
    )
    word_rows = ((word, 1) for word in sorted(words))
    await connection.copy_records_to_table("words", records=word_rows, columns=WORD_COLUMNS)
    await connection.execute(INSERT_INDEX_STATE, "films", ANALYSIS)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def fill_sqlite(path: Path, films: list[Film], words: set[str]) -> None:
    def uuids_to_text(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(str(value) if isinstance(value, uuid.UUID) else value for value in values)

    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns, rows in (
            (
                "films",
                FILM_COLUMNS,
                (film_values(film, CREATED_AT.isoformat(" ")) for film in films),
            ),
            ("outbox", OUTBOX_COLUMNS, map(outbox_values, films)),
            ("words", WORD_COLUMNS, ((word, 1) for word in sorted(words))),
        ):
            placeholders = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders})",
                map(uuids_to_text, rows),
            )
        connection.execute(INSERT_INDEX_STATE, ("films", ANALYSIS))
