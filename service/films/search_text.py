"""What the database can be searched by when no index answers: a film's terms as two texts.

The words are those of the index (folded, numbers both ways, neighbours and whole titles run
together), each with a blank on both sides, so that a word is `' word '` and a beginning `' word'`.
Names that filters compare, and words of people that are looked for only when asked, have a text of
their own, each behind a mark that says what it is: there they neither turn up as words of a title
nor make a film look like a query that means another one.
"""

from collections.abc import Sequence
from typing import Literal, TypedDict

from service.film_fields import NameFilter
from service.text.analysis import joined_pairs, tokenize
from service.text.titles import compact_key, full_title_keys, title_index_forms

SearchTextColumn = Literal["plaintext", "nametext"]
"""The columns of a film's row that hold the texts."""

NAME_PREFIXES: dict[NameFilter, str] = {
    "director": "@",
    "genre": "#",
    "language": "~",
    "country": "^",
}
WRITER_PREFIX = "="


class SearchTexts(TypedDict):
    """Both texts, by column."""

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
) -> SearchTexts:
    """The texts of a film; pure, so a row's texts are the same wherever they are worked out."""
    titles = [tokenize(each) for each in (title, *aliases)]
    found = [form for each in titles for form in title_index_forms(each)]
    found += [word for name in directors for word in tokenize(name)]
    found += [form for each in titles for form in (*joined_pairs(each), *full_title_keys(each))]
    named: dict[NameFilter, Sequence[str]] = {
        "director": directors,
        "genre": genres,
        "language": languages,
        "country": countries,
    }
    names = [
        NAME_PREFIXES[name] + compact_key(each) for name, theirs in named.items() for each in theirs
    ]
    names += [WRITER_PREFIX + word for name in writers for word in tokenize(name)]
    return {"plaintext": _text(found), "nametext": _text(names)}


def parse_writer_words(nametext: str) -> list[str]:
    """The words of the writers in a text of names."""
    return [
        word[len(WRITER_PREFIX) :] for word in nametext.split() if word.startswith(WRITER_PREFIX)
    ]


def _text(found: Sequence[str]) -> str:
    return f" {' '.join(dict.fromkeys(found))} " if found else ""
