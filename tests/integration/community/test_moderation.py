"""What authors are told of decisions about their reviews, and what an erased account leaves."""

import asyncio
from uuid import UUID

from service.accounts.deletion.erasure import erase_account
from service.accounts.models import User
from service.community.moderation.mails import compose_review_mail
from service.community.moderation.service import Moderation
from service.community.reviews.likes import ReviewLikes
from service.community.reviews.models import Review, ReviewEdit, ReviewReport
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.service import MAX_EDITS, Reviews
from service.errors import Conflict
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts
from service.mail import outbox
from service.mail.base import MailContent
from service.mail.models import Mail
from service.server.personal_data import PERSONAL_DATA
from tests.support.accounts import AccountActions
from tests.support.clock import FakeClock

SERVICE_URL = "https://films.example"
DRAFT = ReviewDraft(title="Fine", body="*Fine*.", score=7)


async def add_review(catalogue: Catalogue, reviews: Reviews, user: UUID) -> Review:
    film = await catalogue.add(FilmFacts(title="Jaws", year=1975))
    return await reviews.add(user, str(film.id), DRAFT, "de")


async def hide_review(moderation: Moderation, reporter: UUID, review: Review) -> str:
    await moderation.report(reporter, str(review.id), "spam", None)
    report = await ReviewReport.get(review_id=review.id)
    await moderation.decide(str(report.id), "hide", "An advertisement.")
    return str(report.id)


async def compose_mails(clock: FakeClock) -> list[MailContent | None]:
    contents = []
    while (mail := await outbox.claim("tests", clock.epoch_ms())) is not None:
        assert mail.order.language == "de"
        contents.append(await compose_review_mail(SERVICE_URL, mail.order))
        await outbox.drop(mail.order.id)
    return contents


async def test_an_author_is_told_why_a_review_was_hidden(
    catalogue: Catalogue, reviews: Reviews, moderation: Moderation, users: AccountActions,
    clock: FakeClock,
) -> None:  # fmt: skip
    ada, bob = [(await users.create_user(name)).id for name in ("ada", "bob")]
    review = await add_review(catalogue, reviews, ada)
    await hide_review(moderation, bob, review)
    assert await Mail.all().count() == 1
    [content] = await compose_mails(clock)
    assert content is not None
    assert (content.template, content.recipient) == ("review_hidden", "ada@example.org")
    assert content.values == {
        "username": "ada",
        "review": "Fine",
        "movie": "Jaws",
        "link": f"{SERVICE_URL}/film/{review.film_id}",
        "note": "An advertisement.",
    }


async def test_only_the_mail_that_is_still_true_is_sent(
    catalogue: Catalogue, reviews: Reviews, moderation: Moderation, users: AccountActions,
    clock: FakeClock,
) -> None:  # fmt: skip
    ada, bob = [(await users.create_user(name)).id for name in ("ada", "bob")]
    review = await add_review(catalogue, reviews, ada)
    report = await hide_review(moderation, bob, review)
    await moderation.decide(report, "restore", None)
    contents = await compose_mails(clock)
    assert [content and content.template for content in contents] == [None, "review_restored"]
    report = str((await ReviewReport.get(review_id=review.id)).id)
    await moderation.decide(report, "hide", None)
    await reviews.delete(ada, str(review.id))
    assert await compose_mails(clock) == [None]


async def test_a_review_that_several_admins_hide_at_once_is_counted_out_once(
    catalogue: Catalogue, reviews: Reviews, moderation: Moderation, users: AccountActions
) -> None:
    ada, bob = [(await users.create_user(name)).id for name in ("ada", "bob")]
    review = await add_review(catalogue, reviews, ada)
    report = await hide_review(moderation, bob, review)
    await asyncio.gather(*(moderation.decide(report, "hide", None) for _ in range(4)))
    assert (await Film.get(id=review.film_id)).review_count == 0
    outcomes = await asyncio.gather(
        *(moderation.decide(report, "restore", None) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    assert (await Film.get(id=review.film_id)).review_count == 1


async def test_users_who_like_a_review_at_once_are_all_counted(
    catalogue: Catalogue, reviews: Reviews, review_likes: ReviewLikes, users: AccountActions
) -> None:
    names = [f"user{number}" for number in range(10)]
    ada, *others = [(await users.create_user(name)).id for name in names]
    review = await add_review(catalogue, reviews, ada)
    await asyncio.gather(*(review_likes.add(user, str(review.id)) for user in (*others, *others)))
    assert (await Review.get(id=review.id)).likes == len(others)
    await erase_account(others[0], PERSONAL_DATA)
    assert (await Review.get(id=review.id)).likes == len(others) - 1


async def test_an_erased_author_leaves_reviews_only_if_they_are_to_be_kept(
    catalogue: Catalogue, reviews: Reviews, users: AccountActions
) -> None:
    ada, bob = [(await users.create_user(name)).id for name in ("ada", "bob")]
    film = await catalogue.add(FilmFacts(title="Jaws", year=1975))
    own_review = await reviews.add(ada, str(film.id), DRAFT, "en")
    await reviews.add(bob, str(film.id), DRAFT, "en")
    await User.filter(id=ada).update(keep_reviews=True)
    for user in (ada, bob):
        await erase_account(user, PERSONAL_DATA)
    [review] = await Review.all()
    assert (review.id, review.user_id) == (own_review.id, None)
    counted = await Film.get(id=film.id)
    assert (counted.review_count, counted.review_score_sum) == (1, 7)


async def test_only_the_latest_versions_of_a_review_are_kept(
    catalogue: Catalogue, reviews: Reviews, users: AccountActions, clock: FakeClock
) -> None:
    ada = (await users.create_user("ada")).id
    review = await add_review(catalogue, reviews, ada)
    for number in range(MAX_EDITS + 3):
        clock.advance(1)
        draft = ReviewDraft(title=f"Version {number}", body="Text.")
        await reviews.replace(ada, str(review.id), draft)
    edits = await ReviewEdit.filter(review_id=review.id).order_by("replaced_at")
    assert len(edits) == MAX_EDITS
    assert edits[-1].title == f"Version {MAX_EDITS + 1}"


async def test_html_of_an_earlier_renderer_is_rendered_again(
    catalogue: Catalogue, reviews: Reviews, users: AccountActions
) -> None:
    ada = (await users.create_user("ada")).id
    review = await add_review(catalogue, reviews, ada)
    await Review.filter(id=review.id).update(html="<script>", html_version=0)
    stored = await Review.get(id=review.id)
    assert await reviews.render_current(stored) == "<p><em>Fine</em>.</p>"
