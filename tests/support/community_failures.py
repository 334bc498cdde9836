"""Requests about what people do with films that fail; see `tests/support/page_failures.py`."""

from tests.support.page_failures import (
    JAWS,
    Failure,
    Step,
    choose_option,
    click,
    confirm,
    fill,
    scroll_to,
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

DISCOVERY_FAILURES = [
    Failure("film/similar.js GET /movies/{}/similar", JAWS, shows=WHOLE),
    Failure("film/reviews.js GET /movies/{}/reviews", JAWS, query=".*sort=", can_retry=True),
    Failure(
        "components/discovery.js GET /movies/trending",
        "/",
        (scroll_to(".lazy-part"),),
        shows=show("#popular-title", without="#trending-title"),
        query="limit=",
    ),
    Failure(
        "components/discovery.js GET /movies/popular",
        "/?sort=title",  # another address, since a page that is opened again keeps its place
        (scroll_to(".lazy-part"),),
        shows=show(".film-card", without="#popular-title"),
        query="limit=",
    ),
]

REVIEW = {
    "id": "01993f92-4d6e-7f81-92a3-b4c5d6e7f809",
    "movie": {"id": "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42", "title": "Jaws", "deleted": False},
    "author": "ada",
    "title": "Still afraid",
    "body": "Of *water*.",
    "html": "<p>Of <em>water</em>.</p>",
    "score": 9,
    "spoiler": False,
    "likes": 3,
    "liked": False,
    "mine": False,
    "hidden": None,
    "created_at": "2026-11-27T20:00:00Z",
    "edited_at": None,
}


def one_review(**changes: object) -> dict[str, object]:
    review = {**REVIEW, **changes}
    return {"results": [review], "total": {"value": 1}, "next": None, "previous": None}


OTHERS = r"/movies/[^/]+/reviews\?"
OWN = r"/me/reviews\?"
LIKE = "Like this review (3)"
REVIEW_FAILURES = [
    Failure("film/reviews.js GET /me/reviews", JAWS, query="movie=", can_retry=True),
    Failure(
        "live-socket.js POST /auth/ws-ticket",
        JAWS,
        shows=show("#reviews-title", without="[role=alert]"),
    ),
    Failure(
        "film/review-form.js POST /movies/{}/reviews",
        JAWS,
        (
            click("Write a review"),
            fill("In one line", "Still afraid"),
            fill("Review", "Of water."),
            click("Publish"),
        ),
    ),
    Failure(
        "film/review-form.js PUT /reviews/{}",
        JAWS,
        (click("Edit"), click("Save")),
        answers={OWN: one_review(mine=True)},
    ),
    Failure(
        "film/review.js DELETE /reviews/{}",
        JAWS,
        (click("Delete"), confirm("Delete")),
        answers={OWN: one_review(mine=True)},
    ),
    Failure(
        "film/review-form.js POST /reviews/{}/report",
        JAWS,
        (click("Report “Still afraid”"), confirm("Send the report")),
        answers={OTHERS: one_review()},
    ),
    Failure(
        "film/review.js PUT /reviews/{}/like",
        JAWS,
        (click(LIKE),),
        show(".review:has(button[aria-pressed=false])", FAILED),
        {OTHERS: one_review()},
    ),
    Failure(
        "film/review.js DELETE /reviews/{}/like",
        JAWS,
        (click(LIKE),),
        show(".review:has(button[aria-pressed=true])", FAILED),
        {OTHERS: one_review(liked=True)},
    ),
    Failure(
        "film/review-edits.js GET /reviews/{}/edits",
        JAWS,
        (click("Earlier versions of “Still afraid”"),),
        answers={OWN: one_review(mine=True, edited_at="2026-11-28T20:00:00Z")},
        query="limit=",
    ),
    Failure(
        "blocks.js PUT /me/blocks/{}",
        JAWS,
        (click("Block ada"),),
        show(f".review:has-text({FAILED!r})", "Still afraid"),
        {OTHERS: one_review()},
    ),
]

REPORT = {
    "id": "01993f93-5e7f-7092-a3b4-c5d6e7f8091a",
    "review": REVIEW,
    "reason": "spoiler",
    "comment": None,
    "reporter": "bob",
    "created_at": "2026-11-27T21:00:00Z",
    "outcome": None,
    "decided_at": None,
}
REPORTS = "/admin?tab=reports"
REPORT_FAILURES = [
    Failure("admin/reports.js GET /admin/reports", REPORTS, can_retry=True),
    Failure(
        "admin/reports.js POST /admin/reports/{}",
        REPORTS,
        (click("Dismiss the reports of “Still afraid”"),),
        answers={r"/admin/reports\?": {**one_review(), "results": [REPORT]}},
    ),
]


WATCHLIST, HISTORY, LISTS = (f"/account?tab={tab}" for tab in ("watchlist", "history", "lists"))
LIST = {"id": "l-1", "name": "Sharks", "description": None, "visibility": "private", "movies": 2}
ENTRY = {
    "id": "e-1",
    "movie": {"id": "f-1", "imdb_id": None, "title": "Jaws", "year": 1975},
    "deleted_movie": None,
    "note": None,
    "rewatch": False,
    "added_at": "2026-11-27T20:00:00Z",
    "watched_at": "2026-11-27",
}
OTHER_ENTRY = {**ENTRY, "id": "e-2", "movie": {**ENTRY["movie"], "id": "f-2", "title": "Alien"}}
ONE_ENTRY = {**one_review(), "results": [ENTRY]}
LIST_PAGE = {**one_review(), "list": LIST, "results": [ENTRY, OTHER_ENTRY]}
ONE_LIST = {**one_review(), "results": [LIST]}
LIST_ANSWERS = {r"/lists/l-1\?": LIST_PAGE}
OWN_LIST = f"{LISTS}&list=l-1"
LIBRARY_FAILURES = [
    Failure("library/watchlist.js GET /me/watchlist", WATCHLIST, query="sort=", can_retry=True),
    Failure(
        "library/watchlist.js DELETE /me/watchlist/{}",
        WATCHLIST,
        (click("Remove Jaws"),),
        answers={r"/me/watchlist\?": ONE_ENTRY},
    ),
    Failure("library/history.js GET /me/history", HISTORY, query="limit=", can_retry=True),
    Failure(
        "library/history.js DELETE /me/history/{}",
        HISTORY,
        (click("Remove Jaws"),),
        answers={r"/me/history\?": ONE_ENTRY},
    ),
    Failure("library/lists.js GET /lists", LISTS, query="limit=", can_retry=True),
    Failure(
        "library/lists.js POST /lists",
        LISTS,
        (fill("New list", "Sharks"), click("Make the list")),
    ),
    Failure("library/list-editor.js GET /lists/{}", OWN_LIST, query="limit=", can_retry=True),
    Failure(
        "library/list-editor.js PATCH /lists/{}", OWN_LIST, (click("Save"),), answers=LIST_ANSWERS
    ),
    Failure(
        "library/list-editor.js PUT /lists/{}/items/{}",
        OWN_LIST,
        (click("Note about Jaws"), confirm("Save")),
        answers=LIST_ANSWERS,
    ),
    Failure(
        "library/list-editor.js DELETE /lists/{}/items/{}",
        OWN_LIST,
        (click("Remove Jaws"),),
        show(f".account:has-text('{FAILED}')", "Jaws"),
        answers=LIST_ANSWERS,
    ),
    Failure(
        "library/list-editor.js POST /lists/{}/order",
        OWN_LIST,
        (click("Put Alien at the top"),),
        show(f".account:has-text('{FAILED}') .row >> nth=0", "Jaws"),
        answers=LIST_ANSWERS,
    ),
    Failure(
        "library/list-editor.js DELETE /lists/{}",
        OWN_LIST,
        (click("Delete the list"), confirm("Delete the list")),
        answers=LIST_ANSWERS,
    ),
    Failure(
        "film/add-to-list.js GET /lists",
        JAWS,
        (click("Add to a list"),),
        query="limit=",
    ),
    Failure(
        "film/add-to-list.js POST /lists",
        JAWS,
        (click("Add to a list"), fill("New list", "Sharks"), confirm("Add")),
    ),
    Failure(
        "film/add-to-list.js PUT /lists/{}/items/{}",
        JAWS,
        (click("Add to a list"), confirm("Add")),
        answers={r"/lists\?": ONE_LIST},
    ),
]

USER = "/user/ada"
COUNTS = {"films_seen": 2, "viewings": 3, "ratings": 1, "reviews": 1, "lists": 0}
NO_STATISTICS: dict[str, object] = {"months": [], "decades": [], "genres": [], "scores": []}
PROFILE = {
    "username": "ada",
    "profile": "public",
    "joined_at": "2026-11-27T20:00:00Z",
    "counts": COUNTS,
    "lists": [],
}
PROFILE_ANSWERS = {"/users/ada$": PROFILE}
USER_FAILURES = [
    Failure("views/list.js GET /lists/{}", "/list/l-1", query="limit=", can_retry=True),
    Failure("views/user.js GET /users/{}", USER, can_retry=True),
    Failure(
        "views/user.js GET /users/{}/statistics",
        USER,
        answers={**PROFILE_ANSWERS, r"/users/ada/reviews\?": one_review()},
    ),
    Failure(
        "views/user.js GET /users/{}/lists",
        USER,
        answers={
            "/users/ada$": {**PROFILE, "counts": {**COUNTS, "lists": 1}},
            "/users/ada/statistics$": NO_STATISTICS,
            r"/users/ada/reviews\?": one_review(),
        },
        query="limit=",
    ),
    Failure(
        "views/user.js GET /users/{}/reviews",
        USER,
        answers={
            **PROFILE_ANSWERS,
            "/users/ada/statistics$": NO_STATISTICS,
        },
        query="limit=",
    ),
]
