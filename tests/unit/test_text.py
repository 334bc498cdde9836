"""Text analysis: which texts are the same word, title or number."""

from itertools import product
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.text import numerals
from service.text.analysis import (
    character_ngrams,
    fold,
    full_title_key,
    joined_pairs,
    tokenize,
    word_spans,
)
from service.text.titles import umlaut_readings


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Amélie", "amelie"),
        ("WALL·E", "walle"),
        ("WALL-E", "wall e"),
        ("8½", "8 1 2"),
        ("[REC]²", "rec 2"),
        ("M*A*S*H", "mash"),
        ("m.b.b.s.", "mbbs"),
        ("R.O.T.O.R.", "rotor"),
        ("A.I. Artificial Intelligence", "ai artificial intelligence"),
        ("(500) Days of Summer", "500 days of summer"),
        ("Fast & Furious Presents: Hobbs & Shaw", "fast and furious presents hobbs and shaw"),
        ("Romeo + Juliet", "romeo and juliet"),
        ("+1", "plus 1"),
        ("Charlie's Angels", "charlies angels"),
        ("Rock’n’Roll", "rocknroll"),
        ("20,000 Leagues Under the Sea", "20000 leagues under the sea"),
        ("3:10 to Yuma", "3 10 to yuma"),
        ("Face/Off", "face off"),
        ("Ca$h", "cash"),
        ("Straße, Øresund, Œuvre, İstanbul, Łódź", "strasse oresund oeuvre istanbul lodz"),
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("千と千尋の神隠し", "千と千尋の神隠し"),
        ("기생충", "기생충"),
        ("Сталкер", "сталкер"),
        ("$", "$"),
        ("  \t ", ""),
    ],
)
def test_a_title_is_read_as_people_type_it(title: str, expected: str) -> None:
    assert fold(title) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The Matrix", "matrix"),
        ("Matrix, The", "matrix"),
        ("A Bug's Life", "bugs life"),
        ("The", "the"),
        ("A", "a"),
        ("It", "it"),
        ("Die Hard", "die hard"),
    ],
)
def test_a_full_title_key_drops_an_article_unless_nothing_else_is_left(
    title: str, expected: str
) -> None:
    assert full_title_key(title) == expected


FORMS = ("NFC", "NFD")


@pytest.mark.parametrize(
    ("letter", "other"),
    [
        ("Гуляй", "Гуляи"),
        ("Київ", "Киів"),
        ("ўзбек", "узбек"),
        ("が", "か"),
        ("パ", "ハ"),
        ("ｶﾞ", "カ"),
        ("ひ", "ヒ"),
        ("ไม่", "ไม้"),
        ("ไม่", "ไม"),
        ("สุ", "ส"),
        ("สู", "สุ"),
        ("क्ष", "कष"),
        ("क़", "क"),
        ("한", "하"),
        ("ゔ", "う"),
        ("か゚", "か"),
    ],
)
def test_a_mark_that_makes_another_letter_is_kept(letter: str, other: str) -> None:
    for form, other_form in product(FORMS, FORMS):
        assert fold(normalize(form, letter)) != fold(normalize(other_form, other))
    for text in (letter, other):
        assert len({fold(normalize(form, text)) for form in FORMS}) == 1


@pytest.mark.parametrize(
    ("accented", "plain"),
    [
        ("Ёлки", "елки"),
        ("за́мок", "замок"),
        ("ѝ", "и"),
        ("ΆΛΦΑ", "αλφα"),
        ("Ὀδύσσεια", "οδυσσεια"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("Việt", "viet"),
        ("ｶﾞ", "ガ"),
        ("٣ ๓ ❸ ፫", "3 3 3 3"),
        ("❤️ x", "❤ x"),
    ],
)
def test_an_accent_or_another_form_is_folded(accented: str, plain: str) -> None:
    for form, plain_form in product(FORMS, FORMS):
        assert fold(normalize(form, accented)) == fold(normalize(plain_form, plain))


def test_spans_cover_letters_with_all_their_marks() -> None:
    for title in ("Ame\u0301lie パパ ｶﾞ", normalize("NFD", "한국 が Гуляй"), "ไม่มี ❶"):
        assert [span.word for span in word_spans(title)] == tokenize(title)
        assert " ".join(title[span.start : span.end] for span in word_spans(title)) == title


def test_composed_and_decomposed_letters_are_the_same_word() -> None:
    assert tokenize("Ame\u0301lie") == tokenize("Am\u00e9lie") == ["amelie"]


def test_vowel_signs_do_not_split_a_word() -> None:
    assert len(tokenize("हिन्दी")) == 1


def test_spans_are_ranges_of_the_original_text() -> None:
    title = "WALL·E & Œuvre (8½)"
    assert [(span.word, title[span.start : span.end]) for span in word_spans(title)] == [
        ("walle", "WALL·E"),
        ("and", "&"),
        ("oeuvre", "Œuvre"),
        ("8", "8"),
        ("1", "½"),
        ("2", "½"),
    ]


def test_neighbouring_words_are_run_together() -> None:
    assert joined_pairs(["kung", "fu", "panda"]) == ["kungfu", "fupanda"]


def test_the_ngram_of_a_single_letter_is_the_letter() -> None:
    assert character_ngrams("m") == ["m"]
    assert character_ngrams("jaws") == ["ja", "aw", "ws", "jaw", "aws"]


@pytest.mark.parametrize(
    ("word", "digits"), [("ii", "2"), ("two", "2"), ("xiii", "13"), ("second", "2nd")]
)
def test_a_number_is_looked_up_as_typed_and_in_digits(word: str, digits: str) -> None:
    assert numerals.query_forms(word) == (word, digits)


def test_the_pronoun_i_is_not_a_number() -> None:
    assert numerals.query_forms("i") == ("i",)


def test_digits_are_read_as_letters() -> None:
    assert "seven" in numerals.index_forms("se7en")
    assert "simone" in numerals.index_forms("s1m0ne")


def test_years_and_plain_numbers_are_not_read_as_letters() -> None:
    assert numerals.index_forms("1917") == ("1917",)
    assert numerals.index_forms("2nd") == ("2nd", "2")


@pytest.mark.parametrize(
    ("spelt", "digits"),
    [
        ("eight and a half", "8½"),
        ("8 and a half", "8 1/2"),
        ("twenty one and a quarter miles", "21¼ miles"),
        ("two and three quarters", "2¾"),
        ("half and a half", "half and a half"),
        ("two men and a half", "2 men and a half"),
    ],
)
def test_a_fraction_behind_a_number_belongs_to_it(spelt: str, digits: str) -> None:
    assert numerals.normalize_numerals(tokenize(spelt)) == tokenize(digits)


def test_a_number_of_two_words_becomes_one_word() -> None:
    assert numerals.normalize_numerals(["twenty", "one", "grams"]) == ["21", "grams"]


@settings(deadline=None)
@given(st.text())
@example("\ud800")
@example("x\x00y")
def test_any_text_can_be_folded_and_folding_is_idempotent(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@settings(deadline=None)
@given(st.text())
def test_spans_are_inside_the_text_and_in_order(text: str) -> None:
    text_spans = word_spans(text)
    assert all(0 <= span.start < span.end <= len(text) for span in text_spans)
    assert [span.start for span in text_spans] == sorted(span.start for span in text_spans)


def test_two_vowels_may_stand_for_an_umlaut() -> None:
    assert umlaut_readings("buechse") == ("buchse",)
    assert set(umlaut_readings("maedchoer")) == {"madchoer", "maedchor", "madchor"}
    assert umlaut_readings("haet") == umlaut_readings("gladiator") == ()
