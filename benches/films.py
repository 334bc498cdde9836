"""The real films of the benchmarks, in a fresh database and a fresh index.

The data is not part of the checkout. It is read from the folder `BENCH_DATA`, by default one beside
the checkout. Programs that need it end with a message if it is absent.
"""

import contextlib
import json
import os
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from service.database.connection import close_database, open_database
from service.database.migrate import migrate
from service.films.models import Film
from service.films.search_text import build_search_texts
from service.search.engines.base import Engine, IndexWriter
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.search.engines.elasticsearch.writer import ElasticsearchWriter
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.index.document import MovieDocument
from service.search.retrieval.engine_search import EngineSearch
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import full_title_key
from tests.support.backends import delete_indexes, temporary_database

PROJECT = Path(__file__).resolve().parent.parent
DATA_FOLDER = Path(os.environ.get("BENCH_DATA", PROJECT.parent / "shared" / "data"))
INDEX_BATCH_SIZE = 2_000  # films written at a time
ENGINE_TIMEOUT = 30.0  # seconds: a busy machine shows in the times, not as a failure

JsonObject = dict[str, Any]


def read_data_file(name: str) -> list[JsonObject]:
    """Return the lines of a data file; end the program with a message if it is absent."""
    path = DATA_FOLDER / name
    if not path.exists():
        print(f"Not measured: {path} is not there (BENCH_DATA says where to look).")
        sys.exit(0)
    with path.open() as lines:
        return [json.loads(line) for line in lines]


def load_backend_addresses() -> None:
    """Add the addresses of the backends that run on this machine to the environment."""
    for name, value in dotenv_values(PROJECT / "var/backends/env").items():
        os.environ.setdefault(name, value or "")


def build_row(film: JsonObject, number: int) -> Film:
    """Return a film of the data as a row of the database."""
    now = datetime.now(UTC)
    lists = {
        "aliases": film["alt_titles"],
        "directors": film["directors"],
        "genres": film["genres"],
        **{name: film.get(name, []) for name in ("writers", "actors")},
        **{name: [] for name in ("languages", "countries")},
    }
    return Film(
        id=uuid.UUID(int=number),
        imdb_id=film["imdb_id"],
        title=film["title"],
        whole_title=full_title_key(film["title"])[:600],
        **build_search_texts(title=film["title"], **lists),
        **lists,
        year=film["year"],
        imdb_rating=film["rating"],
        imdb_votes=film["votes"] or None,
        created_at=now,
        updated_at=now,
    )


class RelevanceJudge:
    """Decides which films are right for a query; `ids` are the row ids of `films`."""

    def __init__(self, films: Sequence[JsonObject], ids: Sequence[str]) -> None:
        self._films_by_row_id = dict(zip(ids, films, strict=True))
        self._films_by_id = {film["id"]: film for film in films}

    def is_relevant(self, query: JsonObject, row_id: str) -> bool:
        """Return whether the film of this row is one that the query is for."""
        film = self._films_by_row_id[row_id]
        if film["id"] in query["ids"]:
            return True
        return any(
            full_title_key(film["title"]) == full_title_key(target["title"])
            and abs((film["year"] or 0) - (target["year"] or 0)) <= 1
            for target in (self._films_by_id[i] for i in query["ids"])
        )


@contextlib.asynccontextmanager
async def film_database(kind: str, rows: list[Film]) -> AsyncIterator[None]:
    """Fill a fresh database, `sqlite` or `postgres`, with the films; remove it afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite://{folder}/movies.db"
        if kind == "postgres":
            url = await stack.enter_async_context(
                contextlib.asynccontextmanager(temporary_database)()
            )
        await migrate(url)
        await open_database(url)
        await Film.bulk_create(rows, batch_size=500)
        yield
        await close_database()


@dataclass(frozen=True, slots=True)
class FilmIndex:
    """The films in an index of one engine; `address` is set for Elasticsearch only."""

    engine: Engine
    vocabulary: Vocabulary
    engine_search: EngineSearch
    address: ElasticsearchAddress | None


@contextlib.asynccontextmanager
async def film_index(engine_name: str, rows: list[Film]) -> AsyncIterator[FilmIndex]:
    """Yield a fresh index of the films in one engine; remove it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        async with _open_engine(engine_name, Path(folder)) as (engine, writer, address):
            vocabulary = Vocabulary()
            for start in range(0, len(rows), INDEX_BATCH_SIZE):
                documents = [
                    MovieDocument.from_film(film) for film in rows[start : start + INDEX_BATCH_SIZE]
                ]
                vocabulary.add(
                    word for document in documents for word in document.vocabulary_words()
                )
                assert not await writer.write(documents)
            vocabulary.merge_pending()
            await engine.refresh(1)
            yield FilmIndex(engine, vocabulary, EngineSearch(engine, vocabulary), address)


@contextlib.asynccontextmanager
async def _open_engine(
    engine_name: str, folder: Path
) -> AsyncIterator[tuple[Engine, IndexWriter, ElasticsearchAddress | None]]:
    engine: Engine
    writer: IndexWriter
    address = None
    if engine_name == "tantivy":
        engine, writer = TantivyEngine(folder / "index"), TantivyWriter(folder / "index")
    else:
        address = ElasticsearchAddress.parse(os.environ["TEST_ELASTICSEARCH_URL"])
        address = replace(address, alias=f"bench-{uuid.uuid4().hex[:8]}", timeout=ENGINE_TIMEOUT)
        engine, writer = ElasticsearchEngine(address), ElasticsearchWriter(address)
    await writer.open()
    await engine.open()
    try:
        yield engine, writer, address
    finally:
        await engine.close()
        await writer.close()
        if address is not None:
            await delete_indexes(address)
