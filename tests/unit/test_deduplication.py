"""The rule that decides whether two descriptions mean one film."""

import pytest

from service.films.deduplication import FilmIdentity
from service.films.schemas import FilmFacts
from service.text.analysis import full_title_key
from service.text.titles import exact_title_key


def identify(**facts: object) -> FilmIdentity:
    return FilmIdentity.of(FilmFacts.model_validate({"title": "Heat", **facts}))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"imdb_id": "tt0000001"}, {"imdb_id": "tt0000001", "title": "Hitze"}, True),
        ({"imdb_id": "tt0000001", "year": 1995}, {"imdb_id": "tt0000002", "year": 1995}, False),
        ({"imdb_id": "tt0000001", "year": 1995}, {"year": 1995}, True),
        ({"year": 1995}, {"year": 1995}, True),
        ({"year": 1995}, {"year": 1996}, False),
        ({"year": 1995}, {}, False),
        ({"year": 1995}, {"year": 1995, "type": "series"}, False),
        ({"year": 1995}, {"year": 1995, "title": "Heat 2"}, False),
        ({"year": 1995, "directors": ["A"]}, {"year": 1995}, True),
        ({"year": 1995, "directors": ["A", "B"]}, {"year": 1995, "directors": ["b", "c"]}, True),
        ({"year": 1995, "directors": ["A"]}, {"year": 1995, "directors": ["B"]}, False),
        ({}, {}, True),
        ({"directors": ["A"]}, {}, False),
        ({"directors": ["A", "B"]}, {"directors": ["B"]}, True),
        ({"directors": ["A"]}, {"directors": ["B"]}, False),
        ({"series": "tt0000001"}, {"series": "tt0000002"}, False),
        ({"series": "tt0000001", "season": 1}, {"series": "tt0000001", "season": 2}, False),
        ({"season": 1, "episode": 1}, {"season": 1, "episode": 2}, False),
        ({"series": "tt0000001", "season": 1, "episode": 1}, {}, True),
    ],
)
def test_two_descriptions_mean_one_film_as_the_rule_says(
    one: dict[str, object], other: dict[str, object], is_same: bool
) -> None:
    assert identify(**one).is_same_film(identify(**other)) is is_same
    assert identify(**other).is_same_film(identify(**one)) is is_same


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ("Amélie", "AMELIE", True),
        ("Ｓｅ７ｅｎ", "se7en", True),
        ("  Two   words ", "two words", True),
        ("ｶﾞﾒﾗ", "ガメラ", True),
        ("Straße", "STRASSE", True),
        ("カメラ", "ガメラ", False),
        ("Мой", "Мои", False),
        ("The Matrix", "Matrix", False),
        ("Jaws", "Jaws!", False),
        ("Ø", "O", False),
        ("8½", "8 1 2", False),
        ("", "", True),
    ],
)
def test_titles_are_folded_for_case_width_and_latin_accents_only(
    one: str, other: str, is_equal: bool
) -> None:
    assert (exact_title_key(one) == exact_title_key(other)) is is_equal


@pytest.mark.parametrize(
    ("title", "other", "is_same"),
    [
        ("パパだ", "ハハた", False),
        ("Гуляй", "Гуляи", False),
        ("สุข", "สข", False),
        ("Ёлки", "Елки", True),
        ("Амели́", "Амели", True),
        ("Ζορμπάς", "Ζορμπας", True),
        ("ｶﾞﾗｽ", "ガラス", True),
    ],
)
def test_titles_are_equal_but_for_accents(title: str, other: str, is_same: bool) -> None:
    facts = {"year": 2000, "directors": ["A"]}
    assert identify(title=title, **facts).is_same_film(identify(title=other, **facts)) is is_same
    assert (full_title_key(title) == full_title_key(other)) is is_same
