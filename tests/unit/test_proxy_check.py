"""The check of the proxies in front."""

import pytest

from service.admin.health import PartWarning
from service.admin.proxy_check import WARNING_SECONDS, ProxyCheck
from service.observability.metrics import PROXY_HEADER, UNTRUSTED_PROXY_TIME


async def test_a_proxy_that_is_not_trusted_is_warned_of_for_an_hour() -> None:
    UNTRUSTED_PROXY_TIME.labels(PROXY_HEADER).set(1_000.0)
    with pytest.raises(PartWarning, match="set TRUSTED_PROXIES"):
        await ProxyCheck(0, lambda: 1_000.0 + WARNING_SECONDS - 1).check()
    assert "none" in await ProxyCheck(0, lambda: 1_000.0 + WARNING_SECONDS).check()
    assert await ProxyCheck(2, lambda: 1_000.0).check() == "2 trusted"
