"""The rate limit of look-ups bounds its own memory."""

import pytest

from service.errors import TooMany
from service.omdb.rate_limit import MAX_LOOKUPS, MAX_REQUESTERS, LookupRateLimit
from tests.support.clock import FakeClock


def test_requesters_beyond_the_maximum_share_one_count() -> None:
    rate_limit = LookupRateLimit(FakeClock().monotonic)
    for number in range(MAX_REQUESTERS + MAX_LOOKUPS):
        rate_limit.count_lookup(f"requester {number}")
    with pytest.raises(TooMany):
        rate_limit.count_lookup("one more requester")
    rate_limit.count_lookup("requester 1")
