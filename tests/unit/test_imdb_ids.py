"""IMDb ids in the ways in which people and files write them."""

import pytest

from service.text.imdb_ids import is_imdb_id, normalize_imdb_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tt0038675", "tt0038675"),
        ("TT0038675", "tt0038675"),
        ("tt00038675", "tt0038675"),
        ("tt0000038675", "tt0038675"),
        ("tt11280740", "tt11280740"),
        ("tt1", "tt1"),
        ("tt1234567890", "tt1234567890"),
        ("tt٠٠٣٨٦٧٥", "tt٠٠٣٨٦٧٥"),
        ("nm0000001", "nm0000001"),
    ],
)
def test_an_imdb_id_is_normalized_and_other_text_is_left_alone(text: str, expected: str) -> None:
    assert normalize_imdb_id(text) == expected


def test_an_imdb_id_has_ascii_digits_only() -> None:
    assert is_imdb_id("tt0038675")
    assert not is_imdb_id("tt٠٠٣٨٦٧٥")
