"""Whether a query is misspelt decides which plan is asked first, so it must not say so wrongly."""

import pytest

from service.search.query.parser import Query
from service.search.query.spellcheck import has_misspelling
from service.search.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    made = Vocabulary()
    made.add(["tstar", "twars", "jstarwars", "wstarwars", "tgod", "tfather", "wgodfather"])
    made.add(["dlucas", "tse7en", "tseven", "t500", "tdays", "wdiehard2", "tdie", "thard"])
    return made


@pytest.mark.parametrize(
    "typed",
    [
        "star wars",
        "starwars",
        "star wa",  # a beginning
        "god father",  # two words for one
        "die hard ii",  # a number written another way
        "die hard two",
        "the star of the wars",  # words that stand for nothing
        "diehar",  # the beginning of a whole title
        "500 days",
    ],
)
def test_what_is_in_some_film_is_not_misspelt(vocabulary: Vocabulary, typed: str) -> None:
    assert not has_misspelling(Query.parse(typed), vocabulary)


@pytest.mark.parametrize("typed", ["satr wars", "star wras", "godfahter", "lucsa star", "stra"])
def test_what_is_in_no_film_is(vocabulary: Vocabulary, typed: str) -> None:
    assert has_misspelling(Query.parse(typed), vocabulary)


def test_only_the_last_word_may_be_a_beginning(vocabulary: Vocabulary) -> None:
    assert has_misspelling(Query.parse("fath star"), vocabulary)
    assert not has_misspelling(Query.parse("star fath"), vocabulary)
