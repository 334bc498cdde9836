"""The keys under which responses with one film are cached."""

import pytest

from service.films.http_responses import to_cache_key


@pytest.mark.parametrize("title", ["Jaws\n1975\n", "Jaws\n1975\nmovie", 'Jaws", 1975, null'])
def test_a_title_never_shares_a_key_with_another_title_and_year(title: str) -> None:
    keys = {to_cache_key("Jaws", 1975), to_cache_key("Jaws", 1975, "movie"), to_cache_key("Jaws")}
    assert len(keys) == 3
    assert to_cache_key(title) not in keys


def test_an_id_has_one_key_in_any_letter_case() -> None:
    assert to_cache_key("TT0073195") == to_cache_key("tt0073195")


def test_a_title_of_half_a_character_has_a_key_that_can_be_encoded() -> None:
    assert to_cache_key("\ud800").encode()
