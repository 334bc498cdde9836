"""What the search view has, by the words of its tests."""

import re

from playwright.async_api import Locator, Page

from tests.support.service_runner import Service


def titles(page: Page) -> Locator:
    return page.locator(".search-results .film-card-title")


def options(page: Page) -> Locator:
    return page.locator("#suggestions").get_by_role("option")


def chips(page: Page) -> Locator:
    return page.locator(".chips .chip:not(.chip-clear)")


def search_box(page: Page) -> Locator:
    return page.locator("#search-input")


def match_address(service: Service, address: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(service.url + address) + "$")
