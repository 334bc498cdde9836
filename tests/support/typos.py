"""Slips of the finger on a keyboard, for made-up queries."""

import random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def neighbour_key(rng: random.Random, letter: str) -> str:
    """Return a key beside this one."""
    for row_index, row in enumerate(ROWS):
        if letter in row:
            column = row.index(letter)
            neighbours = row[max(0, column - 1) : column] + row[column + 1 : column + 2]
            for other in (
                ROWS[max(0, row_index - 1) : row_index] + ROWS[row_index + 1 : row_index + 2]
            ):
                neighbours += other[column : column + 1]
            return rng.choice(neighbours)
    return letter


def _letter_position(rng: random.Random, text: str, first: int = 1) -> int:
    """Return a letter's place, not the first of the text where there is a choice."""
    positions = [i for i, c in enumerate(text) if c.isalpha() and i >= first]
    return rng.choice(positions or [i for i, c in enumerate(text) if c.isalpha()] or [0])


def replace_letter(rng: random.Random, text: str) -> str:
    at = _letter_position(rng, text)
    return text[:at] + neighbour_key(rng, text[at]) + text[at + 1 :]


def swap_letters(rng: random.Random, text: str) -> str:
    positions = [
        i for i in range(len(text) - 1) if text[i : i + 2].isalpha() and text[i] != text[i + 1]
    ]
    if not positions:
        return replace_letter(rng, text)
    at = rng.choice(positions)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def drop_letter(rng: random.Random, text: str) -> str:
    at = _letter_position(rng, text)
    return text[:at] + text[at + 1 :] if len(text) > 2 else text


def double_letter(rng: random.Random, text: str) -> str:
    at = _letter_position(rng, text, 0)
    return text[: at + 1] + text[at:]


def insert_letter(rng: random.Random, text: str) -> str:
    at = _letter_position(rng, text)
    return text[:at] + neighbour_key(rng, text[at]) + text[at:]


def add_typo(rng: random.Random, text: str) -> str:
    """Any one slip of the finger."""
    return rng.choice((replace_letter, swap_letters, drop_letter, double_letter, insert_letter))(
        rng, text
    )
