"""What the mails about reviews say, worked out when they are sent."""

from service.accounts.models import User
from service.community.reviews.models import Review
from service.mail.base import MailContent, MailOrder

REVIEW_MAILS = ("review_hidden", "review_restored")


async def compose_review_mail(service_url: str, order: MailOrder) -> MailContent | None:
    """Return what the mail says; None if the review is gone, or no longer in that state."""
    author = await User.get_or_none(id=order.account_id, erase_at=None)
    review = await Review.get_or_none(id=order.subject_id, user_id=order.account_id)
    if author is None or author.email is None or review is None:
        return None
    values = {
        "username": author.username,
        "review": review.title,
        "movie": review.film_title,
        "link": f"{service_url}/film/{review.film_id}",
        "note": review.hidden_note or "",
    }
    if order.kind == "review_hidden" and review.hidden_at is not None:
        return MailContent("review_hidden", values, recipient=author.email)
    if order.kind == "review_restored" and review.hidden_at is None:
        return MailContent("review_restored", values, recipient=author.email)
    return None
