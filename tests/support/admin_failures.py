"""The requests of the operator's view, each with what a failure of it shows."""

from typing import Any

from tests.support.page_failures import EDITOR, Failure, click, confirm, fill, show

ID = "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"
RUNNING_JOB = {
    "id": ID,
    "kind": "rebuild",
    "state": "filling",
    "cancel_asked": False,
    "index_name": "movies-8",
    "previous_index": "movies-7",
    "done": 635_200,
    "total": 1_024_551,
    "rate": 6100.0,
    "seconds_left": 64.0,
    "golden": [],
    "reason": None,
    "created_at": "2026-11-27T20:00:00Z",
    "started_at": "2026-11-27T20:00:00Z",
    "finished_at": None,
}
DONE_JOB = {**RUNNING_JOB, "state": "done", "finished_at": "2026-11-27T20:03:00Z"}
OUTBOX_ROW = {
    "id": ID,
    "film_id": ID,
    "kind": "upsert",
    "version": 1,
    "attempts": 3,
    "reason": "a field is too long",
    "created_at": "2026-11-27T20:00:00Z",
}
DRIFT = {
    "outdated": False,
    "drift": 3,
    "check": None,
    "checked_at": "2026-11-27T20:00:00Z",
    "missing": 3,
    "stale": 0,
    "orphaned": 0,
}


def one_page(*results: Any) -> dict[str, Any]:
    """Return the page of a list that has these entries."""
    total = {"value": len(results), "relation": "eq"}
    return {"results": list(results), "total": total, "next": None, "previous": None}


def state(path: str, *steps: Any, **fields: Any) -> Failure:
    return Failure(path, "/admin", steps, **fields)


JOBS, OUTBOX = r"/admin/jobs\?", r"/admin/outbox\?"
ROW = {OUTBOX: one_page(OUTBOX_ROW)}
STATE_FAILURES = [
    *(
        state(f"admin/state.js GET /admin/{part}", can_retry=True)
        for part in ("health", "overview", "quota", "drift")
    ),
    state("admin/jobs.js GET /admin/jobs", can_retry=True),
    state(
        "admin/state.js POST /admin/drift",
        click("Compare now"),
        shows=show(".tile .field-error", "It failed"),
    ),
    state("admin/state.js POST /admin/drift", click("Repair"), answers={"/admin/drift$": DRIFT}),
    state(
        "admin/state.js POST /admin/reindex",
        click("Rebuild the index"),
        answers={"/admin/drift$": DRIFT | {"outdated": True}},
    ),
    state(
        "admin/rebuild.js POST /admin/reindex",
        click("Rebuild the index"),
        answers={"/admin/drift$": DRIFT | {"drift": 0}, JOBS: one_page(DONE_JOB)},
    ),
    state(
        "admin/rebuild.js POST /admin/reindex/rollback",
        click("Roll back"),
        confirm("Roll back"),
        answers={JOBS: one_page(DONE_JOB)},
    ),
    state(
        "admin/rebuild.js DELETE /admin/reindex/{}",
        click("Cancel"),
        answers={JOBS: one_page(RUNNING_JOB)},
    ),
    state("admin/quarantine.js GET /admin/outbox", can_retry=True),
    state("admin/quarantine.js POST /movies/batch", answers=ROW),
    state(
        "admin/quarantine.js POST /admin/outbox/{}/retry",
        click("Try A deleted film again"),
        answers=ROW,
    ),
]

FILM_FAILURES = [
    Failure("admin/film-list.js GET /movies", "/admin?tab=films", can_retry=True),
    Failure("admin/film-list.js GET /search", "/admin?tab=films&q=jaws", can_retry=True),
    Failure("admin/film-editor.js GET /movies/{}", EDITOR, can_retry=True),
    Failure(
        "admin/film-editor.js PATCH /movies/{}", EDITOR, (fill("Awards", "All"), click("Save"))
    ),
    Failure(
        "admin/film-editor.js POST /movies",
        "/admin?tab=films&edit=new",
        (fill("Title", "Thistlewick"), click("Add the film")),
    ),
    Failure(
        "admin/film-delete.js GET /movies/{}",
        EDITOR,
        (fill("Awards", "All"), click("Delete the film")),
    ),
    Failure(
        "admin/film-delete.js DELETE /movies/{}",
        EDITOR,
        (click("Delete the film"), confirm("Delete the film")),
    ),
    Failure(
        "admin/merge.js POST /admin/movies/{}/merge",
        EDITOR,
        (
            click("Merge into another film"),
            fill("Find a film", "alien"),
            confirm("Choose Alien"),
            confirm("Merge"),
        ),
    ),
    Failure("admin/twins.js GET /admin/twins", "/admin?tab=twins", can_retry=True),
]

USER = {
    "id": ID,
    "username": "ada",
    "email": "ada@films.example",
    "email_confirmed": True,
    "is_admin": False,
    "state": "active",
    "created_at": "2026-11-27T20:00:00Z",
    "disabled_at": None,
    "last_seen_at": None,
}
MAIL = {
    "id": ID,
    "kind": "reset_password",
    "recipient": "ada@films.example",
    "language": "en",
    "state": "given_up",
    "attempts": 31,
    "reason": "the mail server refuses the mail: 550 5.1.1 no such mailbox",
    "created_at": "2026-11-27T20:00:00Z",
    "due_at": None,
    "sent_at": None,
    "given_up_at": "2026-11-28T20:00:00Z",
}
USERS_TAB, MAILS_TAB = "/admin?tab=users", "/admin?tab=mails"
USERS, MAILS = r"/admin/users\?", r"/admin/mail\?"
PEOPLE_FAILURES = [
    Failure("admin/users.js GET /admin/users", USERS_TAB, can_retry=True),
    Failure(
        "admin/new-user.js POST /admin/users",
        USERS_TAB,
        (
            click("New account"),
            fill("Name", "ada-of-tests"),
            fill("Password", "correct horse battery"),
            click("Make the account"),
        ),
    ),
    Failure(
        "admin/user-actions.js PATCH /admin/users/{}",
        USERS_TAB,
        (click("Manage ada"), confirm("Disable the account")),
        answers={USERS: one_page(USER)},
    ),
    Failure(
        "admin/user-actions.js DELETE /admin/users/{}",
        USERS_TAB,
        (click("Manage ada"), confirm("Delete the account"), confirm("Delete the account")),
        answers={USERS: one_page(USER)},
    ),
    Failure("admin/invites.js POST /admin/invites", USERS_TAB, (click("Make an invite"),)),
    Failure("admin/mails.js GET /admin/mail", MAILS_TAB, can_retry=True),
    Failure(
        "admin/mails.js POST /admin/mail/{}/retry",
        MAILS_TAB,
        (click("Try the mail to ada@films.example again"),),
        answers={MAILS: one_page(MAIL)},
    ),
    Failure("admin/audit.js GET /admin/audit", "/admin?tab=audit", can_retry=True),
]
