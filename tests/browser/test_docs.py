"""The contract's page in a real browser: it shows every operation, and asks nobody outside."""

import pytest
from playwright.async_api import Browser, ViewportSize

from service.http.openapi_document import build_document
from tests.support.openapi import create_finalized_app
from tests.support.service_runner import Service
from tests.support.waiting import wait_until

TALL: ViewportSize = {"width": 1200, "height": 30_000}
"""A window for the whole contract: Swagger UI renders operations where they are looked at."""


@pytest.mark.once
async def test_the_contract_is_readable_in_a_browser(service: Service, browser: Browser) -> None:
    paths = set(build_document(create_finalized_app(), service.url)["paths"])
    page = await browser.new_page(viewport=TALL)
    origins: set[str] = set()
    page.on("request", lambda request: origins.add("/".join(request.url.split("/")[:3])))
    try:
        await page.goto(f"{service.url}/docs")

        async def is_complete() -> bool:
            operations = page.locator("[data-path]")
            shown = await operations.evaluate_all("all => all.map(one => one.dataset.path)")
            return paths <= set(shown)

        await wait_until(is_complete)
    finally:
        await page.close()
    assert origins == {service.url}
