"""A proxy in front while TRUSTED_PROXIES is 0, so that all clients look like one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import service_runner
from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until


@pytest.fixture(params=["0", "1"])
async def api(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[ApiClient]:
    """Yield a client of a service with two workers that trusts none or one proxy."""
    settings = {
        **service_runner.embedded_settings(tmp_path),
        "WORKERS": "2",
        "TRUSTED_PROXIES": request.param,
    }
    async with (
        service_runner.open_in_thread(service_runner.run_service(settings)) as service,
        ApiClient.connect(service) as client,
    ):
        yield client


@pytest.mark.once
async def test_an_untrusted_proxy_is_warned_of_in_log_readiness_metrics_and_doctor(
    api: ApiClient,
) -> None:
    is_trusted = api.service.environment["TRUSTED_PROXIES"] == "1"
    before = (await api.get("/health/ready")).json
    assert before["parts"]["proxy"]["state"] == "ok"
    assert "proxy_not_trusted" not in api.service.log.read_text()
    for _ in range(3):
        headers = {"X-Forwarded-For": "203.0.113.9"}
        assert (await api.get("/api/v1/search?q=jaws", headers=headers)).status == 200

    async def read_ready() -> Any:
        """Return the page once the indexer runs: a warning takes no service out of rotation."""
        page = (await api.get("/health/ready")).json
        state = page["parts"]["proxy"]["state"]
        is_expected = state == ("ok" if is_trusted else "warning")
        return page if is_expected and page["status"] == "ready" else None

    ready = await wait_until(read_ready)
    doctor = await asyncio.to_thread(api.service.run, "doctor")
    metrics = (await api.get("/metrics")).body.decode()
    log = api.service.log.read_text()
    if is_trusted:
        assert ready["parts"]["proxy"]["detail"] == "1 trusted"
        assert "proxy_not_trusted" not in log and "WARN" not in doctor.stdout
        return
    assert "set TRUSTED_PROXIES" in ready["parts"]["proxy"]["detail"]
    assert "WARN    proxy" in doctor.stdout and "set TRUSTED_PROXIES" in doctor.stdout
    assert "proxy_not_trusted" in log and log.count("proxy_not_trusted") <= 2
    assert 'movies_untrusted_proxy_timestamp_seconds{header="x-forwarded-for"}' in metrics
