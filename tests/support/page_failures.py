"""Each request of the page, how a person makes the page send it, and what a failure of it shows.

`tests/browser/test_failed_requests.py` has each one fail, and holds the tables complete.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page, expect

from tests.support.page_calls import SEARCH_CALL

Step = Callable[[Page], Awaitable[None]]

PASSWORD = "correct horse battery"
JAWS = "/film/tt0073195"
EDITOR = "/admin?tab=films&edit=tt0073195"
NO_FILM = "qqxxqqzz"


def click(name: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_role("button", name=name, exact=True).first.click()

    return step


def scroll_to(selector: str) -> Step:
    async def step(page: Page) -> None:
        place = page.locator(selector)
        await place.wait_for(state="attached")
        await place.evaluate("element => element.scrollIntoView()")

    return step


def follow(name: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_role("link", name=name, exact=True).click()

    return step


def confirm(name: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()

    return step


def choose(label: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_label(label, exact=True).click()

    return step


def fill(label: str, text: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_label(label, exact=True).first.fill(text)

    return step


def choose_option(label: str, value: str) -> Step:
    async def step(page: Page) -> None:
        await page.get_by_label(label, exact=True).select_option(value)

    return step


async def type_jaws(page: Page) -> None:
    await page.locator("#search-input").fill("jaws")


async def show_alert(page: Page) -> None:
    await expect(page.get_by_role("alert")).to_contain_text("Something went wrong in the service")


def show(selector: str, text: str | None = None, *, without: str | None = None) -> Step:
    """Return what holds that a view is whole without the answer, or explains it in its place."""

    async def step(page: Page) -> None:
        shown = page.locator(selector).first
        await expect(shown).to_be_visible()
        if text is not None:
            await expect(shown).to_contain_text(text)
        if without is not None:
            await expect(page.locator(without)).to_have_count(0)

    return step


@dataclass(frozen=True)
class Failure:
    """A request that fails, with what leads to it and what is to be seen then."""

    call: str
    """As `list_page_calls` has it."""

    address: str
    steps: tuple[Step, ...] = ()
    """What a person does on the page until it sends the request."""

    shows: Step = show_alert
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Answers of other requests, by pattern; `(status, body)`, or a body with 200."""

    query: str = ""
    """A pattern of the parameters, where the address alone fits other requests too."""

    can_retry: bool = False
    """Whether the error has a button that sends the request again."""

    @property
    def method(self) -> str:
        return "GET" if self.call.endswith(SEARCH_CALL) else self.call.split()[1]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The addresses of the request."""
        path = "/(search|movies)"
        if not self.call.endswith(SEARCH_CALL):
            path = re.escape(self.call.split()[2]).replace(r"\{\}", "[^/?]+")
        return re.compile(rf"/api/v1{path}(\?{self.query}|$)")


SEARCH_FAILURES = [
    Failure(f"search-results.js {SEARCH_CALL}", "/", can_retry=True),
    Failure(
        "components/setup-hint.js GET /status", "/", shows=show(".film-card", without=".first-run")
    ),
    Failure(
        "components/search-box.js GET /suggest",
        "/",
        (type_jaws,),
        show(".search-results .film-card-title", "Jaws", without="#suggestions li"),
    ),
    Failure(
        "components/filters.js GET /movies",
        "/?q=jaws",
        shows=show(".search-filters .histogram"),
        query=".*facets=decade",
    ),
    Failure(
        "components/empty-state.js GET /status",
        f"/?q={NO_FILM}",
        shows=show(".film-card", without=".state button"),
    ),
    Failure(
        "components/empty-state.js GET /movies",
        f"/?q={NO_FILM}",
        shows=show(".state button", without=".film-card"),
    ),
    Failure(
        f"components/empty-state.js {SEARCH_CALL}",
        f"/?q={NO_FILM}&genre=Drama",
        shows=show(".state .button-primary", "Clear all"),
        query=".*limit=1$",
    ),
    Failure(
        "components/empty-state.js GET /movies/lookup",
        f"/?q={NO_FILM}",
        (click(f"Look “{NO_FILM}” up in OMDb"),),
        show(".state .notice", "Something went wrong in the service"),
    ),
    Failure("views/film.js GET /movies/{}", JAWS, can_retry=True),
    Failure(
        "components/search-origin.js GET /search",
        "/?q=jaws",
        (follow("Jaws"),),
        show(".film-back", without=".film-why"),
        query=".*year_min",
    ),
    Failure(
        "name-matches.js POST /match",
        "/names",
        (fill("File names, one on each line", "jaws.mkv"), click("Recognise 1 name")),
        can_retry=True,
    ),
]

NOT_CONFIRMED = (403, {"code": "email_not_confirmed", "detail": "Not yet.", "status": 403})
ENTRANCE_FAILURES = [
    Failure(
        "session.js POST /auth/login",
        "/login",
        (fill("Name or e-mail address", "ada"), fill("Password", PASSWORD), click("Log in")),
    ),
    Failure(
        "components/resend.js POST /auth/verify-email/resend",
        "/login",
        (
            fill("Name or e-mail address", "ada"),
            fill("Password", PASSWORD),
            click("Log in"),
            fill("E-mail address", "ada@films.example"),
            click("Send the mail again"),
        ),
        show(".field-error", "Something went wrong in the service"),
        {"/auth/login": NOT_CONFIRMED},
    ),
    Failure(
        "views/register.js POST /auth/register",
        "/register",
        (
            fill("Name", "ada-of-tests"),
            fill("E-mail address", "ada-of-tests@films.example"),
            fill("Password", PASSWORD),
            click("Create the account"),
        ),
    ),
]

SESSIONS = "/account?tab=sessions"
SESSION = {
    "id": "01993f84-5a3c-7e21-8b7d-1f2e3d4c5b6a",
    "created_at": "2026-11-27T20:00:00Z",
    "last_seen_at": "2026-11-27T20:10:00Z",
    "expires_at": "2026-12-27T20:10:00Z",
    "address": "192.0.2.1",
    "client": "curl/8.5.0",
    "is_current": False,
}
KEYS = "/account?tab=keys"
KEY = {
    "id": "01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f",
    "name": "player",
    "scopes": ["read"],
    "ending": "CtXy",
    "created_at": "2026-11-27T20:00:00Z",
    "expires_at": None,
    "last_used_at": None,
}
DATA = "/account?tab=data"
EXPORT = {
    "id": "01993f85-9c1d-7f3a-8e5b-2a4c6e8f0b13",
    "state": "done",
    "created_at": "2026-11-27T20:00:00Z",
    "finished_at": "2026-11-27T20:00:02Z",
    "expires_at": "2026-12-04T20:00:02Z",
    "size_bytes": 48_213,
    "failure": None,
}
HIDDEN_SESSION = {
    "access_token": "a.b.c",
    "token_type": "Bearer",
    "expires_in": 600,
    "refresh_token": None,
    "user": {
        "id": "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42",
        "username": "ada",
        "email": None,
        "is_admin": False,
        "profile": "private",
        "created_at": "2026-11-27T20:00:00Z",
        "erase_at": "2026-12-04T20:00:00Z",
    },
}
ACCOUNT_FAILURES = [
    Failure(
        "session.js POST /auth/refresh",
        "/account",
        shows=show(".entrance h1", "Log in"),
    ),
    Failure(
        "account/profile.js PATCH /me",
        "/account",
        (
            fill("New e-mail address", "other@films.example"),
            fill("Password", PASSWORD),
            click("Change the address"),
        ),
    ),
    Failure("account/profile.js PATCH /me", "/account", (choose("Everybody"),)),
    Failure(
        "account/profile.js POST /auth/password",
        "/account",
        (
            fill("Current password", PASSWORD),
            fill("New password", "a longer battery, stapled"),
            click("Change the password"),
        ),
    ),
    Failure("account/blocks.js GET /me/blocks", "/account", query="limit=", can_retry=True),
    Failure(
        "blocks.js DELETE /me/blocks/{}",
        "/account",
        (click("No longer block mallory"),),
        answers={
            r"/me/blocks\?": {
                "results": [{"username": "mallory", "blocked_at": "2026-11-27T20:00:00Z"}],
                "total": {"value": 1},
                "next": None,
            }
        },
    ),
    Failure("session.js POST /auth/logout", "/account", (click("Log out"),)),
    Failure("account/sessions.js GET /me/sessions", SESSIONS, can_retry=True),
    Failure(
        "account/sessions.js DELETE /me/sessions/{}",
        SESSIONS,
        (click("End the session of curl/8.5.0"),),
        answers={"/me/sessions$": {"results": [SESSION]}},
    ),
    Failure("account/keys.js GET /me/keys", KEYS, can_retry=True),
    Failure(
        "account/client-addresses.js GET /status",
        KEYS,
        shows=show("#account-keys", without="#client-addresses"),
    ),
    Failure(
        "account/new-key.js POST /me/keys",
        KEYS,
        (click("New key"), fill("What is it for?", "a player"), click("Make the key")),
    ),
    Failure(
        "account/keys.js DELETE /me/keys/{}",
        KEYS,
        (click("Delete the key player"), confirm("Delete")),
        answers={"/me/keys$": {"results": [KEY]}},
    ),
    Failure("account/exports.js GET /me/exports", DATA, can_retry=True),
    Failure("account/exports.js POST /me/exports", DATA, (click("Collect my data"),)),
    Failure(
        "account/exports.js GET /me/exports/{}",
        DATA,
        (click("Download"),),
        answers={"/me/exports$": {"results": [EXPORT]}},
    ),
    Failure(
        "account/deletion.js POST /me/deletion",
        DATA,
        (click("Delete my account"), fill("Password", PASSWORD), confirm("Delete my account")),
    ),
    Failure(
        "account/deletion.js DELETE /me/deletion",
        "/account",
        (click("Restore my account"),),
        answers={"/auth/refresh": (200, HIDDEN_SESSION)},
    ),
    Failure(
        "session.js POST /auth/logout-all",
        SESSIONS,
        (click("Log out everywhere"), confirm("Log out everywhere")),
    ),
]
