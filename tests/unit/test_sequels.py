"""Sequels by number: `die hard 3` is the third film of the series."""

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
