"""The vocabulary: all words of the index in memory, for look-ups of misspelt words.

Typos are expanded here, and engines get exact terms only. That makes both engines fast and equal,
and it tells which words exist, for did-you-mean. Names of people that are searched only on request
(the cast, the writers) are kept apart in `Vocabulary.names`. They are the largest part, and must
not slow down a search of titles and directors or displace words from its expansions.
"""

from collections.abc import Iterable, Iterator

from service.resilience.work_budget import WorkBudget
from service.search.index.term_kinds import TermKind
from service.search.vocabulary.fuzzy_term_index import FuzzyTermIndex, NearTerm

TITLE, ALIAS, DIRECTOR, CAST, JOINED, FULL_TITLE, WRITER = 1, 2, 4, 8, 16, 32, 64
"""The bits of a field mask."""

_FIELD_BITS: dict[str, int] = {
    TermKind.TITLE.value: TITLE,
    TermKind.ALIAS.value: ALIAS,
    TermKind.DIRECTOR.value: DIRECTOR,
    TermKind.CAST.value: CAST,
    TermKind.JOINED.value: JOINED,
    TermKind.FULL_TITLE.value: FULL_TITLE,
    TermKind.WRITER.value: WRITER,
}

_NAME_FIELDS = CAST | WRITER


class Vocabulary:
    """All words of the index with their field masks.

    The look-ups of this class know titles and directors; `names` knows the other people. Look-ups
    may run in any thread. `add` and `merge_pending` must not run concurrently with themselves.
    """

    def __init__(self) -> None:
        self._words = FuzzyTermIndex()
        self.names = FuzzyTermIndex()

    def __len__(self) -> int:
        return len(self._words) + len(self.names)

    def within(self, budget: WorkBudget) -> "Vocabulary":
        """Return the words as they are now; expansions are charged, then left out."""
        view = object.__new__(type(self))  # as in `FuzzyTermIndex.within`
        view._words, view.names = self._words.within(budget), self.names.within(budget)
        return view

    def add(self, words: Iterable[str]) -> None:
        """Add words, each behind the letter of its `TermKind`; see `FuzzyTermIndex.add`."""
        masked_words = list(_parse_words(words))
        self._words.add(word for word in masked_words if not word[1] & _NAME_FIELDS)
        self.names.add(word for word in masked_words if word[1] & _NAME_FIELDS)

    @property
    def needs_merge(self) -> bool:
        """Whether enough words are pending for `merge_pending` to be worth its 20 ms."""
        return self._words.needs_merge or self.names.needs_merge

    def bulk_load_start(self) -> None:
        """Remove all words, to load those of a whole catalogue.

        Call `bulk_load_add` for each page of words next, then `bulk_load_finish`.
        """
        self._words.bulk_load_start()
        self.names.bulk_load_start()

    def bulk_load_add(self, words: Iterable[str]) -> None:
        """Add words, each behind the letter of its `TermKind`; blocks, so run it in a thread."""
        masked_words = list(_parse_words(words))
        self._words.bulk_load_add(word for word in masked_words if not word[1] & _NAME_FIELDS)
        self.names.bulk_load_add(word for word in masked_words if word[1] & _NAME_FIELDS)

    def bulk_load_finish(self) -> None:
        """Make the loaded words searchable; blocks, so run it in a thread."""
        self._words.bulk_load_finish()
        self.names.bulk_load_finish()

    def merge_pending(self) -> None:
        """Move the pending words into the index; blocks, so run it in a thread or at start."""
        self._words.merge_pending()
        self.names.merge_pending()

    def __contains__(self, word: str) -> bool:
        """Return whether the word exists; cheaper than `fields_of`."""
        return word in self._words

    def fields_of(self, word: str) -> int:
        """Return the mask of the fields in which `word` occurs; 0 if it is unknown."""
        return self._words.fields_of(word)

    def is_film_word(self, word: str) -> bool:
        """Return whether `word` is a word of a title or of a director's name."""
        return word in self._words and bool(self.fields_of(word) & (TITLE | ALIAS | DIRECTOR))

    def has_prefix(self, prefix: str) -> bool:
        """Return whether any word starts with `prefix`."""
        return self._words.has_prefix(prefix)

    def expand(self, word: str, edits: int = 1, prefix: bool = False) -> tuple[NearTerm, ...]:
        """Return words near `word`, or with `prefix` near prefixes; see `FuzzyTermIndex.expand`."""
        return self._words.expand(word, edits, prefix)


def _parse_words(words: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the words with their field masks; skip unknown kinds and empty words."""
    for word in words:
        if (field_bit := _FIELD_BITS.get(word[:1], 0)) and len(word) > 1:
            yield word[1:], field_bit
