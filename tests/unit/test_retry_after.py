"""`Retry-After` in seconds and as a date."""

from datetime import UTC, datetime

import pytest

from service.resilience.retry_after import parse_retry_after

NOW = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 27 Nov 2026 20:02:00 GMT", 120.0),
        ("Friday, 27-Nov-26 20:02:00 GMT", 120.0),
        ("Fri Nov 27 20:02:00 2026", 120.0),
        ("Fri, 27 Nov 2026 19:00:00 GMT", 0.0),
        ("Fri, 27 Nov 2026 22:02:00 +0200", 120.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0661\u0662", None),
        ("Fri, 99 Nov 2026 20:02:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_understood_and_nothing_else(
    value: str, seconds: float | None
) -> None:
    assert parse_retry_after(value, NOW) == seconds
