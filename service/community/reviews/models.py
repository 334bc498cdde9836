"""Tables of reviews, their earlier versions, likes and reports."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from service.accounts.models import User
from service.community.film_references import FilmName

MAX_TITLE_LENGTH = 200  # characters
MAX_NOTE_LENGTH = 500  # characters, to the author
MAX_COMMENT_LENGTH = 1_000  # characters of a report


class Review(Model):
    """What one user wrote about one film. `user` is null once the account has been deleted.

    `body` is Markdown; `html` is made of it by the renderer of `html_version`. `film_title` and
    `film_year` are shown once the film has been deleted. While `hidden_at` is set, only the author
    and admins see the review, and it does not count. `language` is the one in which the author is
    written to.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="reviews", on_delete=fields.CASCADE, null=True
    )
    user_id: UUID | None
    film_id = fields.UUIDField()
    film_title = fields.CharField(max_length=500)
    film_year = fields.IntField(null=True)
    title = fields.CharField(max_length=MAX_TITLE_LENGTH)
    body = fields.TextField()
    html = fields.TextField()
    html_version = fields.IntField()
    score = fields.IntField(null=True)
    spoiler = fields.BooleanField(default=False)
    language = fields.CharField(max_length=8)
    likes = fields.IntField(default=0)
    hidden_at = fields.DatetimeField(null=True)
    hidden_note = fields.CharField(max_length=MAX_NOTE_LENGTH, null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reviews"
        table_description = "What one user wrote about one film, in Markdown."
        unique_together = (("user", "film_id"),)
        indexes = (
            Index(fields=("film_id", "created_at"), name="idx_reviews_film_id"),
            Index(fields=("user_id", "created_at"), name="idx_reviews_user_id"),
        )

    @property
    def film_name(self) -> FilmName:
        """The film as it was when it was reviewed."""
        return FilmName(self.film_id, self.film_title, self.film_year)


class ReviewEdit(Model):
    """What a review said before it was changed at `replaced_at`."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    review: fields.ForeignKeyRelation[Review] = fields.ForeignKeyField(
        "movies.Review", related_name="edits", on_delete=fields.CASCADE
    )
    review_id: UUID
    title = fields.CharField(max_length=MAX_TITLE_LENGTH)
    body = fields.TextField()
    score = fields.IntField(null=True)
    spoiler = fields.BooleanField()
    replaced_at = fields.DatetimeField()

    class Meta:
        table = "review_edits"
        table_description = "What a review said before it was changed."
        indexes = (Index(fields=("review_id", "replaced_at"), name="idx_review_edits_review_id"),)


class ReviewLike(Model):
    """One user likes one review."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    review: fields.ForeignKeyRelation[Review] = fields.ForeignKeyField(
        "movies.Review", related_name="liked_by", on_delete=fields.CASCADE
    )
    review_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="liked_reviews", on_delete=fields.CASCADE
    )
    user_id: UUID
    created_at = fields.DatetimeField()

    class Meta:
        table = "review_likes"
        table_description = "One user likes one review."
        unique_together = (("review", "user"),)
        indexes = (Index(fields=("user_id",), name="idx_review_likes_user_id"),)


class ReviewReport(Model):
    """One user asks the admins to look at a review. `outcome` is what they decided, if they did."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    review: fields.ForeignKeyRelation[Review] = fields.ForeignKeyField(
        "movies.Review", related_name="reports", on_delete=fields.CASCADE
    )
    review_id: UUID
    reporter: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "movies.User", related_name="reports", on_delete=fields.SET_NULL, null=True
    )
    reporter_id: UUID | None
    reason = fields.CharField(max_length=16)
    comment = fields.CharField(max_length=MAX_COMMENT_LENGTH, null=True)
    created_at = fields.DatetimeField()
    outcome = fields.CharField(max_length=16, null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "review_reports"
        table_description = "A request to the admins to look at a review, and what they decided."
        unique_together = (("review", "reporter"),)
        indexes = (
            Index(fields=("outcome", "created_at"), name="idx_review_reports_outcome"),
            Index(fields=("reporter_id",), name="idx_review_reports_reporter_id"),
        )
