"""User names: visible letters of one script, and what looks alike."""

import pytest

from service.accounts.names import (
    MAX_SKELETON_LENGTH,
    is_one_script,
    make_skeleton,
    require_visible_letters,
)


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "Ada_Lovelace-1815",
        "Åsa",
        "Нина",
        "さくら",
        "東京タワー",
        "홍길동",
        "नीतिका",
        "ศักดิ์",
        "עִבְרִית",
        "Nguyễn",
        "١٢٣",
    ],
)
def test_names_of_the_worlds_scripts_are_accepted(name: str) -> None:
    require_visible_letters(name)
    assert is_one_script(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ada\u200b", "invisible"),
        ("a\u00adda", "invisible"),
        ("ada\u3164", "invisible"),
        ("a\u115fda", "invisible"),
        ("ada\ufe0f", "invisible"),
        ("ada\u202egnp", "invisible"),
        ("ada\U000e0041", "invisible"),
        ("\u0301ada", "begin with a mark"),
        ("a\u0301\u0302\u0303\u0304da", "that many marks"),
        ("ada\u0335\u0334", "that many marks"),
        ("ada lovelace", "letters, digits"),
        ("ada@home", "letters, digits"),
        ("ada\n", "letters, digits"),
        ("ada\U0001f600", "letters, digits"),
        ("1\u0661", "digits of several scripts"),
    ],
)
def test_characters_that_nobody_can_tell_apart_are_refused(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        require_visible_letters(name)


@pytest.mark.parametrize("name", ["аdmin", "Нinа", "pаypal", "Ωmega", "さくらsan"])
def test_a_mix_of_scripts_is_found(name: str) -> None:
    assert not is_one_script(name)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("paypal", "paypa1"),
        ("Paypal", "PaypaI"),
        ("paypal", "рауpаl"),
        ("modern", "modem"),
        ("water", "vvater"),
        ("Bob0", "BobO"),
        ("Нина", "Hинa"),
        ("ada-1", "ada-l"),
    ],
)
def test_names_that_look_alike_have_the_same_skeleton(name: str, twin: str) -> None:
    assert make_skeleton(name) == make_skeleton(twin)


def test_different_names_have_different_skeletons() -> None:
    names = ["ada", "ado", "asa", "åsa", "adas", "ada-1", "ada-2", "ada_1", "ada.1", "ida", "нина"]
    assert len({make_skeleton(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["ᾂ" * 40, "홍" * 40, "a\u0301\u0302\u0303" * 10, "ﬃ" * 40])
def test_a_skeleton_fits_into_its_column(name: str) -> None:
    assert 0 < len(make_skeleton(name)) <= MAX_SKELETON_LENGTH
