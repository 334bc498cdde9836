"""Requests are counted in Redis for all processes."""

from uuid import uuid4

import pytest

from service.rate_limit_rules import RateLimit
from service.resilience.rate_limiter import RateLimiter
from tests.support.backends import require_backend

pytestmark = pytest.mark.once


async def test_processes_share_their_counts_through_redis() -> None:
    limits = {"match": RateLimit(2, 60)}
    redis_url = require_backend("redis")
    first, second = (RateLimiter(limits, redis_url, workers=2, timeout=30) for _ in range(2))
    network = uuid4().hex
    statuses = [await limiter.count("match", network) for limiter in (first, second, first)]
    assert [status.is_allowed for status in statuses if status] == [True, True, False]
    await first.close()
    await second.close()
