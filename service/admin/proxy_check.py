"""Whether a proxy in front is not trusted, so that all its clients look like one."""

import asyncio
import time
from collections.abc import Callable

from service.admin.health import PartWarning
from service.observability import metrics

WARNING_SECONDS = 3600.0  # since the last request that such a proxy handed on
PROXY_ADVICE = (
    "a proxy sends X-Forwarded-For, but TRUSTED_PROXIES is 0: all its clients count as one, and "
    "some wrong passwords lock all of them out; set TRUSTED_PROXIES to the number of proxies"
)


class ProxyCheck:
    """The check of the proxies in front, in whichever worker their requests arrived.

    Args:
        trusted_proxies: the setting.
        now: seconds since the epoch.
    """

    def __init__(self, trusted_proxies: int, now: Callable[[], float] = time.time) -> None:
        self._trusted_proxies = trusted_proxies
        self._now = now

    async def check(self) -> str:
        """Return one line; raise PartWarning if a proxy is not trusted."""
        if self._trusted_proxies:
            return f"{self._trusted_proxies} trusted"
        seen_at = await asyncio.to_thread(metrics.read_untrusted_proxy_time)
        if seen_at is not None and self._now() - seen_at < WARNING_SECONDS:
            raise PartWarning(PROXY_ADVICE)
        return "none sends X-Forwarded-For"
