"""The queries made by hand are what they say: each with its film, none twice."""

import pytest

from benches.hard import FILE, hard

LINES = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]


def films() -> list[dict[str, object]]:
    facts = {(title, int(year)) for _, title, year in (line.split("\t") for line in LINES)}
    return [{"id": f"{t} {y}", "title": t, "year": y} for t, y in sorted(facts)]


def test_there_are_enough_and_none_twice() -> None:
    typed = [line.split("\t")[0] for line in LINES]
    assert len(typed) == len(set(typed)) >= 150


def test_each_is_for_the_film_of_that_title_and_year() -> None:
    assert {i for query in hard(films()) for i in query["ids"]} == {f["id"] for f in films()}
    (one,) = hard(films(), ["godzila 1998\tGodzilla\t1998"])
    assert one["ids"] == ["Godzilla 1998"]


def test_a_film_that_is_not_there_is_told() -> None:
    with pytest.raises(LookupError, match="Nobody"):
        hard(films(), ["nobdy\tNobody\t1990"])
