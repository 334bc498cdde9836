"""The two texts of a film by which the database can be searched while the engine is unavailable.

Both hold terms as in the index (folded, numbers in both forms, neighbouring words and full titles
run together), each between spaces: a word is `' word '`, the beginning of a word is `' word'`.

`plaintext` holds the words of titles and directors. `nametext` holds the names that filters
compare, and the words of writers and actors, each term with a prefix that says what it is. They are
separate so that they are not taken for words of a title, and do not make a film look like a match
for another film's title.
"""

from collections.abc import Sequence
from typing import Literal, TypedDict

from service.film_fields import NameFilter
from service.text.analysis import joined_pairs, tokenize
from service.text.titles import (
    compact_key,
    full_title_keys,
    name_index_forms,
    spelt_out_words,
    title_index_forms,
)

SearchTextColumn = Literal["plaintext", "nametext"]

SEARCH_TEXT_SOURCES = (
    "title", "aliases", "directors", "writers", "actors", "genres", "languages", "countries",
)  # fmt: skip
"""The columns from which the texts are built."""

NAME_PREFIXES: dict[NameFilter, str] = {
    "director": "@",
    "writer": "<",
    "actor": ">",
    "genre": "#",
    "language": "~",
    "country": "^",
}
WRITER_PREFIX = "="
ACTOR_PREFIX = "+"


class SearchTexts(TypedDict):
    """Both texts by column."""

    plaintext: str
    nametext: str


def build_search_texts(
    *,
    title: str,
    aliases: Sequence[str],
    directors: Sequence[str],
    writers: Sequence[str],
    genres: Sequence[str],
    languages: Sequence[str],
    countries: Sequence[str],
    actors: Sequence[str] = (),
) -> SearchTexts:
    """Build the texts of a film. A pure function: migrations call it, too."""
    titles = [tokenize(text) for text in (title, *aliases)]
    titles += filter(None, map(spelt_out_words, (title, *aliases)))
    terms = [form for title_words in titles for form in title_index_forms(title_words)]
    terms += [word for name in directors for word in name_index_forms(name)]
    terms += [
        form
        for title_words in titles
        for form in (*joined_pairs(title_words), *full_title_keys(title_words))
    ]
    names: dict[NameFilter, Sequence[str]] = {
        "director": directors,
        "writer": writers,
        "actor": actors,
        "genre": genres,
        "language": languages,
        "country": countries,
    }
    name_terms = [
        NAME_PREFIXES[filter_name] + compact_key(value)
        for filter_name, values in names.items()
        for value in values
    ]
    name_terms += [WRITER_PREFIX + word for name in writers for word in tokenize(name)]
    name_terms += [ACTOR_PREFIX + word for name in actors for word in tokenize(name)]
    return {"plaintext": _join_terms(terms), "nametext": _join_terms(name_terms)}


def parse_name_words(nametext: str, prefix: str) -> list[str]:
    """Return the words of the writers, or of the actors, in a `nametext`."""
    return [term[len(prefix) :] for term in nametext.split() if term.startswith(prefix)]


def _join_terms(terms: Sequence[str]) -> str:
    return f" {' '.join(dict.fromkeys(terms))} " if terms else ""
