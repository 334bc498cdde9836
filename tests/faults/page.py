"""Generated blocks of a page: the text between two markers with the block's name."""

import re
from pathlib import Path


def markers(name: str) -> tuple[str, str]:
    return f"<!-- made by `make chaos`: {name} -->", f"<!-- end of: {name} -->"


def read_block(page: Path, name: str) -> str:
    """Return the block of that name; raise AssertionError if the page lacks its markers."""
    begin, end = markers(name)
    match = re.search(f"{re.escape(begin)}\n(.*?){re.escape(end)}", page.read_text(), re.DOTALL)
    assert match, f"{page} has no block named {name!r}"
    return match[1].strip() + "\n"


def replace_block(page: Path, name: str, block: str) -> None:
    """Replace the block of that name."""
    read_block(page, name)
    begin, end = markers(name)
    before, rest = page.read_text().split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n\n{block}\n{end}{after}")
