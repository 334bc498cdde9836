"""How processes share their words: the indexer writes them to a table, every API worker follows it.

Words reach the table before the document that has them reaches the index, so a reader that has
caught up knows every word of every film that it can find. The table is followed by the database's
own clock, and some time is read again at each turn, since a row may become visible later than its
time says. Rows are never changed nor removed, so nothing else need be told: a word of films that
are gone costs some bytes, and finds nothing.
"""

import asyncio
from collections.abc import Iterable

import orjson
import structlog

from service.database.connection import get_connection, is_postgres
from service.database.sql import database_clock_ms, fetch_rows, now_ms
from service.database.transactions import is_database_fault, run_uncancelled
from service.search.index.document import ANALYSIS
from service.search.index.models import IndexState
from service.search.vocabulary.vocabulary import Vocabulary

OVERLAP_MS = 10_000  # ms read again by each round of `follow`: longer than any insert may take
CATCH_UP_OVERLAP_MS = 250  # ms read again by `catch_up`, which is on the way of a search
FOLLOW_INTERVAL = 5.0  # seconds; searches catch up by themselves, this is for what came late
MAX_RETRY_DELAY = 30.0  # seconds between two tries to load from a database that is away
LOAD_PAGE_SIZE = 20_000  # rows of one read while loading
INSERT_BATCH_SIZE = 2_000  # words of one insert: some 20 ms, in which SQLite lets nobody else write
MAX_REMEMBERED_TERMS = 300_000  # words that a writer remembers having sent: some 30 MB

log = structlog.get_logger()


class VocabularySync:
    """Keeps this process's vocabulary level with the table of words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._newest_ms = 0  # by the words' own times
        self._followed_since_ms = 0  # when the last whole look began
        self._recent: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self.loaded = asyncio.Event()
        """Set once every word is known; a service that answers before guesses no spelling."""

    async def load(self) -> None:
        """Learn every word there is. Raises the database's own errors."""
        async with self._lock:
            self._followed_since_ms = self._newest_ms = await now_ms()
            await asyncio.to_thread(self._vocabulary.bulk_load_start)
            last = ""
            sql = "SELECT word FROM words WHERE word > $1 ORDER BY word LIMIT $2"
            while page := await fetch_rows(sql, last, LOAD_PAGE_SIZE):
                last = page[-1]["word"]
                await asyncio.to_thread(
                    self._vocabulary.bulk_load_add, [row["word"] for row in page]
                )
            await asyncio.to_thread(self._vocabulary.bulk_load_finish)
        self.loaded.set()

    async def catch_up(self) -> None:
        """Learn what was added since: one small read. Raises the database's own errors.

        Does nothing before the first load, which reads everything anyway.
        """
        if not self.loaded.is_set():
            return
        async with self._lock:
            await self._read_since(self._newest_ms - CATCH_UP_OVERLAP_MS)

    async def follow(self) -> None:
        """Load, then keep level until cancelled; a database that is away only delays it."""
        pause = 1.0
        while True:
            try:
                if not self.loaded.is_set():
                    await self.load()
                    log.info("words loaded", action="words_loaded", words=len(self._vocabulary))
                await self.follow_once()
                pause = FOLLOW_INTERVAL
            except Exception as error:
                if not is_database_fault(error):
                    raise
                pause = min(2 * pause, MAX_RETRY_DELAY)
                log.warning("words cannot be read", action="words_away", error=str(error))
            await asyncio.sleep(pause)

    async def follow_once(self) -> None:
        """Learn what was added since the last look. Raises the database's own errors."""
        async with self._lock:
            began = await now_ms()
            await self._read_since(self._followed_since_ms - OVERLAP_MS)
            self._followed_since_ms, forgotten = began, began - OVERLAP_MS
            self._recent = {word: at for word, at in self._recent.items() if at >= forgotten}
            if self._vocabulary.needs_merge:
                await asyncio.to_thread(self._vocabulary.merge_pending)

    async def _read_since(self, since: int) -> None:
        found = await fetch_rows("SELECT word, seen_at FROM words WHERE seen_at >= $1", since)
        self._vocabulary.add(row["word"] for row in found if row["word"] not in self._recent)
        for row in found:
            self._recent[row["word"]] = row["seen_at"]
            self._newest_ms = max(self._newest_ms, row["seen_at"])


async def is_vocabulary_complete() -> bool:
    """Whether the table has the words of every film that was ever indexed, under this analysis.

    A film's words are written before its document, so after one rebuild that wrote them all they
    stay complete until the analysis changes, or somebody empties the table.
    """
    found = await fetch_rows(
        "SELECT words_of FROM index_state WHERE EXISTS (SELECT 1 FROM words LIMIT 1)"
    )
    return any(row["words_of"] == ANALYSIS for row in found)


@run_uncancelled
async def mark_vocabulary_complete() -> None:
    """A rebuild has written the words of every film."""
    await IndexState.all().update(words_of=ANALYSIS)


class TermWriter:
    """Writes words down for all readers; the indexer has one."""

    def __init__(self) -> None:
        self._recorded: set[str] = set()

    def forget_recorded(self) -> None:
        """Take nothing for written: the table may have been emptied."""
        self._recorded.clear()

    async def record(self, words: Iterable[str]) -> None:
        """Add the words that the table does not have. Done before a document is sent to the index.

        Sorted, so that two indexers that add the same words never wait for each other in a circle.
        Raises the database's own errors; then nothing is taken as written.
        """
        new = sorted(set(words) - self._recorded)
        for start in range(0, len(new), INSERT_BATCH_SIZE):
            chunk = new[start : start + INSERT_BATCH_SIZE]
            await _insert_words(chunk)
            if len(self._recorded) > MAX_REMEMBERED_TERMS:
                self._recorded.clear()
            self._recorded.update(chunk)


async def _insert_words(words: list[str]) -> None:
    if is_postgres():
        sql = f"""INSERT INTO words (word, seen_at) SELECT unnest($1::text[]), {database_clock_ms()}
            ON CONFLICT (word) DO NOTHING"""
        await get_connection().execute_query(sql, [words])
    else:
        sql = f"""INSERT OR IGNORE INTO words (word, seen_at)
            SELECT value, {database_clock_ms()} FROM json_each(?)"""  # noqa: S608
        await get_connection().execute_query(sql, [orjson.dumps(words).decode()])
