"""Films prepared for ranking, so that no query has to prepare the same film again."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10

from service.search.index.document import MAX_PLOT_WORDS
from service.search.query.noise import STOP_WORDS
from service.search.query.parser import STOP_WORD_WEIGHT
from service.text import numerals
from service.text.analysis import initials, joined_pairs, tokenize, without_article

ALIAS_WEIGHT = 0.97  # weight of another title; the main title has 1
MAX_VOTES_LOG10 = 7  # ten million votes and more count as 1


@dataclass(frozen=True, slots=True)
class Title:
    """One title of a film.

    Attributes:
        text: the title as it is written.
        weights: one weight per word; `total_weight` is their sum, 1 without words.
        pairs: neighbouring words run together.
        terms: all words and pairs.
        bare_keys: the full title without spaces and leading article, as it is and with digits.
        compact_key: the full title without spaces, with its article.
        keys: `compact_key` and `bare_keys`.
        weight: what a score of this title counts.
    """

    text: str
    words: tuple[str, ...]
    weights: tuple[float, ...]
    total_weight: float
    pairs: tuple[str, ...]
    terms: frozenset[str]
    bare_keys: tuple[str, ...]
    compact_key: str
    keys: tuple[str, ...]
    numbers: frozenset[str]
    initials: frozenset[str]
    weight: float

    @classmethod
    def from_text(cls, title: str, weight: float) -> "Title":
        """Prepare a title."""
        words = tokenize(title)
        normalized = numerals.normalize_numerals(words)
        weights = tuple([STOP_WORD_WEIGHT if word in STOP_WORDS else 1.0 for word in words])
        pairs = tuple(joined_pairs(words))
        compact_key = "".join(words)
        bare_keys = dict.fromkeys("".join(without_article(form)) for form in (words, normalized))
        return cls(
            text=title,
            words=tuple(words),
            weights=weights,
            total_weight=sum(weights) or 1.0,  # no word if nothing in it can be seen
            pairs=pairs,
            terms=frozenset((*words, *pairs)),
            bare_keys=tuple(bare_keys),
            compact_key=compact_key,
            keys=tuple(dict.fromkeys((compact_key, *bare_keys))),
            numbers=frozenset(word for word in normalized if word.isdigit()),
            initials=frozenset(initials(title, words)),
            weight=weight,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A film that can be ranked.

    Attributes:
        votes: from 0 for no votes to 1 for ten million, on a logarithmic scale.
        names: the directors' names as they are written.
        directors: the words of each director's name.
        name_words: the words of all names, each once.
        name_keys: each full name without spaces.
        plot_words: the words of the plot, if it is searched.
        term_count: how many words and pairs ranking compares with each word of a query.
    """

    film_id: str
    version: int
    year: int | None
    votes: float
    titles: tuple[Title, ...]
    names: tuple[str, ...]
    directors: tuple[tuple[str, ...], ...]
    name_words: tuple[str, ...]
    name_keys: tuple[str, ...]
    term_count: int
    plot_words: frozenset[str] = frozenset()

    @classmethod
    def from_facts(
        cls,
        *,
        film_id: str,
        version: int,
        title: str,
        aliases: Iterable[str],
        directors: Iterable[str],
        year: int | None,
        votes: int | None,
        plot: str | None = None,
    ) -> "Candidate":
        """Prepare a film from its facts."""
        written_names = tuple(directors)
        names = tuple(tuple(tokenize(name)) for name in written_names)
        name_words = tuple(dict.fromkeys(word for name in names for word in name))
        titles = (
            Title.from_text(title, 1.0),
            *(Title.from_text(alias, ALIAS_WEIGHT) for alias in aliases),
        )
        return cls(
            film_id=film_id,
            version=version,
            year=year,
            votes=min(1.0, log10(1 + (votes or 0)) / MAX_VOTES_LOG10),
            titles=titles,
            names=written_names,
            directors=names,
            name_words=name_words,
            name_keys=tuple("".join(name) for name in names),
            term_count=len(name_words) + sum(len(title.terms) for title in titles),
            plot_words=frozenset(tokenize(plot)[:MAX_PLOT_WORDS]) if plot else frozenset(),
        )
