"""Every request of the page fails once: the page says so, or is whole without the answer."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Page, Route, expect

from tests.support.admin_failures import FILM_FAILURES, PEOPLE_FAILURES, STATE_FAILURES
from tests.support.browser import TIMEOUT_MS, answer_with_problem, log_in_state, open_page
from tests.support.community_failures import (
    ACTION_FAILURES,
    DISCOVERY_FAILURES,
    LIBRARY_FAILURES,
    REPORT_FAILURES,
    REVIEW_FAILURES,
    USER_FAILURES,
)
from tests.support.page_calls import list_page_calls
from tests.support.page_failures import (
    ACCOUNT_FAILURES,
    ENTRANCE_FAILURES,
    PASSWORD,
    SEARCH_FAILURES,
    Failure,
)
from tests.support.service_runner import ADMIN, ApiClient, Service

pytestmark = pytest.mark.once

FAILURES = {
    "search": SEARCH_FAILURES,
    "entrance": ENTRANCE_FAILURES,
    "account": ACCOUNT_FAILURES,
    "discovery": DISCOVERY_FAILURES,
    "user": USER_FAILURES,
    "actions": ACTION_FAILURES,
    "reviews": REVIEW_FAILURES,
    "library": LIBRARY_FAILURES,
    "state": STATE_FAILURES,
    "films": FILM_FAILURES,
    "people": PEOPLE_FAILURES,
    "reports": REPORT_FAILURES,
}


def test_each_request_of_the_page_is_in_the_tables_of_failures() -> None:
    tried = [failure.call for failures in FAILURES.values() for failure in failures]
    assert sorted(tried) == sorted(list_page_calls())


@pytest.mark.parametrize("view", ["search", "entrance", "discovery", "user"])
async def test_a_failed_request_is_explained_to_a_visitor(
    service: Service, browser: Browser, view: str
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        await fail_each(page, service, FAILURES[view])


@pytest.mark.parametrize("view", ["account", "actions", "reviews", "library"])
async def test_a_failed_request_is_explained_to_the_owner_of_an_account(
    service: Service, browser: Browser, api: ApiClient, account: str, view: str
) -> None:
    state = await log_in_state(api, account, PASSWORD)
    address = f"{service.url}/robots.txt"
    async with open_page(browser, address, has_failures=True, storage_state=state) as page:
        await fail_each(page, service, FAILURES[view])


@pytest.mark.parametrize("view", ["state", "films", "people", "reports"])
async def test_a_failed_request_is_explained_to_an_admin(
    service: Service, browser: Browser, api: ApiClient, view: str
) -> None:
    state = await log_in_state(api, *ADMIN)
    address = f"{service.url}/robots.txt"
    async with open_page(browser, address, has_failures=True, storage_state=state) as page:
        await fail_each(page, service, FAILURES[view])


async def fail_each(page: Page, service: Service, failures: Sequence[Failure]) -> None:
    """Have each request fail, check what the page shows, and try again where that is offered."""
    for failure in failures:
        try:
            await fail_once(page, service, failure)
        except (AssertionError, TimeoutError, Error) as error:
            raise AssertionError(f"{failure.call} at {failure.address}") from error


async def fail_once(page: Page, service: Service, failure: Failure) -> None:
    outage = Outage(failure.method)
    await page.goto(f"{service.url}/robots.txt")  # a late request of the page before is not meant
    for pattern, answer in failure.answers.items():
        await page.route(re.compile(rf"/api/v1{pattern}"), answer_with(answer))
    *first_steps, last_step = failure.steps or (None,)
    if last_step is None:
        await page.route(failure.pattern, outage.answer)
    await page.goto(service.url + failure.address)
    for step in first_steps:
        await step(page)
    if last_step is not None:
        await page.route(failure.pattern, outage.answer)
        await last_step(page)
    await outage.wait_for_request()
    await failure.shows(page)
    if failure.can_retry:
        await retry(page, failure, outage)
    await page.unroute_all()


async def retry(page: Page, failure: Failure, outage: "Outage") -> None:
    """Try again while the request still fails, and then with success."""
    await page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")  # no polling
    button = page.get_by_role("button", name="Try again")
    outage.forget_requests()
    await button.click()
    await outage.wait_for_request()
    await failure.shows(page)
    outage.is_over = True
    await button.click()
    await expect(page.get_by_role("alert")).to_have_count(0)


class Outage:
    """Requests with one method fail until `is_over`."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.is_over = False
        self._requested = asyncio.Event()

    async def answer(self, route: Route) -> None:
        if self.is_over or route.request.method != self.method:
            await route.fallback()
            return
        await answer_with_problem(route)
        self._requested.set()

    def forget_requests(self) -> None:
        """Wait for a later request than those until now."""
        self._requested.clear()

    async def wait_for_request(self) -> None:
        """Return once a request has failed since the last call."""
        async with asyncio.timeout(TIMEOUT_MS / 1000):
            await self._requested.wait()
        self._requested.clear()


def answer_with(answer: Any) -> Callable[[Route], Awaitable[None]]:
    """Return what answers a request: with `(status, body)`, or reads alone with a body."""
    status, body = answer if isinstance(answer, tuple) else (None, answer)

    async def fulfill(route: Route) -> None:
        if status is None and route.request.method != "GET":
            await route.fallback()
        else:
            await route.fulfill(status=status or 200, json=body)

    return fulfill
