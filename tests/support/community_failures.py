"""Requests about what people do with films that fail; see `tests/support/page_failures.py`."""

from tests.support.page_failures import (
    JAWS,
    Failure,
    Step,
    choose_option,
    click,
    show,
)

FAILED = "Something went wrong in the service"
NOT_SEEN = {"results": [], "total": {"value": 0}}
WHOLE = show(".film-facts", "Steven Spielberg")


def not_pressed(name: str) -> Step:
    """Return what holds that a change was taken back, and the failure explained."""
    return show(
        ".film-actions",
        FAILED,
        without=f"button[aria-pressed=true]:has-text({name!r})",
    )


ACTION_FAILURES = [
    Failure("film/actions.js GET /ratings", JAWS, can_retry=True),
    Failure("film/actions.js GET /me/watchlist", JAWS, can_retry=True, query="movie="),
    Failure("film/actions.js GET /me/history", JAWS, can_retry=True, query="movie="),
    Failure(
        "film/actions.js POST /ratings/batch",
        JAWS,
        (choose_option("Your score", "9"),),
        show(".film-actions:has(option[value='']:checked)", FAILED),
    ),
    Failure(
        "film/actions.js PUT /me/watchlist/{}",
        JAWS,
        (click("Watchlist"),),
        not_pressed("Watchlist"),
    ),
    Failure(
        "film/actions.js DELETE /me/watchlist/{}",
        JAWS,
        (click("Watchlist"),),
        show(".film-actions:has(button[aria-pressed=true])", FAILED),
        {r"/me/watchlist\?movie=": {"results": [], "total": {"value": 1}}},
    ),
    Failure(
        "film/actions.js POST /me/history",
        JAWS,
        (click("Mark as seen"),),
        show(".film-actions", FAILED, without=".film-actions button:has-text('Seen again')"),
    ),
    Failure(
        "film/actions.js DELETE /me/history/{}",
        JAWS,
        (click("Mark as seen"), click("Undo")),
        show(f".film-actions:has-text('{FAILED}')", "Seen once"),
        {
            r"/me/history\?movie=": NOT_SEEN,
            "/me/history$": (201, {"id": "e-1", "watched_at": "2026-11-27T20:00:00Z"}),
        },
    ),
]

SIMILAR_FAILURES = [
    Failure("film/similar.js GET /movies/{}/similar", JAWS, shows=WHOLE),
]
