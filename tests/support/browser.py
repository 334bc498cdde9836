"""The page in a real Chromium, watched: what it reports as errors and whom it asks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    Page,
    Route,
    StorageState,
    async_playwright,
    expect,
)

from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient

WIDTHS = {"phone": 430, "tablet": 900, "desktop": 1360}
LOOKS = {
    "light-phone": ("light", WIDTHS["phone"]),
    "light-tablet": ("light", WIDTHS["tablet"]),
    "dark-desktop": ("dark", WIDTHS["desktop"]),
}
"""Each scheme and width once: colours do not depend on widths, nor the layout on colours."""
HEIGHT = 900
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")
TIMEOUT_MS = 30_000  # a busy machine is slow; a page that waits for nothing takes no longer
expect.set_options(timeout=TIMEOUT_MS)

each_look = pytest.mark.parametrize(("scheme", "width"), LOOKS.values(), ids=LOOKS)


@asynccontextmanager
async def run_chromium() -> AsyncIterator[Browser]:
    """Run one browser for all tests of a session."""
    path = require_backend("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@asynccontextmanager
async def open_page(
    browser: Browser,
    address: str,
    *,
    width: int = WIDTHS["desktop"],
    scheme: str = "light",
    locale: str = "en-GB",
    has_failures: bool = False,
    **options: Any,
) -> AsyncIterator[Page]:
    """Open an address in a fresh profile; at the end, fail if the page did anything wrong.

    Wrong is an error on the console (a refusal by the page's policy is one), an uncaught exception,
    and a request to another origin.

    Args:
        has_failures: whether failed requests are part of the test; the console lists them.
        options: more options of the browser's context.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        locale=locale,
        **options,
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = await context.new_page()
    faults: list[str] = []
    origin = urlsplit(address).netloc
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}")
            if message.type == "error"
            and not (has_failures and "Failed to load resource" in message.text)
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            faults.append(f"foreign request: {request.url}")
            if urlsplit(request.url).netloc not in (origin, "")
            else None
        ),
    )
    try:
        if not options.get("offline"):
            await page.goto(address)
        yield page
    finally:
        await context.close()
    assert not faults, "\n".join(faults)


async def log_in_state(api: ApiClient, name: str, password: str) -> StorageState:
    """Return the state of a browser in which this user has just logged in; use it once.

    It is an option of `open_page`, as `storage_state`.
    """
    body = {"username": name, "password": password, "cookie": True}
    login = await api.request("POST", "/api/v1/auth/login", json=body)
    assert login.status == 200, login.json
    [(cookie_name, cookie)] = SimpleCookie(login.headers["Set-Cookie"]).items()
    origin = urlsplit(api.service.url)
    hint = {"name": "session", "value": login.json["user"]["id"]}
    return {
        "cookies": [
            {
                "name": cookie_name,
                "value": cookie.value,
                "domain": str(origin.hostname),
                "path": cookie["path"],
                "expires": -1,
                "httpOnly": True,
                "secure": False,
                "sameSite": "Strict",
            }
        ],
        "origins": [{"origin": api.service.url, "localStorage": [hint]}],
    }


@asynccontextmanager
async def open_as(
    browser: Browser, api: ApiClient, path: str, user: tuple[str, str], **options: Any
) -> AsyncIterator[Page]:
    """Open an address of the page as this user, who has just logged in."""
    state = await log_in_state(api, *user)
    async with open_page(browser, api.service.url + path, storage_state=state, **options) as page:
        yield page


async def assert_is_clean(page: Page) -> None:
    """Fail if axe finds something, or if the page is wider than the window."""
    assert await find_violations(page) == []
    assert not await has_overflow(page)


async def find_violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page's accessibility, one line for each element."""
    results = await Axe().run(page)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


async def has_overflow(page: Page) -> bool:
    """Return whether the page is wider than the window."""
    script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(await page.evaluate(script))


async def answer_with_problem(route: Route, status: int = 500, **fields: Any) -> None:
    """Answer a request of the page with a problem document."""
    problem = {"type": "about:blank", "title": "Error", "status": status, "code": "internal_error"}
    await route.fulfill(
        status=status,
        content_type="application/problem+json",
        headers={"Retry-After": "1"} if status in (429, 503) else {},
        body=json.dumps({**problem, "detail": "It failed.", "request_id": "r-1", **fields}),
    )
