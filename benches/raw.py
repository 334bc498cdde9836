"""Raw write speed of an engine: the baseline that a rebuild is compared with.

The service's own documents are serialized into a file first, so that only sending them is measured.
"""

import asyncio
import os
import re
import shutil
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import orjson

from indexer.rebuild_fill import MAX_CONCURRENT_SENDS
from service.search.engines.elasticsearch import serializer
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.writer import MAX_BULK_DOCUMENTS, ElasticsearchWriter
from service.search.engines.tantivy import schema
from service.search.engines.tantivy.serializer import serialize
from service.search.engines.tantivy.writer import HEAP_BYTES
from service.search.index.document import MovieDocument
from tests.support.backends import delete_indexes
from tests.support.synthetic_films import Film

CHUNK_SIZE = 5_000  # films that one process serializes at a time


def build_document(film: Film) -> MovieDocument:
    stated = film._asdict() | {"imdb_votes": film.votes, "imdb_rating": film.rating}
    defaults: dict[str, Any] = dict.fromkeys(("plot", "runtime_minutes", "popularity"))
    defaults |= dict.fromkeys(("writers", "actors", "languages", "countries"), ())
    derived = {"id": film.id, "version": 1, "imdb_id": film.imdb_id, **defaults}
    return MovieDocument.from_film(SimpleNamespace(**stated, **derived))


def serialize_chunk(engine: str, chunk: list[Film]) -> tuple[bytes, set[str]]:
    """Return the documents as lines (with action lines for Elasticsearch) and their words."""
    lines, words = [], set()
    for document in map(build_document, chunk):
        if engine == "elasticsearch":
            action = {"_id": document.film_id, "version": 1, "version_type": "external_gte"}
            lines += [orjson.dumps({"index": action}), serializer.serialize(document)]
        else:
            lines.append(serialize(document))
        words |= document.vocabulary_words()
    return b"\n".join(lines) + b"\n", words


def write_documents(engine: str, films: list[Film], path: Path) -> set[str]:
    """Write all documents to a file and return all their words."""
    all_words: set[str] = set()
    chunks = [films[start : start + CHUNK_SIZE] for start in range(0, len(films), CHUNK_SIZE)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool, path.open("wb") as file:
        for start in range(0, len(chunks), 8):
            for lines, words in pool.map(serialize_chunk, [engine] * 8, chunks[start : start + 8]):
                file.write(lines)
                all_words |= words
    return all_words


async def measure_elasticsearch(path: Path) -> float:
    """Send the documents in plain bulk requests; return documents per second."""
    address = ElasticsearchAddress.parse(os.environ["TEST_ELASTICSEARCH_URL"])
    address = replace(address, alias=f"bench-{uuid.uuid4().hex[:8]}")
    writer = ElasticsearchWriter(address)
    await writer.open()
    await writer.create("movies-raw")
    url = re.sub(r"\?.*", "", os.environ["TEST_ELASTICSEARCH_URL"]).rstrip("/")
    sent = 0
    headers = {"Content-Type": "application/x-ndjson"}
    try:
        with path.open("rb") as file:
            async with aiohttp.ClientSession(headers=headers) as session:
                started_at = time.perf_counter()

                async def send_bulks() -> None:
                    nonlocal sent
                    while lines := list(islice(file, 2 * MAX_BULK_DOCUMENTS)):
                        bulk_url = (
                            f"{url}/{address.cluster_name('movies-raw')}/_bulk?filter_path=errors"
                        )
                        body = b"".join(lines)
                        while not await send_bulk(session, bulk_url, body):
                            await asyncio.sleep(0.2)
                        sent += len(lines) // 2

                await asyncio.gather(*(send_bulks() for _ in range(MAX_CONCURRENT_SENDS)))
                rate = sent / (time.perf_counter() - started_at)
    finally:
        await delete_indexes(address)
        await writer.close()
    return rate


async def send_bulk(session: aiohttp.ClientSession, bulk_url: str, body: bytes) -> bool:
    """Send one bulk request; return False if the cluster was too busy to accept it."""
    async with session.post(bulk_url, data=body) as response:
        reply = await response.json()
    assert response.status == 429 or not reply["errors"], reply
    return response.status != 429


def measure_tantivy(path: Path, folder: Path) -> float:
    """Write the documents with one commit and the service's heap; return documents per second."""
    folder.mkdir()
    writer = schema.create_index(folder).writer(HEAP_BYTES, 1)
    sent = 0
    with path.open() as file:
        started_at = time.perf_counter()
        for line in file:
            writer.add_json(line)
            sent += 1
        writer.commit()
        rate = sent / (time.perf_counter() - started_at)
    writer.wait_merging_threads()
    shutil.rmtree(folder)
    return rate
