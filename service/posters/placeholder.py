"""Draw the card that stands in for a missing poster: the film's title as SVG.

An SVG of half a kilobyte is sharp at every size and uses the reader's own fonts, which cover all
scripts; rendering pixels would need those fonts here. The title is untrusted text, so every
character is escaped.
"""

import hashlib
import textwrap
import unicodedata
from html import escape

MEDIA_TYPE = "image/svg+xml"
MAX_LINES = 6
LINE_LENGTH = 15  # characters
WIDE_LINE_LENGTH = 8  # characters, in a title with any wide ones (Chinese, Japanese, Korean)


def render_placeholder(title: str, year: int | None, width: int) -> bytes:
    """Return an SVG in the shape of a poster, `width` pixels across, with title and year."""
    height, size = width * 3 // 2, width // 10
    lines = _wrap_title(title)
    top = (height - (len(lines) - 1) * size * 1.25) / 2
    texts = [
        _render_line(line, width / 2, top + index * size * 1.25, size, "#e8e6e1")
        for index, line in enumerate(lines)
    ]
    if year is not None:
        texts.append(_render_line(str(year), width / 2, height - size * 1.5, size * 0.8, "#9a978f"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f'<rect width="100%" height="100%" fill="#2b2d31"/>{"".join(texts)}</svg>'
    ).encode()


def compute_etag(svg: bytes) -> str:
    """Return the entity tag of a placeholder."""
    return hashlib.sha256(svg).hexdigest()[:32]


def _wrap_title(title: str) -> list[str]:
    printable = "".join(c if c.isprintable() else " " for c in title)
    is_wide = any(unicodedata.east_asian_width(c) in "WF" for c in printable)
    length = WIDE_LINE_LENGTH if is_wide else LINE_LENGTH
    return textwrap.wrap(printable, length, max_lines=MAX_LINES, placeholder=" …")


def _render_line(line: str, x: float, y: float, size: float, colour: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}" '
        f'font-family="system-ui, sans-serif" text-anchor="middle">{escape(line)}</text>'
    )
