"""Reports of reviews, and what admins do about them, over HTTP."""

import uuid
from typing import Any

import pytest

from tests.api.test_reviews import assert_problem, list_ids, post_review, read_counts
from tests.support.members import Member, add_film
from tests.support.service_runner import ApiClient, Response

REPORTS = "/api/v1/admin/reports"


@pytest.fixture
async def author(api: ApiClient) -> Member:
    return await Member.join(api)


async def report(member: Member, review: dict[str, Any], reason: str = "spam") -> Response:
    return await member.send("POST", f"/reviews/{review['id']}/report", {"reason": reason})


async def find_report(
    api: ApiClient, review: dict[str, Any], state: str = "open"
) -> dict[str, Any]:
    """Return the only report of a review in this state."""
    path: str | None = f"{REPORTS}?state={state}&limit=100"
    reports = []
    while path:
        page = (await api.get(path, token=await api.admin_token())).json
        reports += [entry for entry in page["results"] if entry["review"]["id"] == review["id"]]
        path = page["next"]
    [only] = reports
    report: dict[str, Any] = only
    return report


async def decide(api: ApiClient, report_id: object, action: str, **body: object) -> Response:
    return await api.request(
        "POST",
        f"{REPORTS}/{report_id}",
        token=await api.admin_token(),
        json={"action": action, **body},
    )


async def test_a_reported_review_is_hidden_told_to_its_author_audited_and_restored(
    api: ApiClient, author: Member
) -> None:
    film, reporter = await add_film(api), await Member.join(api)
    review = await post_review(author, film)
    body = {"reason": "abuse", "comment": "It names a neighbour."}
    reported = await reporter.send("POST", f"/reviews/{review['id']}/report", body)
    assert reported.status == 204, reported.json
    entry = await find_report(api, review)
    assert (entry["reason"], entry["comment"], entry["reporter"], entry["outcome"]) == (
        "abuse",
        "It names a neighbour.",
        reporter.name,
        None,
    )
    hidden = await decide(api, entry["id"], "hide", note="No names, please.")
    assert hidden.status == 200, hidden.json
    assert (hidden.json["outcome"], hidden.json["review"]["hidden"]["note"]) == (
        "hidden",
        "No names, please.",
    )
    path = f"/reviews/{review['id']}"
    assert_problem(await api.get(f"/api/v1{path}"), 404, "review_not_found")
    assert_problem(await reporter.send("GET", path), 404, "review_not_found")
    assert await list_ids(api, film) == []
    assert await read_counts(api, film) == {"count": 0, "average": None}
    own = await author.get(path)
    assert own["hidden"]["note"] == "No names, please."
    assert [entry["id"] for entry in (await author.get("/me/reviews"))["results"]] == [review["id"]]
    changed = await author.send("PUT", path, {"title": "Changed", "body": "Better.", "score": 4})
    assert (changed.status, changed.json["hidden"] is not None) == (200, True)
    assert await read_counts(api, film) == {"count": 0, "average": None}
    restored = await decide(api, entry["id"], "restore")
    assert (restored.status, restored.json["outcome"]) == (200, "restored")
    assert await list_ids(api, film) == [review["id"]]
    assert await read_counts(api, film) == {"count": 1, "average": 4.0}
    again = await decide(api, entry["id"], "restore")
    assert_problem(again, 409, "review_not_hidden")
    mails = await api.get("/api/v1/admin/mail?limit=100", token=await api.admin_token())
    kinds = [
        mail["kind"]
        for mail in mails.json["results"]
        if mail["recipient"] == f"{author.name}@example.org"
    ]
    assert set(kinds) <= {"review_hidden", "review_restored"} and kinds
    audit_path = f"/api/v1/admin/audit?subject={review['id']}"
    audit = await api.get(audit_path, token=await api.admin_token())
    assert audit.status == 200, audit.json
    actions = [entry["action"] for entry in audit.json["results"]]
    assert actions == ["review_restored", "review_hidden"]


async def test_a_hidden_review_that_is_deleted_is_not_counted_again(
    api: ApiClient, author: Member
) -> None:
    film, reporter = await add_film(api), await Member.join(api)
    review = await post_review(author, film)
    await report(reporter, review)
    await decide(api, (await find_report(api, review))["id"], "hide")
    assert (await author.send("DELETE", f"/reviews/{review['id']}")).status == 204
    assert await read_counts(api, film) == {"count": 0, "average": None}


async def test_a_dismissed_report_is_opened_again_only_after_the_review_changed(
    api: ApiClient, author: Member
) -> None:
    film, reporters = await add_film(api), [await Member.join(api) for _ in range(2)]
    review = await post_review(author, film)
    assert (await report(reporters[0], review, "spoiler")).status == 204
    first = await find_report(api, review)
    dismissed = await decide(api, first["id"], "dismiss")
    assert (dismissed.json["outcome"], dismissed.json["review"]["hidden"]) == ("dismissed", None)
    assert await list_ids(api, film) == [review["id"]]
    assert (await report(reporters[0], review)).status == 204
    assert (await find_report(api, review, "decided"))["reason"] == "spoiler"
    changed = {"title": "Other", "body": "Words."}
    assert (await author.send("PUT", f"/reviews/{review['id']}", changed)).status == 200
    assert (await report(reporters[0], review, "abuse")).status == 204
    reopened = await find_report(api, review)
    assert (reopened["id"], reopened["reason"]) == (first["id"], "abuse")


async def test_a_decision_settles_all_open_reports_of_the_review(
    api: ApiClient, author: Member
) -> None:
    film, reporters = await add_film(api), [await Member.join(api) for _ in range(2)]
    review = await post_review(author, film)
    assert (await report(reporters[0], review)).status == 204
    entry = await find_report(api, review)
    assert (await report(reporters[1], review)).status == 204
    await decide(api, entry["id"], "hide")
    page = (await api.get(f"{REPORTS}?limit=100", token=await api.admin_token())).json
    assert review["id"] not in {entry["review"]["id"] for entry in page["results"]}


async def test_wrong_reports_and_decisions_are_refused(api: ApiClient, author: Member) -> None:
    film, reporter = await add_film(api), await Member.join(api)
    review = await post_review(author, film)
    assert_problem(await report(author, review), 409, "own_review")
    assert_problem(await report(reporter, {"id": uuid.uuid4()}), 404, "review_not_found")
    assert (await report(reporter, review, "boring")).status == 422
    assert_problem(await decide(api, uuid.uuid4(), "hide"), 404, "report_not_found")
    assert (await decide(api, uuid.uuid4(), "burn")).status == 422
    assert (await reporter.send("GET", "/admin/reports")).status == 403
