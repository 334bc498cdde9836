"""Why a film is a hit, in plain words: the `why` of a result."""

from collections.abc import Sequence

from service.film_fields import FilmRow
from service.search.highlights import Match
from service.search.query.parser import Query
from service.text.analysis import tokenize


def explain_match(query: Query, film: FilmRow, matches: Sequence[Match]) -> str:
    """Return why the film is a hit, in plain words."""
    if query.imdb_id is not None:
        return "its IMDb id"
    if "".join(tokenize(film.title)) in ("".join(query.words), "".join(query.core)):
        return f"title ‘{film.title}’ in full"
    reasons = list(dict.fromkeys(match.explanation for match in matches))
    if query.year is not None and not any(m.text == str(query.year) for m in matches):
        reasons += [f"year {film.year}"] if film.year == query.year else []
    return "; ".join(reasons) or "similar letters"
