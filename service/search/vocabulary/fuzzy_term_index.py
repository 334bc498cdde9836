"""An in-memory index of words, with the fields in which each occurs, for fuzzy look-ups.

The words are in a small in-memory tantivy index, because its automaton over a sorted dictionary
answers in 0.1 ms among 80,000 words and in 0.3 ms among a million. Words that arrive later are
searched one by one until there are enough of them to be worth a commit.
"""

from array import array
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

import tantivy
from rapidfuzz.distance import OSA

from service.resilience.work_budget import WorkBudget

MAX_FIELDS_PER_TERM = 8  # a field is one bit of a byte
MAX_FUZZY_LENGTH = 100  # letters; no longer word is indexed
MAX_DISTINCT_LETTERS = 64  # of a word; with 200 its automaton takes 100 times as long
MAX_NEAR_TERMS = 64  # words returned by one expansion; the nearest are kept
MAX_FUZZY_HITS = 400  # words compared in one expansion; a short prefix is near to thousands
MAX_PENDING_TERMS = 500  # words that are searched one by one: 0.1 ms
MAX_CACHED_EXPANSIONS = 4_096  # dropped when a new word arrives
ONE_EDIT_WORK, TWO_EDITS_WORK, PREFIX_WORK = 120, 1_000, 1_200  # units, for one expansion
LETTERS_OF_ONE_WORK = 32  # distinct letters; with twice as many, an expansion takes twice as long
WRITER_HEAP_BYTES = 30_000_000
BULK_HEAP_BYTES = 100_000_000  # for the load at start: fewer segments make faster look-ups


class NearTerm(NamedTuple):
    """An existing word, or prefix of a word, that is `edits` letters away (a swap is one edit)."""

    word: str
    edits: int
    field_mask: int


