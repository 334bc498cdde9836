"""The addresses of a film: its id, and its IMDb id, each in any letter case."""

from service.text.imdb_ids import parse_imdb_id
from service.text.uuids import parse_uuid


def to_address(text: str) -> str | None:
    """Return the id or the IMDb id that `text` is, in its usual form; None for any other text."""
    film_id = parse_uuid(text)
    return str(film_id) if film_id else parse_imdb_id(text)
