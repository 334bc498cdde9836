"""Domain errors: what went wrong, independent of HTTP.

Use cases raise these; `service.http.problems` maps each class to a status. `code` is part of the
public contract: stable, snake_case, one per cause.
"""

from dataclasses import dataclass
from typing import Literal

ErrorCode = Literal[
    "account_disabled",
    "admin_required",
    "bad_upstream",
    "cache_unavailable",
    "conflict",
    "cursor_expired",
    "cursor_invalid",
    "database_unavailable",
    "deletion_not_found",
    "deletion_pending",
    "director_not_found",
    "email_not_confirmed",
    "email_required",
    "email_taken",
    "error",
    "expectation_failed",
    "export_failed",
    "export_not_found",
    "export_running",
    "export_too_soon",
    "genre_not_found",
    "history_entry_not_found",
    "idempotency_key_in_use",
    "idempotency_key_malformed",
    "idempotency_key_reused",
    "index_live",
    "index_locked",
    "index_name",
    "index_outdated",
    "index_replaced",
    "internal_error",
    "invalid",
    "invalid_credentials",
    "invalid_key",
    "invalid_token",
    "invite_invalid",
    "invite_required",
    "last_admin",
    "limit_reached",
    "link_expired",
    "link_invalid",
    "link_used",
    "list_not_found",
    "live_needs_redis",
    "mail_not_found",
    "mail_sent",
    "key_not_accepted",
    "key_not_found",
    "malformed",
    "malformed_etag",
    "malformed_json",
    "malformed_path",
    "malformed_query",
    "method_not_allowed",
    "metrics_closed",
    "metrics_token_wrong",
    "misconfigured",
    "movie_exists",
    "movie_moved",
    "movie_not_found",
    "not_allowed",
    "not_authenticated",
    "not_found",
    "nothing_to_roll_back",
    "omdb_key_invalid",
    "omdb_quota_exhausted",
    "omdb_unavailable",
    "omdb_unreadable",
    "origin_foreign",
    "outbox_row_done",
    "outbox_row_not_found",
    "own_account",
    "own_review",
    "page_too_deep",
    "password_wrong",
    "poster_not_found",
    "posters_refused",
    "posters_unavailable",
    "query_empty",
    "query_too_long",
    "query_too_many_words",
    "query_unreadable",
    "rating_exists",
    "rating_not_found",
    "refused",
    "registration_closed",
    "reindex_not_found",
    "reindex_over",
    "reindex_running",
    "reindex_swapping",
    "report_not_found",
    "request_timeout",
    "request_too_large",
    "response_timeout",
    "review_exists",
    "review_not_found",
    "review_not_hidden",
    "room_not_joined",
    "route_not_found",
    "season_not_found",
    "scope_missing",
    "search_unavailable",
    "session_not_found",
    "ticket_invalid",
    "title_not_understood",
    "title_too_vague",
    "token_missing",
    "too_busy",
    "too_deep",
    "too_many_keys",
    "too_many_logins",
    "too_many_lookups",
    "too_many_requests",
    "two_credentials",
    "unavailable",
    "unsupported_media_type",
    "user_not_found",
    "username_confusable",
    "username_taken",
    "version_mismatch",
    "version_required",
]
"""Every code that a problem document may carry. A new code is added here first."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error in the input; `pointer` is a JSON pointer or the name of a parameter."""

    pointer: str
    detail: str


class DomainError(Exception):
    """An error that is reported to the caller.

    Args:
        detail: a sentence for people; never a driver's message, never a secret.
        code: the machine-readable cause.
        errors: the parts of the input that are wrong.
        retry_after: seconds after which a retry makes sense.
    """

    default_code: ErrorCode = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: ErrorCode | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code: ErrorCode = code or self.default_code
        self.errors = errors
        self.retry_after = retry_after


class Malformed(DomainError):
    """The input cannot be parsed."""

    default_code = "malformed"


class TooLarge(DomainError):
    """A form or a text has more bytes than allowed."""

    default_code = "request_too_large"


class Invalid(DomainError):
    """The input was parsed, but a value is wrong."""

    default_code = "invalid"


class NotFound(DomainError):
    """The requested thing does not exist, or not for this caller."""

    default_code = "not_found"


class Conflict(DomainError):
    """The thing already exists or is busy."""

    default_code = "conflict"


class Moved(DomainError):
    """The film was merged into another one, whose address is the right one for good.

    Args:
        requested: the id or IMDb id that was asked for.
        film_id: the id of the film that it leads to.
    """

    default_code = "movie_moved"

    def __init__(self, requested: str, film_id: str) -> None:
        super().__init__(f"This film was merged into {film_id}; use that id.")
        self.requested = requested
        self.film_id = film_id


class VersionRequired(DomainError):
    """A write must state which version of the thing it is based on."""

    default_code = "version_required"


class VersionMismatch(DomainError):
    """The thing has changed since the version that the write is based on."""

    default_code = "version_mismatch"


class NotAuthenticated(DomainError):
    """The caller is not authenticated."""

    default_code = "not_authenticated"


class NotAllowed(DomainError):
    """The caller is authenticated but lacks the permission."""

    default_code = "not_allowed"


class TooMany(DomainError):
    """Too many attempts; `retry_after` says when the next one is accepted."""

    default_code = "too_many_requests"


class Unavailable(DomainError):
    """A required part does not answer; a later retry may succeed."""

    default_code: ErrorCode = "unavailable"


class BadUpstream(DomainError):
    """A service that is asked for this thing gives an answer that cannot be read."""

    default_code = "bad_upstream"


class Misconfigured(DomainError):
    """The operator must change a setting; a retry does not help."""

    default_code = "misconfigured"


class UnsupportedMedia(DomainError):
    """The media type of the input is not supported."""

    default_code = "unsupported_media_type"
