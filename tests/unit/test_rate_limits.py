"""Rate limits: the rules of the setting, and what is counted."""

import pytest

from service.http.rate_limits import rate_limit_headers
from service.rate_limit_rules import DEFAULT_RATE_LIMITS, RateLimit, parse_rate_limits
from service.resilience.rate_limiter import RateLimiter


def test_rules_take_the_place_of_the_defaults() -> None:
    limits = parse_rate_limits("search=10/second, register=5/2hours,login=9/minute")
    assert limits["search"] == RateLimit(10, 1)
    assert limits["register"] == RateLimit(5, 7200)
    assert limits["login"] == RateLimit(9, 60)
    assert limits["match"] == DEFAULT_RATE_LIMITS["match"]
    assert parse_rate_limits("") == DEFAULT_RATE_LIMITS
    assert parse_rate_limits("off") == {}


@pytest.mark.parametrize("text", ["search", "search=0/second", "browse=1/second", "match=1/week"])
def test_a_wrong_rule_is_refused_with_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match="class=n/unit"):
        parse_rate_limits(text)


async def test_each_network_has_its_own_count_and_learns_what_is_left() -> None:
    limiter = RateLimiter({"match": RateLimit(2, 60)})
    first, second, third = [await limiter.count("match", "192.0.2.1") for _ in range(3)]
    assert first and second and third
    assert [status.is_allowed for status in (first, second, third)] == [True, True, False]
    assert (first.remaining, second.remaining, third.remaining) == (1, 0, 0)
    assert 1 <= third.reset_after <= 60
    other = await limiter.count("match", "192.0.2.2")
    assert other and other.is_allowed
    assert await limiter.count("search", "192.0.2.1") is None
    assert rate_limit_headers({"match": second}) == {
        "RateLimit-Policy": '"match";q=2;w=60',
        "RateLimit": f'"match";r=0;t={second.reset_after}',
    }
    assert rate_limit_headers({"key": first, "match": second})["RateLimit"] == (
        f'"key";r=1;t={first.reset_after}, "match";r=0;t={second.reset_after}'
    )
    assert rate_limit_headers({}) == {}
    await limiter.close()


async def test_without_redis_each_worker_counts_its_share() -> None:
    limiter = RateLimiter({"match": RateLimit(4, 60)}, workers=2)
    allowed = [await limiter.count("match", "192.0.2.1") for _ in range(3)]
    assert [status.is_allowed for status in allowed if status] == [True, True, False]


async def test_a_redis_that_does_not_answer_is_no_reason_to_refuse() -> None:
    limiter = RateLimiter({"match": RateLimit(1, 60)}, "redis://127.0.0.1:1/0")
    first, second = [await limiter.count("match", "192.0.2.1") for _ in range(2)]
    assert first and second and (first.is_allowed, second.is_allowed) == (True, False)
    await limiter.close()