class FuzzyTermIndex:
    """Words with their field masks.

    Look-ups may run in any thread. `add` and `merge_pending` must not run concurrently with
    themselves. They replace the pending words instead of changing them, since a look-up may be
    going through them, and a view keeps them.
    """

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("word", tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("ordinal", fast=True)
        self._schema = builder.build()
        self._pending: dict[str, int] = {}
        self._expansions: dict[tuple[str, int, bool], tuple[NearTerm, ...]] = {}
        self._merge_lock, self._pending_lock = Lock(), Lock()
        self._bulk_writer: tantivy.IndexWriter | None = None
        self._budget: WorkBudget | None = None
        self.known_fields = self._loaded_fields = 0
        """The mask of all fields in which any word occurs; 0 during a bulk load."""
        self._clear()

    def __len__(self) -> int:
        return len(self._field_masks) + len(self._pending)

    def within(self, budget: WorkBudget) -> "FuzzyTermIndex":
        """Return the words as they are now; expansions are charged, then left out."""
        view = object.__new__(type(self))  # `copy` takes five times as long, for each plan
        vars(view).update(vars(self), _budget=budget)
        return view

    def add(self, words: Iterable[tuple[str, int]]) -> None:
        """Add words with their field masks.

        This is cheap. The words are found at once; `merge_pending` moves them into the index.
        """
        changed = False
        with self._pending_lock:
            pending = dict(self._pending)
            for word, field_mask in words:
                self.known_fields |= field_mask
                if ordinals := self._find_ordinals(word):
                    if not self._combine_masks(ordinals) & field_mask:
                        self._field_masks[ordinals[0]] |= field_mask
                        changed = True
                elif not pending.get(word, 0) & field_mask:
                    pending[word] = pending.get(word, 0) | field_mask
                    changed = True
            self._pending = pending
        if changed:
            self._expansions = {}

    @property
    def needs_merge(self) -> bool:
        """Whether enough words are pending for `merge_pending` to be worth its 20 ms."""
        return len(self._pending) > MAX_PENDING_TERMS

    def bulk_load_start(self) -> None:
        """Remove all words, to load those of a whole catalogue.

        Call `bulk_load_add` for each page of words next, then `bulk_load_finish`.
        """
        self._clear()
        self._bulk_writer = self._index.writer(BULK_HEAP_BYTES, 1)

    def bulk_load_add(self, words: Iterable[tuple[str, int]]) -> None:
        """Add words with their field masks during a bulk load; blocks, so run it in a thread.

        A word of several fields gets several entries, which look-ups combine: to look for each word
        while millions are loaded would take minutes.
        """
        assert self._bulk_writer is not None
        for word, field_mask in words:
            self._loaded_fields |= field_mask
            self._append(self._bulk_writer, word, field_mask)

    def bulk_load_finish(self) -> None:
        """Make the loaded words searchable; blocks, so run it in a thread."""
        assert self._bulk_writer is not None
        self._commit(self._bulk_writer)
        self._bulk_writer = None
        self.known_fields = self._loaded_fields

    def merge_pending(self) -> None:
        """Move the pending words into the index; blocks, so run it in a thread or at start."""
        with self._merge_lock:
            pending = self._pending
            if not pending:
                return
            writer = self._index.writer(WRITER_HEAP_BYTES, 1)
            for word, field_mask in pending.items():
                self._append(writer, word, field_mask)
            self._commit(writer)
            first_ordinal = len(self._field_masks) - len(pending)
            with self._pending_lock:
                rest = dict(self._pending)
                for ordinal, word in enumerate(pending, first_ordinal):
                    # `add` may have found more fields of the word meanwhile.
                    self._field_masks[ordinal] |= rest.pop(word, 0)
                self._pending = rest

    def surely_absent(self, word: str, field_mask: int) -> bool:
        """Return whether `word` certainly does not occur in the fields of `field_mask`.

        This is certain only if other words of these fields are known.
        """
        return bool(self.known_fields & field_mask) and not self.fields_of(word) & field_mask

    def __contains__(self, word: str) -> bool:
        """Return whether the word exists; cheaper than `fields_of`."""
        return word in self._pending or self._searcher.doc_freq("word", word) > 0

    def fields_of(self, word: str) -> int:
        """Return the mask of the fields in which `word` occurs; 0 if it is unknown."""
        if field_mask := self._pending.get(word):
            return field_mask
        return self._combine_masks(self._find_ordinals(word))

    def has_prefix(self, prefix: str) -> bool:
        """Return whether any word starts with `prefix`."""
        if self._searcher.terms_with_prefix("word", prefix, limit=1):
            return True
        return any(word.startswith(prefix) for word in self._pending)

    def expand(self, word: str, edits: int = 1, prefix: bool = False) -> tuple[NearTerm, ...]:
        """Return the words within `edits` (1 or 2) of `word`, but not `word` itself.

        With `prefix`, return the nearest prefixes of words instead. The nearest come first, then
        those with the same first letter; at most `MAX_NEAR_TERMS`. A word that is longer than any
        indexed one, or has more different letters than any title, is near to none.
        """
        if len(word) > MAX_FUZZY_LENGTH or len(set(word)) > MAX_DISTINCT_LETTERS:
            return ()
        if self._budget is not None and not _spend(self._budget, word, edits, prefix):
            return ()
        key = (word, edits, prefix)
        expansions = self._expansions
        if (near := expansions.get(key)) is None:
            near = self._expand_prefix(word, edits) if prefix else self._expand_word(word, edits)
            if len(expansions) >= MAX_CACHED_EXPANSIONS:
                expansions.clear()
            expansions[key] = near
        return near

    def _expand_word(self, word: str, edits: int) -> tuple[NearTerm, ...]:
        near = [
            NearTerm(candidate, distance, field_mask)
            for candidate, field_mask in self._search_candidates(word, edits, prefix=False)
            if candidate != word
            and (distance := OSA.distance(word, candidate, score_cutoff=edits)) <= edits
        ]
        return _sort_nearest(word, near)

    def _expand_prefix(self, word: str, edits: int) -> tuple[NearTerm, ...]:
        near: dict[str, NearTerm] = {}
        for candidate, field_mask in self._search_candidates(word, edits, prefix=True):
            nearest = _nearest_prefix(word, candidate, edits)
            if nearest is not None and nearest[0] != word:
                prefix, distance = nearest
                same = near.get(prefix)
                mask = field_mask | (same.field_mask if same else 0)
                near[prefix] = NearTerm(prefix, distance, mask)
        return _sort_nearest(word, list(near.values()))

    def _search_candidates(self, word: str, edits: int, prefix: bool) -> list[tuple[str, int]]:
        searcher = self._searcher
        query = tantivy.Query.fuzzy_term_query(self._schema, "word", word, edits, True, prefix)
        hits = searcher.search(query, limit=MAX_FUZZY_HITS, count=False).hits
        ordinals = (
            searcher.fast_field_values("ordinal", [address for _, address in hits]) if hits else []
        )
        field_masks: dict[str, int] = {}
        for ordinal in ordinals:
            candidate = self._word_at(int(ordinal or 0))
            field_masks[candidate] = (
                field_masks.get(candidate, 0) | self._field_masks[int(ordinal or 0)]
            )
        return [*field_masks.items(), *self._pending.items()]

    def _find_ordinals(self, word: str) -> list[int]:
        searcher = self._searcher
        if not searcher.doc_freq("word", word):
            return []
        query = tantivy.Query.term_query(self._schema, "word", word, index_option="basic")
        hits = searcher.search(query, limit=MAX_FIELDS_PER_TERM, count=False).hits
        ordinals = searcher.fast_field_values("ordinal", [address for _, address in hits])
        return [int(ordinal or 0) for ordinal in ordinals]

    def _combine_masks(self, ordinals: list[int]) -> int:
        field_mask = 0
        for ordinal in ordinals:
            field_mask |= self._field_masks[ordinal]
        return field_mask

    def _clear(self) -> None:
        self._index = tantivy.Index(self._schema)
        self._searcher = self._index.searcher()
        self._text, self._ends, self._field_masks = bytearray(), array("L", [0]), bytearray()
        self._pending, self._expansions = {}, {}
        self.known_fields = self._loaded_fields = 0

    def _append(self, writer: tantivy.IndexWriter, word: str, field_mask: int) -> None:
        document = {"word": word, "ordinal": len(self._field_masks)}
        writer.add_document(tantivy.Document.from_dict(document, self._schema))
        self._text += word.encode()
        self._ends.append(len(self._text))
        self._field_masks.append(field_mask)

    def _commit(self, writer: tantivy.IndexWriter) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def _word_at(self, ordinal: int) -> str:
        return self._text[self._ends[ordinal] : self._ends[ordinal + 1]].decode()


def _spend(budget: WorkBudget, word: str, edits: int, prefix: bool) -> bool:
    """Charge an expansion, whether it is cached or not: answers must not depend on the cache."""
    budget.checkpoint()
    units = PREFIX_WORK if prefix else ONE_EDIT_WORK if edits == 1 else TWO_EDITS_WORK
    return budget.spend("typos", units * (1 + len(set(word)) // LETTERS_OF_ONE_WORK))


def _nearest_prefix(word: str, candidate: str, edits: int) -> tuple[str, int] | None:
    """Return the prefix of `candidate` that is nearest to `word`, and its distance.

    Of equally near prefixes, the longest is returned; None if all are too far away.
    """
    best: tuple[str, int] | None = None
    for size in range(max(1, len(word) - edits), min(len(candidate), len(word) + edits) + 1):
        distance = OSA.distance(word, candidate[:size], score_cutoff=edits)
        if distance <= edits and (best is None or distance <= best[1]):
            best = candidate[:size], distance
    return best


def _sort_nearest(word: str, near: list[NearTerm]) -> tuple[NearTerm, ...]:
    near.sort(key=lambda n: (n.edits, n.word[:1] != word[:1], abs(len(n.word) - len(word)), n.word))
    return tuple(near[:MAX_NEAR_TERMS])
