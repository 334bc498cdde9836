"""The page on reliability says what the code does."""

import re
from pathlib import Path

from service import limits

PAGE = Path(__file__).resolve().parents[2] / "docs/reliability.md"


def test_the_page_lists_every_limit_with_its_value() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d.]+) \|", PAGE.read_text(), re.MULTILINE))
    set_ = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert {name: float(value) for name, value in listed.items()} == set_


def test_whatever_a_request_waits_for_gives_up_before_the_request_does() -> None:
    waited_for = (
        limits.POSTGRES_STATEMENT,
        limits.POSTGRES_CONNECT,
        limits.POSTGRES_WAIT + limits.POSTGRES_STATEMENT,
        limits.SQLITE_BUSY_MS / 1000,
        limits.AFTER_WRITE + limits.SEARCH_DEADLINE + limits.STANDBY_DEADLINE,
        limits.CACHE_DEADLINE,
        limits.STORE_CALL,
        limits.OMDB_DEADLINE,
        limits.LONGEST_CHECK,
    )
    assert max(waited_for) < limits.LONGEST_ANSWER
