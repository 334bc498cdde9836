"""Characters that are drawn as nothing, and texts of nothing else."""

import unicodedata

IGNORABLE_RANGES = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Unicode's Default_Ignorable_Code_Point: drawn as nothing. Some of them count as letters."""

BLANK_BRAILLE = "\u2800"


def is_ignorable(char: str) -> bool:
    """Return whether a character is drawn as nothing although it is no space."""
    code = ord(char)
    return any(first <= code <= last for first, last in IGNORABLE_RANGES)


def is_blank(text: str) -> bool:
    """Return whether a text has no character that can be seen, and so no word of a search.

    Characters without a meaning of their own (unassigned, private use) count as not seen.
    """
    return not any(map(_is_visible, text))


def require_visible_character(text: str) -> str:
    """Return a text that can be seen, and so found. Raises ValueError."""
    if is_blank(text):
        raise ValueError("must have a visible character")
    return text


def _is_visible(char: str) -> bool:
    if char.isascii():
        return " " < char < "\x7f"
    is_drawn = unicodedata.category(char)[0] not in "CZ" and char != BLANK_BRAILLE
    return is_drawn and not is_ignorable(char)
