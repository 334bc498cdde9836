"""Words in memory, each with where it stands, asked for those near a misspelt one.

The words lie in a small tantivy index in memory, because its automaton over a sorted dictionary
answers in a tenth of a millisecond among 80,000 words and in a third among a million. Words that
arrive later are searched one by one until enough have come together to be worth a commit."""

from array import array
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

import tantivy
from rapidfuzz.distance import OSA

MAX_FIELDS_PER_TERM = 8  # of one word: a place is a bit of a byte
MAX_NEAR_TERMS = 64  # words returned for one asked; beyond, the nearest are kept
MAX_FUZZY_HITS = 400  # words looked at for one asked; a short beginning is near to thousands
MAX_PENDING_TERMS = 500  # words searched one by one: 0.1 ms
MAX_CACHED_EXPANSIONS = 4_096  # answers kept until the next word arrives
WRITER_HEAP_BYTES = 30_000_000  # bytes
BULK_HEAP_BYTES = 100_000_000  # while a start loads all terms: fewer segments answer faster


class NearTerm(NamedTuple):
    """A word, or a beginning, that exists: `edits` letters away (a swap is one), standing in
    `places`.
    """

    word: str
    edits: int
    field_mask: int


class FuzzyTermIndex:
    """Words and their places. Look-ups may run in any thread; `add` and `settle` must not overlap
    themselves.
    """

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("word", tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("number", fast=True)
        self._schema = builder.build()
        self._pending: dict[str, int] = {}
        self._expansions: dict[tuple[str, int, bool], tuple[NearTerm, ...]] = {}
        self._merge_lock = Lock()
        self._bulk_writer: tantivy.IndexWriter | None = None
        self.known_fields = self._loaded_fields = 0
        """All places that any word is known to stand in; 0 while words are being loaded."""
        self._clear()

    def __len__(self) -> int:
        return len(self._field_masks) + len(self._pending)

    def add(self, words: Iterable[tuple[str, int]]) -> None:
        """Learn words, each with its place. Cheap: found at once, and sorted in by `settle`."""
        changed = False
        for word, place in words:
            self.known_fields |= place
            if numbers := self._find_ordinals(word):
                if not self._combine_masks(numbers) & place:
                    self._field_masks[numbers[0]] |= place
                    changed = True
            elif not self._pending.get(word, 0) & place:
                self._pending[word] = self._pending.get(word, 0) | place
                changed = True
        if changed:
            self._expansions = {}

    @property
    def needs_merge(self) -> bool:
        """Whether enough words have arrived for `settle` to be worth its 20 ms."""
        return len(self._pending) > MAX_PENDING_TERMS

    def bulk_load_start(self) -> None:
        """Forget all words, to load those of a whole catalogue: pages by `load`, then `end`."""
        self._clear()
        self._bulk_writer = self._index.writer(BULK_HEAP_BYTES, 1)

    def bulk_load_add(self, words: Iterable[tuple[str, int]]) -> None:
        """Take some of them in, each with its place; blocks, for a thread.

        A word of several places is then there several times, which a look-up puts together: to look
        for each while millions are loaded takes minutes.
        """
        assert self._bulk_writer is not None
        for word, place in words:
            self._loaded_fields |= place
            self._append(self._bulk_writer, word, place)

    def bulk_load_finish(self) -> None:
        """Make what was loaded known; blocks, for a thread."""
        assert self._bulk_writer is not None
        self._commit(self._bulk_writer)
        self._bulk_writer = None
        self.known_fields = self._loaded_fields

    def merge_pending(self) -> None:
        """Sort the words that arrived into the index. Blocks: for a thread, or for a start."""
        with self._merge_lock:
            fresh = dict(self._pending)
            if not fresh:
                return
            writer = self._index.writer(WRITER_HEAP_BYTES, 1)
            for word, place in fresh.items():
                self._append(writer, word, place)
            self._commit(writer)
            first = len(self._field_masks) - len(fresh)
            for number, word in enumerate(fresh, first):  # places that were learned meanwhile
                self._field_masks[number] |= self._pending.pop(word, 0)

    def surely_absent(self, word: str, place: int) -> bool:
        """Whether `word` surely does not stand in `place`: others do, and this one is not known."""
        return bool(self.known_fields & place) and not self.fields_of(word) & place

    def __contains__(self, word: str) -> bool:
        """Whether there is such a word: cheaper than to ask where."""
        return word in self._pending or self._searcher.doc_freq("word", word) > 0

    def fields_of(self, word: str) -> int:
        """Where `word` stands, as a sum of places; 0 when it is unknown."""
        if word in self._pending:
            return self._pending[word]
        return self._combine_masks(self._find_ordinals(word))

    def has_prefix(self, beginning: str) -> bool:
        """Whether any word starts with `beginning`."""
        if self._searcher.terms_with_prefix("word", beginning, limit=1):
            return True
        return any(word.startswith(beginning) for word in self._pending)

    def expand(self, word: str, edits: int = 1, prefix: bool = False) -> tuple[NearTerm, ...]:
        """The words within `edits` (1 or 2) of `word`, or with `prefix` the beginnings of words;
        never itself.

        Nearest first, then those with the same first letter, at most `MAX_NEAR_TERMS`.
        """
        key = (word, edits, prefix)
        answers = self._expansions
        if (known := answers.get(key)) is None:
            known = self._expand_prefix(word, edits) if prefix else self._expand_word(word, edits)
            if len(answers) >= MAX_CACHED_EXPANSIONS:
                answers.clear()
            answers[key] = known
        return known

    def _expand_word(self, word: str, edits: int) -> tuple[NearTerm, ...]:
        near = [
            NearTerm(found, distance, places)
            for found, places in self._search_candidates(word, edits, prefix=False)
            if found != word
            and (distance := OSA.distance(word, found, score_cutoff=edits)) <= edits
        ]
        return _sort_nearest(word, near)

    def _expand_prefix(self, word: str, edits: int) -> tuple[NearTerm, ...]:
        found: dict[str, NearTerm] = {}
        for candidate, places in self._search_candidates(word, edits, prefix=True):
            near = _nearest_prefix(word, candidate, edits)
            if near is not None and near[0] != word:
                known = found.get(near[0])
                found[near[0]] = NearTerm(
                    near[0], near[1], places | (known.field_mask if known else 0)
                )
        return _sort_nearest(word, list(found.values()))

    def _search_candidates(self, word: str, edits: int, prefix: bool) -> list[tuple[str, int]]:
        searcher = self._searcher
        query = tantivy.Query.fuzzy_term_query(self._schema, "word", word, edits, True, prefix)
        hits = searcher.search(query, limit=MAX_FUZZY_HITS, count=False).hits
        numbers = (
            searcher.fast_field_values("number", [address for _, address in hits]) if hits else []
        )
        found: dict[str, int] = {}
        for number in numbers:
            near = self._word_at(int(number or 0))
            found[near] = found.get(near, 0) | self._field_masks[int(number or 0)]
        return [*found.items(), *self._pending.items()]

    def _find_ordinals(self, word: str) -> list[int]:
        searcher = self._searcher
        if not searcher.doc_freq("word", word):
            return []
        query = tantivy.Query.term_query(self._schema, "word", word, index_option="basic")
        hits = searcher.search(query, limit=MAX_FIELDS_PER_TERM, count=False).hits
        numbers = searcher.fast_field_values("number", [address for _, address in hits])
        return [int(number or 0) for number in numbers]

    def _combine_masks(self, numbers: list[int]) -> int:
        places = 0
        for number in numbers:
            places |= self._field_masks[number]
        return places

    def _clear(self) -> None:
        self._index = tantivy.Index(self._schema)
        self._searcher = self._index.searcher()
        self._text, self._ends, self._field_masks = bytearray(), array("L", [0]), bytearray()
        self._pending, self._expansions = {}, {}
        self.known_fields = self._loaded_fields = 0

    def _append(self, writer: tantivy.IndexWriter, word: str, place: int) -> None:
        document = {"word": word, "number": len(self._field_masks)}
        writer.add_document(tantivy.Document.from_dict(document, self._schema))
        self._text += word.encode()
        self._ends.append(len(self._text))
        self._field_masks.append(place)

    def _commit(self, writer: tantivy.IndexWriter) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def _word_at(self, number: int) -> str:
        return self._text[self._ends[number] : self._ends[number + 1]].decode()


def _nearest_prefix(word: str, candidate: str, edits: int) -> tuple[str, int] | None:
    """The beginning of `candidate` that is nearest to `word`, the longest of equals, and how far
    away it is.
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
