"""Misspelt queries skip the exact stage, so a right query must not be called misspelt."""

import pytest

from service.search.query.misspelling import has_misspelling
from service.search.query.parser import Query
from service.search.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    vocabulary = Vocabulary()
    vocabulary.add(["tstar", "twars", "jstarwars", "wstarwars", "tgod", "tfather", "wgodfather"])
    vocabulary.add(["dlucas", "tse7en", "tseven", "t500", "tdays", "wdiehard2", "tdie", "thard"])
    return vocabulary


@pytest.mark.parametrize(
    "text",
    [
        "star wars",
        "starwars",
        "star wa",  # a prefix
        "god father",  # one word text as two
        "die hard ii",  # a number written another way
        "die hard two",
        "the star of the wars",  # stop words
        "diehar",  # a prefix of a full title
        "500 days",
    ],
)
def test_a_query_whose_words_exist_is_not_misspelt(vocabulary: Vocabulary, text: str) -> None:
    assert not has_misspelling(Query.parse(text), vocabulary)


@pytest.mark.parametrize("text", ["satr wars", "star wras", "godfahter", "lucsa star", "stra"])
def test_a_query_with_a_word_of_no_film_is_misspelt(vocabulary: Vocabulary, text: str) -> None:
    assert has_misspelling(Query.parse(text), vocabulary)


def test_only_the_last_word_may_be_a_prefix(vocabulary: Vocabulary) -> None:
    assert has_misspelling(Query.parse("fath star"), vocabulary)
    assert not has_misspelling(Query.parse("star fath"), vocabulary)
