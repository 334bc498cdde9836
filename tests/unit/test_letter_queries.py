"""The curated queries in other letters: each class has enough, and none comes twice."""

from collections import Counter

from benches.letters import add_letter_films, read_letter_lines, read_letter_queries


def test_each_class_has_thirty_queries_and_none_comes_twice() -> None:
    lines = read_letter_lines()
    assert min(Counter(name for name, _ in lines).values()) >= 30
    queries = [line.split("\t")[0] for _, line in lines]
    assert len(queries) == len(set(queries))


def test_each_query_has_its_film_and_films_of_the_data_are_not_added_again() -> None:
    stored = {"id": "known", "title": "東京物語", "year": 1954}
    films = add_letter_films([stored])
    queries = read_letter_queries(films)
    assert len(queries) == len(read_letter_lines())
    assert [q["ids"] for q in queries if q["title"] == stored["title"]] == [["known"]]
    assert len({(film["title"], film["year"]) for film in films}) == len(films)
