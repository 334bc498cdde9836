"""How readers learn the words that the indexer writes down."""

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
async def lexicon(vocabulary: Vocabulary) -> VocabularySync:
    await TermWriter().record(["tjaws", "wjaws"])
    made = VocabularySync(vocabulary)
    await made.load()
    return made


async def test_a_new_word_is_known_after_catching_up(
    lexicon: VocabularySync, vocabulary: Vocabulary
) -> None:
    await TermWriter().record(["talien"])
    assert not vocabulary.fields_of("alien")
    await lexicon.catch_up()
    assert vocabulary.fields_of("alien") == TITLE


async def test_a_word_that_becomes_visible_late_is_learned_by_following(
    lexicon: VocabularySync, vocabulary: Vocabulary
) -> None:
    await lexicon.follow_once()
    late = await now_ms() - OVERLAP_MS + 1_000  # written by a statement that took long
    sql = f"INSERT INTO words (word, seen_at) VALUES ('tdune', {late})"
    await get_connection().execute_query(sql)
    await lexicon.follow_once()
    assert vocabulary.fields_of("dune") == TITLE


async def test_old_words_are_not_read_again_and_again(
    lexicon: VocabularySync, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await now_ms() - 2 * OVERLAP_MS
    await get_connection().execute_query(f"UPDATE words SET seen_at = {old}")
    read: list[str] = []

    async def counted(sql: str, *values: Any) -> list[dict[str, Any]]:
        found = await fetch_rows(sql, *values)
        read.extend(row["word"] for row in found if "word" in row)
        return found

    monkeypatch.setattr("service.search.vocabulary.sync.fetch_rows", counted)
    await lexicon.follow_once()
    await lexicon.follow_once()
    assert read == []
    await TermWriter().record(["talien"])
    await lexicon.follow_once()
    assert read == ["talien"]
