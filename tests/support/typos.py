"""Slips of the finger on a keyboard, for made-up queries."""

import random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def neighbour(rng: random.Random, letter: str) -> str:
    """A key beside this one."""
    for place, row in enumerate(ROWS):
        if letter in row:
            at = row.index(letter)
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            for other in ROWS[max(0, place - 1) : place] + ROWS[place + 1 : place + 2]:
                near += other[at : at + 1]
            return rng.choice(near)
    return letter


def _place(rng: random.Random, text: str, first: int = 1) -> int:
    """A letter's place, not the first of the text where there is a choice."""
    places = [i for i, c in enumerate(text) if c.isalpha() and i >= first]
    return rng.choice(places or [i for i, c in enumerate(text) if c.isalpha()] or [0])


def adjacent(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + neighbour(rng, text[at]) + text[at + 1 :]


def swapped(rng: random.Random, text: str) -> str:
    places = [
        i for i in range(len(text) - 1) if text[i : i + 2].isalpha() and text[i] != text[i + 1]
    ]
    if not places:
        return adjacent(rng, text)
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def dropped(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + text[at + 1 :] if len(text) > 2 else text


def doubled(rng: random.Random, text: str) -> str:
    at = _place(rng, text, 0)
    return text[: at + 1] + text[at:]


def inserted(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + neighbour(rng, text[at]) + text[at:]


def typo(rng: random.Random, text: str) -> str:
    """Any one slip of the finger."""
    return rng.choice((adjacent, swapped, dropped, doubled, inserted))(rng, text)
