"""IMDb ids of titles: `tt` and seven to nine ASCII digits."""

import re

IMDB_ID_PATTERN = r"tt[0-9]{7,9}"
IMDB_ID = re.compile(IMDB_ID_PATTERN)
_LOOSE_IMDB_ID = re.compile(r"tt0*([0-9]{1,9})", re.IGNORECASE)
_ID_IN_TEXT = re.compile(r"(?<![^\W_])tt[0-9]{7,9}(?![^\W_])", re.IGNORECASE)
_MIN_DIGITS = 7


def is_imdb_id(text: str) -> bool:
    """Return whether `text` is an IMDb id and nothing else."""
    return IMDB_ID.fullmatch(text) is not None


def normalize_imdb_id(text: str) -> str:
    """Return an IMDb id as IMDb writes it: `TT00038675` gives `tt0038675`.

    Any other text is returned as it is.
    """
    match = _LOOSE_IMDB_ID.fullmatch(text)
    if match is None or len(text) - 2 < _MIN_DIGITS:
        return text
    return f"tt{match[1].zfill(_MIN_DIGITS)}"


def parse_imdb_id(text: str) -> str | None:
    """Return the IMDb id that `text` is, as IMDb writes it; None for any other text."""
    normalized = normalize_imdb_id(text)
    return normalized if is_imdb_id(normalized) else None


def find_imdb_id(text: str) -> str | None:
    """Return the first IMDb id in a text, as IMDb writes it: in an address, in quotes."""
    match = _ID_IN_TEXT.search(text)
    return normalize_imdb_id(match[0]) if match else None
