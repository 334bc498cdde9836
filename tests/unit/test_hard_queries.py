"""The curated queries: each has its film, and none comes twice."""

from collections import Counter

import pytest

from benches.hard import FILE, PERSON_MARK, CuratedQuery, read_curated_queries

QUERIES = [
    CuratedQuery.parse(line)
    for line in FILE.read_text().splitlines()
    if line and not line.startswith("#")
]
PEOPLE = [query.title[1:] for query in QUERIES if query.title.startswith(PERSON_MARK)]


def films() -> list[dict[str, object]]:
    facts = {(q.title, q.year) for q in QUERIES if not q.title.startswith(PERSON_MARK)}
    titled = [{"id": f"{t} {y}", "title": t, "year": y} for t, y in sorted(facts)]
    return [*titled, {"id": "everybody", "title": "Everybody", "year": 2000, "actors": PEOPLE}]


def test_there_are_enough_queries_in_each_class_and_none_comes_twice() -> None:
    texts = [query.text for query in QUERIES]
    assert len(texts) == len(set(texts))
    counts = Counter(query["class"] for query in read_curated_queries(films()))
    assert min(counts.values()) >= 30 and counts["hard"] >= 150
    assert len(counts) == 7


def test_a_query_is_for_the_film_of_its_title_and_year() -> None:
    assert {i for query in read_curated_queries(films()) for i in query["ids"]} == {
        f["id"] for f in films()
    }
    (query,) = read_curated_queries(films(), ["godzila 1998\tGodzilla\t1998"])
    assert query["ids"] == ["Godzilla 1998"]
    assert "did_you_mean" not in query


def test_a_query_may_be_for_all_films_of_a_person() -> None:
    facts = [
        {"id": "1", "title": "A", "year": 1, "actors": ["Uma Thurman"]},
        {"id": "2", "title": "B", "year": 1, "writers": ["Uma Thurman"], "directors": []},
        {"id": "3", "title": "C", "year": 1, "actors": ["Ethan Hawke"]},
    ]
    (query,) = read_curated_queries(facts, ["uma\t@Uma Thurman"])
    assert query["ids"] == ["1", "2"]


@pytest.mark.parametrize(("column", "wording"), [("Godzilla", "Godzilla"), ("", None)])
def test_a_query_may_state_the_wording_that_is_offered(column: str, wording: str | None) -> None:
    (query,) = read_curated_queries(films(), [f"godzila 1998\tGodzilla\t1998\t{column}"])
    assert query["did_you_mean"] == wording


def test_an_unknown_film_is_an_error() -> None:
    with pytest.raises(LookupError, match="Nobody"):
        read_curated_queries(films(), ["nobdy\tNobody\t1990"])
