"""The words that the index holds, in memory, asked for those near a misspelt one.

Expanding typos here and giving engines exact terms only is what makes both engines fast and alike,
and it tells which words exist, for did-you-mean. Names of people that are looked for only when
asked (`names`: the cast, writers) are kept apart: there are more of them than of anything else, and
no search for titles and directors may pay for them, neither in time nor with a word that one of
them hides."""

from collections.abc import Iterable, Iterator

from service.search.vocabulary.fuzzy_term_index import FuzzyTermIndex, NearTerm

TITLE, ALIAS, DIRECTOR, CAST, JOINED, FULL_TITLE, WRITER = 1, 2, 4, 8, 16, 32, 64
TERM_KINDS = {
    "t": TITLE, "a": ALIAS, "d": DIRECTOR, "c": CAST, "j": JOINED, "w": FULL_TITLE, "s": WRITER,
}  # fmt: skip
"""Where a word stands; a word in several places has the sum. The letters are those of
`MovieDocument.vocabulary_words`.
"""

_NAME_FIELDS = CAST | WRITER


class Vocabulary:
    """All words of the index. Look-ups may run in any thread; `add` and `settle` must not overlap
    themselves. What it tells is of titles and directors; `names` tells of the other people.
    """

    def __init__(self) -> None:
        self._words = FuzzyTermIndex()
        self.names = FuzzyTermIndex()

    def __len__(self) -> int:
        return len(self._words) + len(self.names)

    def add(self, words: Iterable[str]) -> None:
        """Learn words, each behind the letter of its place; see `FuzzyTermIndex.add`."""
        known = list(_placed(words))
        self._words.add(each for each in known if not each[1] & _NAME_FIELDS)
        self.names.add(each for each in known if each[1] & _NAME_FIELDS)

    @property
    def needs_merge(self) -> bool:
        """Whether enough words have arrived for `settle` to be worth its 20 ms."""
        return self._words.needs_merge or self.names.needs_merge

    def bulk_load_start(self) -> None:
        """Forget all words, to load those of a whole catalogue: pages by `load`, then `end`."""
        self._words.bulk_load_start()
        self.names.bulk_load_start()

    def bulk_load_add(self, words: Iterable[str]) -> None:
        """Take some of them in, each behind its place; blocks, for a thread."""
        known = list(_placed(words))
        self._words.bulk_load_add(each for each in known if not each[1] & _NAME_FIELDS)
        self.names.bulk_load_add(each for each in known if each[1] & _NAME_FIELDS)

    def bulk_load_finish(self) -> None:
        """Make what was loaded known; blocks, for a thread."""
        self._words.bulk_load_finish()
        self.names.bulk_load_finish()

    def merge_pending(self) -> None:
        """Sort the words that arrived into the index. Blocks: for a thread, or for a start."""
        self._words.merge_pending()
        self.names.merge_pending()

    def __contains__(self, word: str) -> bool:
        """Whether there is such a word: cheaper than to ask where."""
        return word in self._words

    def fields_of(self, word: str) -> int:
        """Where `word` stands, as a sum of places; 0 when it is unknown."""
        return self._words.fields_of(word)

    def has_prefix(self, beginning: str) -> bool:
        """Whether any word starts with `beginning`."""
        return self._words.has_prefix(beginning)

    def expand(self, word: str, edits: int = 1, prefix: bool = False) -> tuple[NearTerm, ...]:
        """Return terms near `word`, or near beginnings; see `FuzzyTermIndex.expand`."""
        return self._words.expand(word, edits, prefix)


def _placed(words: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The words of known places."""
    for marked in words:
        if (place := TERM_KINDS.get(marked[:1], 0)) and len(marked) > 1:
            yield marked[1:], place
