"""Fuzzy look-ups of words in the vocabulary."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from service.resilience.work_budget import WorkBudget
from service.search.vocabulary.fuzzy_term_index import (
    MAX_DISTINCT_LETTERS,
    MAX_FUZZY_LENGTH,
    MAX_NEAR_TERMS,
    NearTerm,
)
from service.search.vocabulary.vocabulary import CAST, DIRECTOR, JOINED, TITLE, WRITER, Vocabulary

WORDS = ["tgodfather", "tgod", "tfather", "jgodfather", "dspielberg", "tjaws", "tjurassic", "tpark"]


@pytest.fixture(params=["pending", "merged", "loaded"])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    vocabulary = Vocabulary()
    if request.param == "loaded":
        vocabulary.bulk_load_start()
        for word in WORDS:
            vocabulary.bulk_load_add([word])
        vocabulary.bulk_load_finish()
        return vocabulary
    vocabulary.add(WORDS)
    if request.param == "merged":
        vocabulary.merge_pending()
    return vocabulary


def test_a_swap_a_loss_a_gain_and_a_wrong_letter_are_one_edit(vocabulary: Vocabulary) -> None:
    for typed in ("godfahter", "godfater", "godfatther", "godfazher"):
        near = NearTerm("godfather", 1, TITLE | JOINED)
        assert vocabulary.expand(typed) == (near,), typed


def test_two_edits_are_found_only_on_request(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("spilbreg") == ()
    assert vocabulary.expand("spilbreg", 2) == (NearTerm("spielberg", 2, DIRECTOR),)


def test_a_word_is_not_near_itself(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("jaws") == ()


def test_prefixes_are_those_of_existing_words(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("jruas", 1, prefix=True) == (NearTerm("juras", 1, TITLE),)


def test_the_fields_of_a_word_are_combined(vocabulary: Vocabulary) -> None:
    assert vocabulary.fields_of("godfather") == TITLE | JOINED
    assert vocabulary.fields_of("nobody") == 0
    vocabulary.add(["djaws"])
    assert vocabulary.fields_of("jaws") == TITLE | DIRECTOR


def test_a_word_added_later_is_found_before_and_after_merging() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(WORDS)
    vocabulary.merge_pending()
    assert vocabulary.expand("alein") == ()
    vocabulary.add(["talien"])
    assert vocabulary.expand("alein") == (NearTerm("alien", 1, TITLE),)
    vocabulary.merge_pending()
    assert vocabulary.expand("alein") == (NearTerm("alien", 1, TITLE),)
    assert len(vocabulary) == len({word[1:] for word in WORDS}) + 1


def test_a_view_keeps_its_words_while_others_are_added_and_merged() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(WORDS)
    view = vocabulary.within(WorkBudget(math.inf))
    vocabulary.add(["talien"])
    assert view.fields_of("alien") == 0
    vocabulary.merge_pending()
    assert view.fields_of("jaws") == TITLE
    assert view.has_prefix("spiel")
    assert view.expand("jwas") == (NearTerm("jaws", 1, TITLE),)


def test_adding_a_word_again_changes_nothing(vocabulary: Vocabulary) -> None:
    before = len(vocabulary)
    vocabulary.add(WORDS)
    assert len(vocabulary) == before


def test_unknown_kinds_and_empty_words_are_ignored() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(["", "t", "?what"])
    assert len(vocabulary) == 0


def test_expansions_are_bounded_and_the_nearest_come_first() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(f"tab{a}{b}d" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklm")
    vocabulary.merge_pending()
    near = vocabulary.expand("abcd", 2)
    assert len(near) == MAX_NEAR_TERMS
    assert [n.edits for n in near] == sorted(n.edits for n in near)


def test_names_of_cast_and_writers_do_not_hide_other_words(
    vocabulary: Vocabulary,
) -> None:
    vocabulary.add(["sjawz", "cjaws", "sjaws"])
    assert vocabulary.fields_of("jaws") == TITLE
    assert vocabulary.expand("jaws") == ()
    assert not vocabulary.has_prefix("jawz")
    assert vocabulary.names.fields_of("jaws") == CAST | WRITER
    assert vocabulary.names.expand("jaws") == (NearTerm("jawz", 1, WRITER),)


def test_a_word_is_surely_absent_only_if_other_words_of_the_field_are_known() -> None:
    names = Vocabulary().names
    assert not names.surely_absent("benchley", WRITER)
    names.bulk_load_start()
    names.bulk_load_add([("puzo", WRITER)])
    assert not names.surely_absent("benchley", WRITER)
    names.bulk_load_finish()
    assert names.surely_absent("benchley", WRITER) and not names.surely_absent("puzo", WRITER)
    assert not names.surely_absent("puzo", CAST)
    names.add([("benchley", WRITER)])
    assert not names.surely_absent("benchley", WRITER)


random_words = st.text("abcdé", min_size=1, max_size=7)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(random_words, min_size=1, max_size=20), random_words, st.integers(1, 2), st.booleans()
)
def test_exactly_the_words_within_the_edits_are_found(
    existing: list[str], typed: str, edits: int, is_merged: bool
) -> None:
    vocabulary = Vocabulary()
    vocabulary.add("t" + word for word in existing)
    if is_merged:
        vocabulary.merge_pending()
    expected = {w for w in existing if w != typed and OSA.distance(w, typed) <= edits}
    assert {near.word for near in vocabulary.expand(typed, edits)} == expected


def test_a_word_of_more_letters_than_any_title_has_is_not_looked_up() -> None:
    vocabulary = Vocabulary()
    distinct = [chr(0x4E00 + number) for number in range(MAX_DISTINCT_LETTERS + 1)]
    longest, varied = "a" * MAX_FUZZY_LENGTH, "".join(distinct[:-1])
    vocabulary.add(["t" + longest, "t" + longest + "a", "t" + varied, "t" + "".join(distinct)])
    vocabulary.merge_pending()
    assert [near.word for near in vocabulary.expand(longest)] == [longest + "a"]
    assert vocabulary.expand(longest + "a") == ()
    assert [near.word for near in vocabulary.expand(varied)] == ["".join(distinct)]
    assert vocabulary.expand("".join(distinct), prefix=True) == ()
