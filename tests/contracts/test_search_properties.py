"""What holds for every query, on each engine: it is answered or refused by name, in one total
order, in pages that fit together, and a film's own title is never lost."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.films.models import Film
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.text.analysis import tokenize
from tests.support.sample_catalogue import HARD, Shelf, samples

REFUSALS = {"query_empty", "query_too_long", "query_too_many_words", "query_unreadable"}
TITLES = [facts["title"] for facts in samples() + HARD]
ANYTHING = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

titled = st.sampled_from(TITLES)
wording = st.lists(
    st.sampled_from(sorted({word for title in TITLES for word in tokenize(title)})),
    min_size=1,
    max_size=6,
)


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """Words of titles with letters put in, left out or exchanged."""
    text = " ".join(draw(wording))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at] + draw(st.sampled_from("aeiost 2'-&")) + text[at + draw(st.integers(0, 1)) :]
        )
    return text


typed_texts = st.one_of(
    misspelt(), titled, st.text(max_size=40), st.text('ab :*~"\\/()[]^', max_size=30)
)


@pytest.fixture(scope="module")
async def asked(
    indexed: Shelf, films: list[Film], database_url: str
) -> AsyncIterator[EngineSearch]:
    """The finder, with the films in the database for all of these tests."""
    await Film.bulk_create(films)
    yield indexed.finder
    await Film.all().delete()


async def answer(
    finder: EngineSearch, typed: str, limit: int, offset: int = 0
) -> SearchResult | None:
    try:
        return await finder.search(SearchRequest(typed, page=Page(limit, offset)))
    except Invalid as refused:
        assert refused.code in REFUSALS
        return None


def ids(found: SearchResult) -> list[UUID]:
    return [result.film.id for result in found.hits]


@ANYTHING
@given(typed=typed_texts)
async def test_every_text_is_answered_or_refused_by_name(asked: EngineSearch, typed: str) -> None:
    found = await answer(asked, typed, 10)
    if found is not None:
        assert len(found.hits) <= min(10, found.total)


@ANYTHING
@given(typed=misspelt(), size=st.integers(1, 7))
async def test_pages_never_overlap_and_are_the_same_list(
    asked: EngineSearch, typed: str, size: int
) -> None:
    whole = await answer(asked, typed, 3 * size)
    if whole is None:
        return
    pages = [await answer(asked, typed, size, offset) for offset in (0, size, 2 * size)]
    walked = [film_id for page in pages if page is not None for film_id in ids(page)]
    assert walked == ids(whole)
    assert len(walked) == len(set(walked))
    assert {page.total for page in pages if page is not None} == {whole.total}


@ANYTHING
@given(typed=misspelt())
async def test_the_order_is_total_and_always_the_same(asked: EngineSearch, typed: str) -> None:
    once, again = await answer(asked, typed, 100), await answer(asked, typed, 100)
    assert (once and ids(once)) == (again and ids(again))


@ANYTHING
@given(title=titled, change=st.sampled_from([str.lower, str.upper, str.title, str.strip]))
async def test_a_title_typed_as_it_is_comes_first(
    asked: EngineSearch, title: str, change: "staticmethod[[str], str]"
) -> None:
    found = await answer(asked, change(title), 1)
    assert found is not None
    assert tokenize(found.hits[0].film.title) == tokenize(title)
