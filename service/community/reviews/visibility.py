"""Who sees which reviews.

A hidden review is seen by its author and by admins, one of a disabled account by admins alone.
Reviews of an account that is to be deleted are seen if their author wants to leave them, without a
name. Readers do not see the reviews of users whom they block.
"""

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.community.blocks.models import UserBlock
from service.community.readers import Reader
from service.community.reviews.models import Review
from service.errors import NotFound
from service.text.uuids import parse_uuid

SHOWN = Q(hidden_at__isnull=True)
OF_VISIBLE_AUTHORS = Q(user__disabled_at__isnull=True) & (
    Q(user__erase_at__isnull=True) | Q(user__keep_reviews=True)
)
"""An author who is gone has no `disabled_at` and no `erase_at` either."""


async def find_visible(reader: Reader) -> QuerySet[Review]:
    """Return the reviews that are shown to everybody and that the reader wants to see."""
    reviews = Review.filter(SHOWN & OF_VISIBLE_AUTHORS).select_related("user")
    if reader.id is None:
        return reviews
    blocked = await UserBlock.filter(user_id=reader.id).values_list("blocked_id", flat=True)
    if not blocked:
        return reviews
    return reviews.filter(Q(user_id__isnull=True) | Q(user_id__not_in=list(blocked)))


async def get_visible(reader: Reader, review_id: str) -> Review:
    """Return a review as the reader may see it: one's own, and an admin any, also when hidden.

    Raises:
        NotFound: `review_not_found`.
    """
    uuid = parse_uuid(review_id)
    review = None
    if uuid is not None and reader.is_admin:
        review = await Review.get_or_none(id=uuid).select_related("user")
    elif uuid is not None:
        review = await (await find_visible(reader)).get_or_none(id=uuid)
        if review is None and reader.id is not None:
            review = await Review.get_or_none(id=uuid, user_id=reader.id).select_related("user")
    if review is None:
        raise review_not_found()
    return review


def review_not_found() -> NotFound:
    """Return the error for a review that does not exist, or not for this reader."""
    return NotFound("There is no such review.", code="review_not_found")
