"""What is shown where a film has no poster: its title on a plain sheet, drawn as SVG.

An SVG of half a kilobyte is sharp at every size and leaves the letters to the reader's own fonts,
which know all scripts; pixels would need fonts for them here. It is text from a catalogue, so
every character of it is escaped.
"""

import hashlib
import textwrap
import unicodedata
from html import escape

MEDIA_TYPE = "image/svg+xml"
MOST_LINES = 6
NARROW, WIDE = 15, 8  # characters on a line: of most scripts, and of those with square ones


def placeholder(title: str, year: int | None, width: int) -> bytes:
    """A sheet of the shape of a poster, `width` pixels across, that names the film."""
    height, size = width * 3 // 2, width // 10
    lines = _lines(title)
    top = (height - (len(lines) - 1) * size * 1.25) / 2
    texts = [
        _text(line, width / 2, top + index * size * 1.25, size, "#e8e6e1")
        for index, line in enumerate(lines)
    ]
    if year is not None:
        texts.append(_text(str(year), width / 2, height - size * 1.5, size * 0.8, "#9a978f"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f'<rect width="100%" height="100%" fill="#2b2d31"/>{"".join(texts)}</svg>'
    ).encode()


def tag_of(drawn: bytes) -> str:
    """An entity tag for what was drawn."""
    return hashlib.sha256(drawn).hexdigest()[:32]


def _lines(title: str) -> list[str]:
    shown = "".join(c if c.isprintable() else " " for c in title)
    square = any(unicodedata.east_asian_width(c) in "WF" for c in shown)
    return textwrap.wrap(shown, WIDE if square else NARROW, max_lines=MOST_LINES, placeholder=" …")


def _text(line: str, x: float, y: float, size: float, colour: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}" '
        f'font-family="system-ui, sans-serif" text-anchor="middle">{escape(line)}</text>'
    )
