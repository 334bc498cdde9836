"""What the database can be searched by when no index answers: a film's terms as one text.

The words are those of the index (folded, numbers both ways, neighbours and whole titles run
together), each with a blank on both sides, so that a word is `' word '` and a beginning `' word'`.
Behind them stand the names that filters compare, `@` before a director and `#` before a genre,
which no folded word begins with unless it is a title of signs.
"""

from collections.abc import Sequence

from service.search.document import indexed_forms, wholes
from service.search.selection import squeezed
from service.search.text import joined, words

DIRECTOR, GENRE = "@", "#"


def plaintext(
    *, title: str, aliases: Sequence[str], directors: Sequence[str], genres: Sequence[str]
) -> str:
    """The text of a film; pure, so a row's text is the same wherever it is worked out."""
    titles = [words(each) for each in (title, *aliases)]
    found = [form for each in titles for form in indexed_forms(each)]
    found += [word for name in directors for word in words(name)]
    found += [form for each in titles for form in (*joined(each), *wholes(each))]
    found += [DIRECTOR + squeezed(name) for name in directors]
    found += [GENRE + squeezed(name) for name in genres]
    return f" {' '.join(dict.fromkeys(found))} "
