"""A search whose budget is used up answers with what it has, and says what is left out."""

import pytest

from service.resilience.work_budget import WorkBudget
from service.search.filenames.matcher import FilenameMatcher
from service.search.filenames.parser import ParsedName
from service.search.query.fields import DEFAULT_FIELDS, SearchFields
from service.search.query.parser import MAX_QUERY_LENGTH
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.search.retrieval.work_threads import MAX_SEARCH_WORK, search_budget
from tests.support.sample_catalogue import SampleIndex

MISSPELT = "teh wrod fo mnay lettres taht si nto rihgt ta lal adn msut eb gusesed hree"
LONG_WORDS = "gdofahter intersetllar terminatro spielbreg hitchcokc transfromers constantien"
ALL_FIELDS: SearchFields = frozenset({"title", "director", "cast", "writer", "plot"})
HOSTILE = [
    MISSPELT,
    LONG_WORDS,
    "the a of and in to for on with at by from an or la le " * 2,
    " ".join("abcdefghijklmnopqrstuvwxyzabcdef"),
    "".join(chr(0x4E00 + number) for number in range(MAX_QUERY_LENGTH)),
    "".join(chr(0xAC00 + 7 * number) for number in range(MAX_QUERY_LENGTH)),
    "mississippi" * 18,
]


async def search(
    sample_index: SampleIndex,
    text: str,
    budget: WorkBudget,
    fields: SearchFields = DEFAULT_FIELDS,
) -> SearchResult:
    """Return the result of a search with this budget."""
    request = SearchRequest(text, fields=fields, page=Page(100), budget=budget)
    return await sample_index.engine_search.search(request)


async def test_without_a_budget_words_as_typed_are_found_and_typos_are_named_as_left_out(
    sample_index: SampleIndex,
) -> None:
    result = await search(sample_index, "the godfahter brando", WorkBudget(1))
    assert "typos_left_out" in result.degraded
    result = await search(sample_index, "the godfather", WorkBudget(1))
    assert "The Godfather" in [hit.film.title for hit in result.hits]
    assert "ranking_left_out" in result.degraded


async def test_hits_that_the_budget_does_not_rank_follow_in_the_order_of_the_engine(
    sample_index: SampleIndex,
) -> None:
    complete = await search(sample_index, "the", search_budget())
    cut = await search(sample_index, "the", WorkBudget(600))
    assert complete.degraded == ()
    assert cut.degraded == ("ranking_left_out",)
    assert {hit.film.id for hit in cut.hits} == {hit.film.id for hit in complete.hits}
    scores = [hit.score for hit in cut.hits]
    assert scores == sorted(scores, reverse=True)


async def test_the_same_budget_gives_the_same_answer(sample_index: SampleIndex) -> None:
    first, second = [await search(sample_index, MISSPELT, WorkBudget(8_000)) for _ in range(2)]
    assert first.degraded
    assert first == second


@pytest.mark.parametrize("fields", [DEFAULT_FIELDS, ALL_FIELDS])
@pytest.mark.parametrize("text", HOSTILE)
async def test_a_hostile_query_is_answered_within_its_budget(
    sample_index: SampleIndex, text: str, fields: SearchFields
) -> None:
    budget = search_budget()
    await search(sample_index, text.strip(), budget, fields)
    # A stage that was begun is finished: its plan is charged when it is known.
    assert budget.spent <= 1.5 * MAX_SEARCH_WORK


async def test_names_behind_the_budget_of_a_request_are_matched_by_their_words_as_typed(
    sample_index: SampleIndex,
) -> None:
    matcher = FilenameMatcher(sample_index.engine_search.search, max_work=1)
    items = [ParsedName(MISSPELT), ParsedName("The Godfather", 1972)]
    misspelt, spelt = await matcher.match(items)
    await matcher.close()
    assert misspelt.degraded
    assert spelt.film is not None
    assert spelt.film.title == "The Godfather"
    assert spelt.degraded
