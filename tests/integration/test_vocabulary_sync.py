"""Readers follow the words that the indexer writes to the table."""

from typing import Any

import pytest

from service.database.connection import get_connection
from service.database.sql import fetch_rows, now_ms
from service.search.vocabulary.sync import OVERLAP_MS, TermWriter, VocabularySync
from service.search.vocabulary.vocabulary import TITLE, Vocabulary

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


@pytest.fixture
async def sync(vocabulary: Vocabulary) -> VocabularySync:
    await TermWriter().record(["tjaws", "wjaws"])
    sync = VocabularySync(vocabulary)
    await sync.load()
    return sync


async def test_a_new_word_is_known_after_catching_up(
    sync: VocabularySync, vocabulary: Vocabulary
) -> None:
    await TermWriter().record(["talien"])
    assert not vocabulary.fields_of("alien")
    await sync.catch_up()
    assert vocabulary.fields_of("alien") == TITLE


async def test_a_word_that_becomes_visible_late_is_found_by_the_next_round(
    sync: VocabularySync, vocabulary: Vocabulary
) -> None:
    await sync.follow_once()
    late = await now_ms() - OVERLAP_MS + 1_000  # as if its statement took long
    sql = f"INSERT INTO words (word, seen_at) VALUES ('tdune', {late})"
    await get_connection().execute_query(sql)
    await sync.follow_once()
    assert vocabulary.fields_of("dune") == TITLE


async def test_old_words_are_not_read_again(
    sync: VocabularySync, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await now_ms() - 2 * OVERLAP_MS
    await get_connection().execute_query(f"UPDATE words SET seen_at = {old}")
    words: list[str] = []

    async def record_rows(sql: str, *values: Any) -> list[dict[str, Any]]:
        rows = await fetch_rows(sql, *values)
        words.extend(row["word"] for row in rows if "word" in row)
        return rows

    monkeypatch.setattr("service.search.vocabulary.sync.fetch_rows", record_rows)
    await sync.follow_once()
    await sync.follow_once()
    assert words == []
    await TermWriter().record(["talien"])
    await sync.follow_once()
    assert words == ["talien"]
