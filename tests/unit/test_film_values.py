"""Values of files in the ways in which people and programs write them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.films.line_parser import OMDB_FIELDS, READERS, parse_line
from service.films.schemas import FilmFacts, ImdbRating, Ratings
from service.omdb.parser import parse_film


def parse(**fields: object) -> FilmFacts:
    return parse_line({"title": "X", **fields}, parse_film).facts


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("genre", "Drama", {"genres": ("Drama",)}),
        ("genre", "Drama, Crime", {"genres": ("Drama", "Crime")}),
        ("genres", "Action|Adventure", {"genres": ("Action", "Adventure")}),
        ("genres", ["Drama", None, "N/A", " Crime"], {"genres": ("Drama", "Crime")}),
        ("genres", '[{"id": 18, "name": "Drama"}]', {"genres": ("Drama",)}),
        ("genres", "[{'id': 18, 'name': 'Drama'}]", {"genres": ("Drama",)}),
        ("director", "Robert Downey, Jr., Val Kilmer",
         {"directors": ("Robert Downey Jr.", "Val Kilmer")}),
        ("aliases", "The Good, the Bad and the Ugly",
         {"aliases": ("The Good, the Bad and the Ugly",)}),
        ("imdb_votes", "9 947", {"ratings": Ratings(imdb=ImdbRating(votes=9947))}),
        ("imdb_votes", "9\u00a0947", {"ratings": Ratings(imdb=ImdbRating(votes=9947))}),
        ("imdb_votes", "9\u202f947", {"ratings": Ratings(imdb=ImdbRating(votes=9947))}),
        ("imdb_votes", "1,234,567", {"ratings": Ratings(imdb=ImdbRating(votes=1_234_567))}),
        ("imdb_score", "7,5", {"ratings": Ratings(imdb=ImdbRating(value=7.5))}),
        ("imdb_score", "87/100", {"ratings": Ratings(imdb=ImdbRating(value=8.7))}),
        ("imdb_score", "8.1/10", {"ratings": Ratings(imdb=ImdbRating(value=8.1))}),
        ("metacritic", "87/100", {"ratings": Ratings(metacritic=87)}),
        ("rotten_tomatoes", "87%", {"ratings": Ratings(rotten_tomatoes=87)}),
        ("ratings", {"imdb": {"value": "N/A", "votes": "12"}, "metacritic": r"\N"},
         {"ratings": Ratings(imdb=ImdbRating(votes=12))}),
        ("year", 1999.0, {"year": 1999}),
        ("year", "1999.0", {"year": 1999}),
        ("year", "2024 TV Special", {"year": 2024}),
        ("year", "2008–2013", {"year": 2008, "end_year": 2013}),
        ("year", float("nan"), {}),
        ("runtime_minutes", "1 h 30 min", {"runtime_minutes": 90}),
        ("runtime", 124.0, {"runtime_minutes": 124}),
        ("runtime", 0, {}),
        ("released", "1975-06-20T00:00:00Z", {"released": date(1975, 6, 20)}),
        ("released", "20 Jun 1975", {"released": date(1975, 6, 20)}),
        ("imdb_id", "TT0038675", {"imdb_id": "tt0038675"}),
        ("imdb_id", "tt00038675", {"imdb_id": "tt0038675"}),
        ("type", "tvSeries", {"type": "series"}),
        ("plot", r"Miliardi\Millions", {"plot": r"Miliardi\Millions"}),
    ],
)  # fmt: skip
def test_a_value_is_read_in_every_notation(
    field: str, value: object, expected: dict[str, object]
) -> None:
    expected = {"year": 1975, **expected} if "released" in expected else expected
    assert parse(**{field: value}) == FilmFacts.model_validate({"title": "X", **expected})


@pytest.mark.parametrize(
    "unknown", ["N/A", "n/a", r"\N", "", "  ", "\u200b", "\u3164 ", None, "None", float("nan")]
)
def test_an_unknown_value_is_not_stated_in_any_field(unknown: object) -> None:
    fields = dict.fromkeys(set(READERS) - {"title", "name"}, unknown)
    assert parse(**fields).model_fields_set == {"title"}


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        ({"name": "G", "director": "D", "genre": 5}, "genre: must be a name or a list of names"),
        ({"title": "X", "genres": ["Drama", 5]}, "must be a list of names, but holds a number"),
        ({"title": "X", "imdb_id": "tt٠٠٣٨٦٧٥"}, "imdb_id: must be tt and seven to nine digits"),
        ({"title": "X", "year": 2013, "end_year": 2008}, "end_year must not lie before year"),
        ({"title": "ﷺ" * 40}, "title: is longer than 600 characters when written out"),
        ({"year": 1999}, "title: is missing"),
        ({"title": ["X"]}, "title: must be text, not a list"),
        ({"title": "X", "year": "soon", "type": "podcast"}, "year: “soon” is not a year; type"),
        ({"title": "X", "imdb_score": 11}, "ratings.imdb.value: must be at most 10"),
        ({"title": "X", "poster_url": "https://x/\0"}, "control characters"),
        ({"title": "X\x9b31mY"}, "control characters"),
        ({"title": "X", "directors": ["A\x85B"]}, "control characters"),
        ({"title": "X", "plot": "A\x7fB"}, "control characters"),
        ({"title": "X", "imdb_votes": float("inf")}, "imdb_votes"),
        ({"title": "X", "credits": {"crew": 6}}, "credits: crew must be a list"),
        ({"title": "X", "credits": {"cast": 5}}, "credits: must be a name or a list of names"),
        ({"title": "X", "ratings": {"imdb": 7.5}}, "ratings: imdb must be an object"),
        ({"title": "\u200b"}, "title: is missing"),
        ({"title": "\u200b" * 50}, "title: must have a visible character"),
        ({"title": "X", "directors": ["\u2800" * 50]}, "directors: must have a visible character"),
        ([1, 2], "is not an object"),
        ({"Title": "½" * 350}, "title: is longer than 600 characters when written out"),
    ],
)  # fmt: skip
def test_a_fault_is_said_in_plain_words(film: object, reason: str) -> None:
    with pytest.raises(ValueError) as fault:
        parse_line(film, parse_film)
    assert reason in str(fault.value)
    assert "Input should" not in str(fault.value) and "Value error" not in str(fault.value)


def test_all_faults_of_a_film_are_said_at_once() -> None:
    film = {"year": "soon", "genres": 5, "runtime_minutes": -3, "plot": "x" * 6_000}
    with pytest.raises(ValueError) as fault:
        parse_line(film, parse_film)
    names = [part.split(":")[0] for part in str(fault.value).split("; ")]
    assert sorted(names) == ["genres", "plot", "runtime_minutes", "title", "year"]


def test_a_film_in_the_shape_of_tmdb_is_read() -> None:
    film = {
        "adult": False, "id": 550, "imdb_id": "tt0137523", "title": "Fight Club",
        "original_title": "Fight Club (orig.)", "overview": "A plot.", "popularity": 61.4,
        "genres": [{"id": 18, "name": "Drama"}], "release_date": "1999-10-15", "runtime": 139,
        "revenue": 100_853_753, "vote_average": 8.4, "vote_count": 26_280,
        "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
        "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
        "credits": {
            "cast": [{"name": "Edward Norton"}],
            "crew": [{"name": "David Fincher", "job": "Director", "department": "Directing"},
                     {"name": "Jim Uhls", "job": "Screenplay", "department": "Writing"}],
        },
    }  # fmt: skip
    parsed = parse_line(film, parse_film)
    assert parsed.unknown_fields == ()
    assert parsed.facts == FilmFacts(
        title="Fight Club", imdb_id="tt0137523", aliases=("Fight Club (orig.)",), year=1999,
        released=date(1999, 10, 15), runtime_minutes=139, genres=("Drama",), plot="A plot.",
        directors=("David Fincher",), writers=("Jim Uhls",), actors=("Edward Norton",),
        languages=("English",), countries=("United States of America",),
        popularity=61.4, box_office_usd=100_853_753,
    )  # fmt: skip


def test_an_episode_of_a_file_states_its_season_number_and_series() -> None:
    film = {"title": "Felina", "type": "tvEpisode", "season": "5", "episode": 16.0}
    for series, expected in (("tt0903747", "tt0903747"), (r"\N", None)):
        parsed = parse_line({**film, "series": series}, parse_film)
        assert parsed.unknown_fields == ()
        facts = parsed.facts
        assert (facts.season, facts.episode, facts.series) == (5, 16, expected)
    with pytest.raises(ValueError, match="series"):
        parse_line({**film, "series": "Breaking Bad"}, parse_film)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", " \n ", "\t", "\u2028", "\u2029\n"])
def test_a_line_break_in_a_text_of_one_line_is_a_blank(line_break: str) -> None:
    facts = parse(
        title=f"\nThe{line_break}Godfather",
        aliases=[f"Il{line_break}Padrino"],
        directors=[f"Francis Ford{line_break}Coppola"],
    )
    assert (facts.title, facts.aliases) == ("The Godfather", ("Il Padrino",))
    assert facts.directors == ("Francis Ford Coppola",)
    assert parse(title="Two  blanks").title == "Two  blanks"


def test_unknown_fields_are_named_and_refused_when_strict() -> None:
    film = {"title": "Heat", "yeer": 1995}
    assert parse_line(film, parse_film).unknown_fields == ("yeer",)
    with pytest.raises(ValueError, match="yeer: is not a known field"):
        parse_line(film, parse_film, is_strict=True)


INNER_NAMES = st.sampled_from(
    ["cast", "crew", "name", "job", "english_name", "imdb", "value", "votes", "Source", "Value"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("N/A"),
    lambda inner: st.lists(inner) | st.dictionaries(INNER_NAMES | st.text(), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(sorted({*READERS, *OMDB_FIELDS}))


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(FIELDS | st.text(), VALUES))
def test_values_of_any_type_give_facts_or_a_reason(film: dict[str, object]) -> None:
    try:
        parsed = parse_line(film, parse_film)
    except ValueError as error:
        assert str(error)
    else:
        assert parsed.facts.title
