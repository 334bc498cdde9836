"""The curated queries: each has its film, and none comes twice."""

import pytest

from benches.hard import FILE, read_curated_queries

LINES = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]


def films() -> list[dict[str, object]]:
    facts = {(title, int(year)) for _, title, year in (line.split("\t") for line in LINES)}
    return [{"id": f"{t} {y}", "title": t, "year": y} for t, y in sorted(facts)]


def test_there_are_enough_queries_and_none_comes_twice() -> None:
    queries = [line.split("\t")[0] for line in LINES]
    assert len(queries) == len(set(queries)) >= 150


def test_a_query_is_for_the_film_of_its_title_and_year() -> None:
    assert {i for query in read_curated_queries(films()) for i in query["ids"]} == {
        f["id"] for f in films()
    }
    (query,) = read_curated_queries(films(), ["godzila 1998\tGodzilla\t1998"])
    assert query["ids"] == ["Godzilla 1998"]


def test_an_unknown_film_is_an_error() -> None:
    with pytest.raises(LookupError, match="Nobody"):
        read_curated_queries(films(), ["nobdy\tNobody\t1990"])
