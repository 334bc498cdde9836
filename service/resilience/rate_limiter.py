"""Count requests per class and network, in Redis or in this process.

Redis counts for all processes. Without it, or while it does not answer, each worker counts for
itself with its share of every limit.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from service.limits import CACHE_BREAKER_RESET, CACHE_TIMEOUT
from service.rate_limit_rules import RateLimit
from service.resilience.circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

log = structlog.get_logger()

KEY_PREFIX = "movies:rate"


@dataclass(frozen=True, slots=True)
class RateStatus:
    """What one network has left of a limit after a request."""

    limit: RateLimit
    is_allowed: bool
    remaining: int
    reset_after: int
    """Seconds until more requests are allowed."""


@dataclass(slots=True)
class Requester:
    """The network that a use case counts requests of, and what it has left once one was counted."""

    network: str
    rate_status: tuple[str, RateStatus] | None = None
    """The class and its status."""


class RateLimiter:
    """Count requests.

    Args:
        limits: the limit of each class; other classes have none.
        redis_url: where all processes count; None for each process by itself.
        workers: how many processes share a limit without Redis.
        timeout: seconds for one count in Redis; after that, the process counts by itself.
    """

    def __init__(
        self,
        limits: Mapping[str, RateLimit],
        redis_url: str | None = None,
        workers: int = 1,
        timeout: float = CACHE_TIMEOUT,
    ) -> None:
        self._limits = limits
        self._timeout = timeout
        self._workers = workers
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        self._breaker = CircuitBreaker(1, CACHE_BREAKER_RESET)
        if redis_url is not None:
            from redis.asyncio import ConnectionPool as Pool  # noqa: PLC0415 - slow to import

            self._pool = Pool.from_url(
                redis_url, socket_timeout=timeout, socket_connect_timeout=timeout
            )
            storage = RedisStorage(
                f"async+{redis_url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=KEY_PREFIX,
                connection_pool=self._pool,  # type: ignore[arg-type]  # passed on to redis-py
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)

    async def count(self, name: str, network: str) -> RateStatus | None:
        """Count one request of the class `name`; return None if the class has no limit."""
        limit = self._limits.get(name)
        if limit is None:
            return None
        if self._shared is not None and self._breaker.wait_time() == 0:
            try:
                async with asyncio.timeout(self._timeout):
                    status = await _hit(self._shared, limit, limit.amount, name, network)
            except (StorageError, OSError, TimeoutError) as error:
                self._breaker.record_failure()
                log.warning("rate_limits_not_shared", reason=repr(error)[:200])
            else:
                self._breaker.record_success()
                return status
        return await _hit(self._memory, limit, max(1, limit.amount // self._workers), name, network)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.disconnect()


async def _hit(
    limiter: SlidingWindowCounterRateLimiter,
    limit: RateLimit,
    amount: int,
    name: str,
    network: str,
) -> RateStatus:
    item = RateLimitItemPerSecond(amount, limit.seconds)
    is_allowed = await limiter.hit(item, name, network)
    stats = await limiter.get_window_stats(item, name, network)
    reset_after = min(limit.seconds, max(1, math.ceil(stats.reset_time - time.time())))
    return RateStatus(limit, is_allowed, stats.remaining if is_allowed else 0, reset_after)
