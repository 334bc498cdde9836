"""The limits fit each other, and the documentation lists them."""

import re
from pathlib import Path

from service import limits

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/limits.md"


def test_the_documentation_lists_every_limit_with_its_value() -> None:
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([\d.]+) \|", PAGE.read_text(), re.MULTILINE)
    documented = {name: float(value) for name, value in rows}
    assert documented == {name: value for name, value in vars(limits).items() if name.isupper()}


def test_every_wait_within_a_request_is_shorter_than_the_request_may_take() -> None:
    waits = (
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
    assert max(waits) < limits.REQUEST_TIMEOUT
