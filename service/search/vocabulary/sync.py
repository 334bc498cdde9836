"""The table of words through which processes share the vocabulary.

The indexer writes words to the table, and every API worker follows it. Words reach the table before
their document reaches the index, so a reader that is up to date knows every word of every film that
it can find. Readers follow the table by the database's clock. Each round reads some time again,
since a row may become visible later than its `seen_at` says. Rows are never changed or removed: a
word of deleted films costs a few bytes and finds nothing.
"""

import asyncio
from collections.abc import Iterable

import orjson
import structlog

from service.database.connection import get_connection, is_postgres
from service.database.faults import is_database_fault
from service.database.sql import database_clock_ms, fetch_rows, now_ms
from service.database.transactions import run_uncancelled
from service.search.index.document import ANALYSIS
from service.search.index.models import IndexState
from service.search.vocabulary.vocabulary import Vocabulary

OVERLAP_MS = 10_000  # read again by each round of `follow`: longer than any insert may take
CATCH_UP_OVERLAP_MS = 250  # read again by `catch_up`, for which a search waits
FOLLOW_INTERVAL = 5.0  # seconds; searches catch up by themselves, this is for late rows
MAX_RETRY_DELAY = 30.0  # seconds between two attempts while the database is unavailable
LOAD_PAGE_SIZE = 20_000  # rows of one read while loading
INSERT_BATCH_SIZE = 2_000  # words of one insert: about 20 ms, in which SQLite blocks other writers
MAX_REMEMBERED_TERMS = 300_000  # recorded words that a writer remembers: about 30 MB

log = structlog.get_logger()


class VocabularySync:
    """Keeps the vocabulary of this process in step with the table of words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._newest_ms = 0  # the latest `seen_at` that was read
        self._followed_since_ms = 0  # when the last complete round began
        self._recent: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self.loaded = asyncio.Event()
        """Set when all words are loaded; before that, spellings cannot be corrected."""

    async def load(self) -> None:
        """Load all words. Raises the database's errors."""
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
        """Add the words written since the last read: one small query. Raises the database's errors.

        Does nothing before the first load, which reads everything.
        """
        if not self.loaded.is_set():
            return
        async with self._lock:
            await self._read_since(self._newest_ms - CATCH_UP_OVERLAP_MS)

    async def follow(self) -> None:
        """Load all words, then follow the table until cancelled; retry while the database fails."""
        delay = 1.0
        while True:
            try:
                if not self.loaded.is_set():
                    await self.load()
                    log.info(
                        "vocabulary loaded", action="words_loaded", words=len(self._vocabulary)
                    )
                await self.follow_once()
                delay = FOLLOW_INTERVAL
            except Exception as error:
                if not is_database_fault(error):
                    raise
                delay = min(2 * delay, MAX_RETRY_DELAY)
                log.warning(
                    "cannot read the table of words, will retry",
                    action="words_away",
                    error=str(error),
                )
            await asyncio.sleep(delay)

    async def follow_once(self) -> None:
        """Add the words written since the last round. Raises the database's errors."""
        async with self._lock:
            started_ms = await now_ms()
            await self._read_since(self._followed_since_ms - OVERLAP_MS)
            self._followed_since_ms, oldest_ms = started_ms, started_ms - OVERLAP_MS
            self._recent = {
                word: seen_ms for word, seen_ms in self._recent.items() if seen_ms >= oldest_ms
            }
            if self._vocabulary.needs_merge:
                await asyncio.to_thread(self._vocabulary.merge_pending)

    async def _read_since(self, since_ms: int) -> None:
        rows = await fetch_rows("SELECT word, seen_at FROM words WHERE seen_at >= $1", since_ms)
        self._vocabulary.add(row["word"] for row in rows if row["word"] not in self._recent)
        for row in rows:
            self._recent[row["word"]] = row["seen_at"]
            self._newest_ms = max(self._newest_ms, row["seen_at"])


async def is_vocabulary_complete() -> bool:
    """Return whether the table has all words of all indexed films under this `ANALYSIS`.

    A film's words are written before its document. So once a rebuild has written all words, they
    stay complete until the analysis changes or somebody empties the table.
    """
    rows = await fetch_rows(
        "SELECT words_of FROM index_state WHERE EXISTS (SELECT 1 FROM words LIMIT 1)"
    )
    return any(row["words_of"] == ANALYSIS for row in rows)


@run_uncancelled
async def mark_vocabulary_complete() -> None:
    """Record that a rebuild has written the words of all films."""
    await IndexState.all().update(words_of=ANALYSIS)


class TermWriter:
    """Writes words to the table; the indexer has one."""

    def __init__(self) -> None:
        self._recorded: set[str] = set()

    def forget_recorded(self) -> None:
        """Forget which words are in the table, since it may have been emptied."""
        self._recorded.clear()

    async def record(self, words: Iterable[str]) -> None:
        """Add the words that the table lacks; call it before documents are sent to the index.

        The words are sorted, so that two indexers that add the same words cannot deadlock. Raises
        the database's errors; the words of the failed insert then count as missing.
        """
        missing = sorted(set(words) - self._recorded)
        for start in range(0, len(missing), INSERT_BATCH_SIZE):
            batch = missing[start : start + INSERT_BATCH_SIZE]
            await _insert_words(batch)
            if len(self._recorded) > MAX_REMEMBERED_TERMS:
                self._recorded.clear()
            self._recorded.update(batch)


async def _insert_words(words: list[str]) -> None:
    if is_postgres():
        sql = f"""INSERT INTO words (word, seen_at) SELECT unnest($1::text[]), {database_clock_ms()}
            ON CONFLICT (word) DO NOTHING"""
        await get_connection().execute_query(sql, [words])
    else:
        sql = f"""INSERT OR IGNORE INTO words (word, seen_at)
            SELECT value, {database_clock_ms()} FROM json_each(?)"""  # noqa: S608
        await get_connection().execute_query(sql, [orjson.dumps(words).decode()])
