"""Did you mean: the query in the spelling of the film that it found."""

from service.search.query.parser import Query
from service.search.ranking.did_you_mean import did_you_mean
from service.search.ranking.scorer import rank
from tests.support.candidates import build_candidate


def test_a_misspelt_query_is_corrected_to_the_words_of_the_film() -> None:
    films = [build_candidate("The Godfather", directors=["Francis Ford Coppola"])]

    def suggest(text: str) -> str | None:
        query = Query.parse(text)
        return did_you_mean(query, rank(query, films)[0])

    assert suggest("the godfahter") == "the godfather"
    assert suggest("godfather copola") == "godfather coppola"
    assert suggest("the godfather") is None
    assert suggest("the godf") is None
    assert suggest("something else altogether") is None
