"""Sequels by number: `die hard 3` is the third film of the series."""

from service.search.query.parser import Query
from service.search.ranking.scorer import rank
from service.search.ranking.sequels import promote_sequel
from tests.support.candidates import build_candidate, rank_titles


def test_a_number_that_no_title_has_counts_the_series_by_year() -> None:
    films = (
        build_candidate("Live Free or Die Hard", 2007),
        build_candidate("Die Hard", 1988),
        build_candidate("Die Hard 2", 1990),
        build_candidate("Die Hard with a Vengeance", 1995),
        build_candidate("Die Hard Dracula", 1998, votes=3),
        build_candidate("Die Hardly", 1960, votes=2),
    )
    assert rank_titles("die hard 3", *films)[0] == "diehardwithavengeance"
    assert rank_titles("die hard 2", *films)[0] == "diehard2"
    assert rank_titles("die hard 4", *films)[0] == "livefreeordiehard"


HARRY_POTTER = (
    build_candidate("Harry Potter and the Sorcerer's Stone", 2001),
    build_candidate("Harry Potter and the Chamber of Secrets", 2002),
    build_candidate("Harry Potter and the Deathly Hallows: Part 2", 2011),
)


def test_a_number_of_a_part_of_the_last_film_is_not_the_number_of_the_series() -> None:
    assert rank_titles("harry potter 2", *HARRY_POTTER)[0] == "harrypotterandthechamberofsecrets"


def test_a_number_of_an_episode_may_be_written_as_a_letter() -> None:
    films = [
        build_candidate("Star Wars: Episode IV - A New Hope", 1977),
        build_candidate("Star Wars: Episode V - The Empire Strikes Back", 1980),
        build_candidate("Star Wars: Episode I - The Phantom Menace", 1999),
    ]
    for text in ("star wars episode 1", "star wars episode one", "star wars 1"):
        assert rank_titles(text, *films)[0] == "starwarsepisodeithephantommenace", text
    assert rank_titles("star wars 5", *films)[0] == "starwarsepisodevtheempirestrikesback"


def test_a_word_before_the_number_may_differ_from_the_title() -> None:
    films = [
        build_candidate("Jaws", 1975),
        build_candidate("Jaws 2", 1978),
        build_candidate("Friday the 13th Part 2", 1981),
        build_candidate("John Wick: Chapter 2", 2017),
    ]
    for text in ("jaws part 2", "jaws chapter 2", "jaws two", "jaws episode ii"):
        assert rank_titles(text, *films)[0] == "jaws2", text


def test_a_film_with_another_number_does_not_stand_in_for_a_missing_one() -> None:
    films = [build_candidate("Scream", 1996), build_candidate("Scream 3", 2000)]
    assert rank_titles("scream 2", *films)[0] == "scream"


def test_remakes_of_one_title_are_not_sequels_of_each_other() -> None:
    films = [
        build_candidate("Carrie", 1976, votes=2_000),
        build_candidate("Carrie", 2013, votes=1_000),
        build_candidate("The Rage: Carrie 2", 1999),
    ]
    assert rank_titles("carrie 2", *films)[0] == "theragecarrie2"


def test_a_high_number_of_two_digits_is_a_year() -> None:
    films = [build_candidate("RoboCop", 1987), build_candidate("RoboCop", 2014)]
    assert rank_titles("robocop 14", *films)[0] == "robocop"
    query = Query.parse("robocop 14")
    (first, _) = promote_sequel(query, rank(query, films))
    assert first.candidate.year == 2014


def test_a_number_is_never_a_typo_of_another_one() -> None:
    films = [build_candidate("Product 3000", votes=90_000), build_candidate("Product 3800")]
    assert rank_titles("product 3800", *films)[0] == "product3800"
    assert rank_titles("prodct 3800", *films)[0] == "product3800"
