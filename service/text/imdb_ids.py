"""IMDb ids of titles: `tt` and seven to nine digits."""

import re

IMDB_ID_PATTERN = r"tt\d{7,9}"
IMDB_ID = re.compile(IMDB_ID_PATTERN, re.ASCII)


def is_imdb_id(text: str) -> bool:
    """Return whether `text` is an IMDb id and nothing else."""
    return IMDB_ID.fullmatch(text) is not None
