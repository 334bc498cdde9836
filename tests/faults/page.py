"""Blocks of a page that a run writes: the text between two marks, found by their name."""

import re
from pathlib import Path


def marks(name: str) -> tuple[str, str]:
    return f"<!-- made by `make chaos`: {name} -->", f"<!-- end of: {name} -->"


def read(page: Path, name: str) -> str:
    """Return the block of that name. Raises AssertionError where the page has no room for it."""
    begin, end = marks(name)
    found = re.search(f"{re.escape(begin)}\n(.*?){re.escape(end)}", page.read_text(), re.DOTALL)
    assert found, f"{page} has no block named {name!r}"
    return found[1].strip() + "\n"


def put(page: Path, name: str, block: str) -> None:
    """Replace the block of that name."""
    read(page, name)
    begin, end = marks(name)
    before, rest = page.read_text().split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n\n{block}\n{end}{after}")
