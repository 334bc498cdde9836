"""Words near a misspelt one, found among those that exist."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from service.search.vocabulary.fuzzy_term_index import MAX_NEAR_TERMS, NearTerm
from service.search.vocabulary.vocabulary import CAST, DIRECTOR, JOINED, TITLE, WRITER, Vocabulary

WORDS = ["tgodfather", "tgod", "tfather", "jgodfather", "dspielberg", "tjaws", "tjurassic", "tpark"]


@pytest.fixture(params=["fresh", "settled", "loaded"])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    known = Vocabulary()
    if request.param == "loaded":
        known.bulk_load_start()
        for word in WORDS:
            known.bulk_load_add([word])
        known.bulk_load_finish()
        return known
    known.add(WORDS)
    if request.param == "settled":
        known.merge_pending()
    return known


def test_a_swap_a_loss_a_gain_and_a_wrong_letter_are_one_edit(vocabulary: Vocabulary) -> None:
    for typed in ("godfahter", "godfater", "godfatther", "godfazher"):
        near = NearTerm("godfather", 1, TITLE | JOINED)
        assert vocabulary.expand(typed) == (near,), typed


def test_two_edits_are_found_only_when_asked_for(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("spilbreg") == ()
    assert vocabulary.expand("spilbreg", 2) == (NearTerm("spielberg", 2, DIRECTOR),)


def test_a_word_is_not_near_itself(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("jaws") == ()


def test_beginnings_are_those_that_exist(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("jruas", 1, prefix=True) == (NearTerm("juras", 1, TITLE),)


def test_places_of_a_word_add_up(vocabulary: Vocabulary) -> None:
    assert vocabulary.fields_of("godfather") == TITLE | JOINED
    assert vocabulary.fields_of("nobody") == 0
    vocabulary.add(["djaws"])
    assert vocabulary.fields_of("jaws") == TITLE | DIRECTOR


def test_a_word_learned_later_is_found_at_once_and_after_settling() -> None:
    known = Vocabulary()
    known.add(WORDS)
    known.merge_pending()
    assert known.expand("alein") == ()
    known.add(["talien"])
    assert known.expand("alein") == (NearTerm("alien", 1, TITLE),)
    known.merge_pending()
    assert known.expand("alein") == (NearTerm("alien", 1, TITLE),)
    assert len(known) == len({word[1:] for word in WORDS}) + 1


def test_learning_a_word_again_changes_nothing(vocabulary: Vocabulary) -> None:
    before = len(vocabulary)
    vocabulary.add(WORDS)
    assert len(vocabulary) == before


def test_unknown_places_and_empty_words_are_ignored() -> None:
    known = Vocabulary()
    known.add(["", "t", "?what"])
    assert len(known) == 0


def test_answers_are_bounded_and_the_nearest_are_kept() -> None:
    known = Vocabulary()
    known.add(f"tab{a}{b}d" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklm")
    known.merge_pending()
    near = known.expand("abcd", 2)
    assert len(near) == MAX_NEAR_TERMS
    assert [n.edits for n in near] == sorted(n.edits for n in near)


def test_names_that_are_looked_for_only_when_asked_hide_no_other_word(
    vocabulary: Vocabulary,
) -> None:
    vocabulary.add(["sjawz", "cjaws", "sjaws"])
    assert vocabulary.fields_of("jaws") == TITLE
    assert vocabulary.expand("jaws") == ()
    assert not vocabulary.has_prefix("jawz")
    assert vocabulary.names.fields_of("jaws") == CAST | WRITER
    assert vocabulary.names.expand("jaws") == (NearTerm("jawz", 1, WRITER),)


def test_a_word_is_lacking_only_where_others_are_known() -> None:
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


words = st.text("abcdé", min_size=1, max_size=7)


@settings(max_examples=50, deadline=None)
@given(st.lists(words, min_size=1, max_size=20), words, st.integers(1, 2), st.booleans())
def test_every_word_within_reach_is_found_and_no_other(
    held: list[str], typed: str, edits: int, settled: bool
) -> None:
    known = Vocabulary()
    known.add("t" + word for word in held)
    if settled:
        known.merge_pending()
    expected = {w for w in held if w != typed and OSA.distance(w, typed) <= edits}
    assert {near.word for near in known.expand(typed, edits)} == expected
