"""The page on reliability says what the code does."""

import re
from pathlib import Path

from service import limits

PAGE = Path(__file__).resolve().parents[2] / "docs/reliability.md"


def test_the_page_lists_every_limit_with_its_value() -> None:
    listed = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| ([\d.]+) \|", PAGE.read_text(), re.MULTILINE))
    set_ = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert {name: float(value) for name, value in listed.items()} == set_


def test_whatever_a_request_waits_for_gives_up_before_the_request_does() -> None:
    waited_for = (
        limits.POSTGRES_STATEMENT_TIMEOUT,
        limits.POSTGRES_CONNECT_TIMEOUT,
        limits.POSTGRES_POOL_TIMEOUT + limits.POSTGRES_STATEMENT_TIMEOUT,
        limits.SQLITE_BUSY_TIMEOUT_MS / 1000,
        limits.READ_YOUR_WRITES_TIMEOUT + limits.SEARCH_TIMEOUT + limits.DATABASE_SEARCH_TIMEOUT,
        limits.CACHE_TIMEOUT,
        limits.S3_CALL_TIMEOUT,
        limits.OMDB_TIMEOUT,
        limits.HEALTH_CHECK_TIMEOUT,
    )
    assert max(waited_for) < limits.REQUEST_TIMEOUT
