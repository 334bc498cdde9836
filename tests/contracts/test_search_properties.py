"""Properties of every search, on each engine.

A text is searched or refused with a known code; the order is total, pages fit together, and a film
is always found by its own title.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.films.models import Film
from service.search.retrieval.search_request import SearchResult
from service.text.analysis import tokenize
from tests.support.sample_catalogue import TRICKY_FILMS, SampleIndex, load_sample_films

ERROR_CODES = {"query_empty", "query_too_long", "query_too_many_words", "query_unreadable"}
TITLES = [facts["title"] for facts in load_sample_films() + TRICKY_FILMS]
WORDS = sorted({word for title in TITLES for word in tokenize(title)})
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

titles = st.sampled_from(TITLES)


@st.composite
def misspelt_texts(draw: st.DrawFn) -> str:
    """Draw words of titles with letters inserted, deleted or replaced."""
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        letter = draw(st.sampled_from("aeiost 2'-&"))
        text = text[:start] + letter + text[start + draw(st.integers(0, 1)) :]
    return text


typed_texts = st.one_of(
    misspelt_texts(), titles, st.text(max_size=40), st.text('ab :*~"\\/()[]^', max_size=30)
)


@pytest.fixture(scope="module")
async def stored_index(
    filled_index: SampleIndex, films: list[Film], database_url: str
) -> AsyncIterator[SampleIndex]:
    """Yield the films in the index and, for all tests of this file, in the database."""
    await Film.bulk_create(films)
    yield filled_index
    await Film.all().delete()


async def search(index: SampleIndex, text: str, limit: int, offset: int = 0) -> SearchResult | None:
    """Return the result, or None for a text that is refused."""
    try:
        return await index.search(text, limit, offset)
    except Invalid as error:
        assert error.code in ERROR_CODES
        return None


def film_ids(result: SearchResult) -> list[UUID]:
    return [hit.film.id for hit in result.hits]


@EXAMPLES
@given(text=typed_texts)
async def test_every_text_is_searched_or_refused_with_a_known_code(
    stored_index: SampleIndex, text: str
) -> None:
    result = await search(stored_index, text, 10)
    if result is not None:
        assert len(result.hits) <= min(10, result.total)


@EXAMPLES
@given(text=misspelt_texts(), size=st.integers(1, 7))
async def test_pages_never_overlap_and_form_one_list(
    stored_index: SampleIndex, text: str, size: int
) -> None:
    whole = await search(stored_index, text, 3 * size)
    if whole is None:
        return
    pages = [await search(stored_index, text, size, offset) for offset in (0, size, 2 * size)]
    paged = [film_id for page in pages if page is not None for film_id in film_ids(page)]
    assert paged == film_ids(whole)
    assert len(paged) == len(set(paged))
    assert {page.total for page in pages if page is not None} == {whole.total}


@EXAMPLES
@given(text=misspelt_texts())
async def test_the_order_is_always_the_same(stored_index: SampleIndex, text: str) -> None:
    first = await search(stored_index, text, 100)
    second = await search(stored_index, text, 100)
    assert (first and film_ids(first)) == (second and film_ids(second))


@EXAMPLES
@given(title=titles, change=st.sampled_from([str.lower, str.upper, str.title, str.strip]))
async def test_a_title_in_any_case_comes_first(
    stored_index: SampleIndex, title: str, change: "staticmethod[[str], str]"
) -> None:
    result = await search(stored_index, change(title), 1)
    assert result is not None
    assert tokenize(result.hits[0].film.title) == tokenize(title)
