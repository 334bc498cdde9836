"""The match level: how much of a query one film explains.

Each word of the query, without stop words and noise words, is explained by a title, a name or the
year: as typed, written another way (a number, an abbreviation, joined or split), as the beginning
of the last word, or within the typo budget. A film explains `all` of them, `some`, or none: then
its letters are only `similar`. Where typos are needed, a film counts as `all` only if the whole
query is similar to its title and the matching names. Otherwise any absent film would have a
neighbour that is one letter away in each word.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Final, Literal

from rapidfuzz.distance import OSA

from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.query.synonyms import abbreviation_counterpart
from service.search.query.typo_budget import ONE_EDIT, TWO_EDITS, max_edits
from service.search.ranking.candidates import Candidate, Title
from service.text import numerals
from service.text.analysis import is_unspaced, joined_pairs
from service.text.titles import full_title_keys, umlaut_readings

MatchLevel = Literal["all", "some", "similar"]

MATCH_LEVELS: Final[tuple[MatchLevel, ...]] = ("all", "some", "similar")
"""The best level first."""

MIN_MISSPELT_SIMILARITY = 0.8  # of the whole query and the title with the names, if it has typos


def best_level(levels: Iterable[MatchLevel]) -> MatchLevel | None:
    """Return the best of the levels; None if there are none."""
    return min(levels, key=MATCH_LEVELS.index, default=None)


@dataclass(frozen=True)  # no slots: cached properties need a `__dict__`
class _QueryWord:
    """A word of the query, or two run together, and what it may stand for.

    `similar` has the films' words that resemble it; words within the typo budget are among them.
    """

    word: str
    is_last: bool
    similar: dict[str, float]
    is_pair: bool = False

    @cached_property
    def exact_forms(self) -> frozenset[str]:
        """The words that are this word: as typed, written another way, or begun by it."""
        forms = {self.word}
        if not self.is_pair:
            digits = numerals.to_digits(self.word)
            forms.update((digits, *numerals.leet_readings(self.word)))
            forms.update(numerals.equivalent_forms(digits) if digits.isdigit() else ())
            if counterpart := abbreviation_counterpart(self.word):
                forms.add(counterpart)
        if self.is_last:
            forms.update(word for word in self.similar if word.startswith(self.word))
        forms.update(umlaut_readings(self.word))
        if is_unspaced(self.word):
            forms.update(word for word in self.similar if self.word in word)
        return frozenset(forms)

    @cached_property
    def misspelt_forms(self) -> tuple[str, ...]:
        """The words within the typo budget, the nearest first."""
        edits = min(ONE_EDIT if self.is_pair else TWO_EDITS, max_edits(self.word))
        if not edits:
            return ()
        digits = _digits_of(self.word)
        distances = {
            other: distance
            for other in self.similar
            if (distance := OSA.distance(self.word, other, score_cutoff=edits)) <= edits
            and _digits_of(other) == digits  # another number is no typo
        }
        return tuple(sorted(distances, key=lambda other: (distances[other], other)))


def _digits_of(word: str) -> str:
    return "" if word.isalpha() else "".join(filter(str.isdigit, word))


def is_unknown(_: str) -> bool:
    """Return False for every word: which words exist is not known here."""
    return False


class LevelJudge:
    """Tells the match levels of candidates for one query.

    Args:
        similarities: for each word of `query.words`, the films' words that resemble it.
        pair_similarities: the same for neighbouring words run together.
        is_known: whether any film has a word; such a word is not taken for a misspelt one where
            that would make a film have `all` words.
    """

    def __init__(
        self,
        query: Query,
        similarities: Sequence[dict[str, float]],
        pair_similarities: Sequence[dict[str, float]],
        is_known: Callable[[str], bool] = is_unknown,
    ) -> None:
        words = query.words
        content = [word for word in query.core if word not in query.minor_words] or query.core
        self._content = [place for place, word in enumerate(words) if word in content]
        numbers = {place for place in self._content if numerals.is_number(words[place])}
        # A number alone tells no film, if other words were typed.
        self._telling = frozenset(self._content) - numbers or numbers
        last = max(self._content)
        self._words = [
            _QueryWord(word, place == last, similar)
            for place, (word, similar) in enumerate(zip(words, similarities, strict=True))
        ]
        self._pairs = [
            _QueryWord(pair, place == last - 1, similar, is_pair=True)
            for place, (pair, similar) in enumerate(
                zip(joined_pairs(list(words)), pair_similarities, strict=True)
            )
        ]
        forms = (full_title_keys(list(form)) for form in (query.core, query.words))
        self._full_titles = frozenset(chain.from_iterable(forms))
        self._is_known = is_known
        self._levels: dict[str, MatchLevel] = {}
        self.title_runs = query.title_runs
        self._core = [place for place, word in enumerate(words) if word in query.core]

    def level(self, candidate: Candidate) -> MatchLevel:
        """Return how much of the query the film explains."""
        if (level := self._levels.get(candidate.film_id)) is None:
            level = self._levels[candidate.film_id] = self._judge(candidate)
        return level

    def _judge(self, candidate: Candidate) -> MatchLevel:
        titles = candidate.titles
        if any(not self._full_titles.isdisjoint(title.keys) for title in titles):
            return "all"
        exact, misspelt = self.explain(candidate)
        missing = [place for place in self._content if place not in exact]
        if not missing or self._are_initials(missing, titles):
            return "all"
        if len(misspelt) == len(missing) and not self.is_any_known(misspelt):
            film_words = exact | misspelt
            if any(self._is_similar(candidate, title, film_words) for title in titles):
                return "all"
        if any(place in self._telling for place in (*exact, *misspelt)):
            return "some"
        is_whole = any(not self.title_runs.isdisjoint(title.bare_keys) for title in titles)
        return "some" if is_whole else "similar"

    def explain(self, candidate: Candidate) -> tuple[dict[int, str], dict[int, str]]:
        """Return the film's words for the content words of the query, by position.

        Returns:
            Those that are exact, then those that may be misspelt.
        """
        year = () if candidate.year is None else (str(candidate.year),)
        titles = candidate.titles
        words = candidate.plot_words.union(
            candidate.name_words, year, *(title.words for title in titles)
        )
        exact = self._explain_exactly(words, words.union(*(title.pairs for title in titles)))
        missing = [place for place in self._content if place not in exact]
        return exact, self._explain_misspelt(missing, words) if missing else {}

    @property
    def content_count(self) -> int:
        """How many words of the query a film has to explain."""
        return len(self._content)

    def is_any_known(self, places: Iterable[int]) -> bool:
        """Return whether any film has one of these words as it is typed."""
        return any(self._is_known(self._words[place].word) for place in places)

    def _are_initials(self, places: Sequence[int], titles: Iterable[Title]) -> bool:
        words = {self._words[place].word for place in places}
        return any(words <= title.initials for title in titles)

    def _explain_exactly(self, words: frozenset[str], terms: frozenset[str]) -> dict[int, str]:
        """Return the film's words for those content words that it has, by position.

        Args:
            terms: the words, and neighbouring words run together, which must be typed in full.
        """
        film_words: dict[int, str] = {}
        for place in self._content:
            if (word := self._words[place].word) in terms:
                film_words[place] = word
                continue
            for form in (self._words[place], *self._pairs_with(place)):
                if shared := form.exact_forms & words:
                    film_words[place] = min(shared, key=lambda word: (len(word), word))
                    break
        return film_words

    def _explain_misspelt(self, places: Sequence[int], words: frozenset[str]) -> dict[int, str]:
        """Return the film's words that these content words may be, within the typo budget."""
        film_words: dict[int, str] = {}
        for place in places:
            forms = (self._words[place], *self._pairs_with(place))
            near = (word for form in forms for word in form.misspelt_forms if word in words)
            if (film_word := next(near, None)) is not None:
                film_words[place] = film_word
        return film_words

    def _pairs_with(self, place: int) -> Sequence[_QueryWord]:
        """Return the pairs of neighbouring words to which a word belongs."""
        return self._pairs[max(0, place - 1) : place + 1]

    def _is_similar(self, candidate: Candidate, title: Title, film_words: dict[int, str]) -> bool:
        """Return whether the whole query is similar to the title with the names that match.

        The film's words are put into the order of the query; what was not typed of the title comes
        behind them, or of the names if no word of the title matches.
        """
        typed = "".join(self._words[place].word for place in self._core)
        aligned: list[str] = []
        for place in self._core:
            word = film_words.get(place)
            if word is None:  # a stop word
                word = self._words[place].word
                aligned += [word] if word in title.terms else []
            elif word not in aligned:  # a pair is there only once
                aligned.append(word)
        covered = set(aligned)
        for pair, words in zip(title.pairs, pairwise(title.words), strict=True):
            covered.update(words if pair in covered else ())
        rest = [word for word in title.words if word not in covered]
        if len(rest) == len(title.words):
            names = [name for name in candidate.directors if not set(name).isdisjoint(aligned)]
            rest = [w for name in names for w in name if w not in aligned]
        text = "".join([*aligned, *(w for w in rest if w not in STOP_WORDS)])
        similarity = OSA.normalized_similarity(typed, text, score_cutoff=MIN_MISSPELT_SIMILARITY)
        return similarity >= MIN_MISSPELT_SIMILARITY
