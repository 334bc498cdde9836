"""Domain errors: what went wrong, independent of HTTP.

Use cases raise these; `service.http.problems` maps each class to a status. `code` is part of the
public contract: stable, snake_case, one per cause.
"""

from dataclasses import dataclass


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

    default_code = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = errors
        self.retry_after = retry_after


class Malformed(DomainError):
    """The input cannot be parsed."""

    default_code = "malformed"


class Invalid(DomainError):
    """The input was parsed, but a value is wrong."""

    default_code = "invalid"


class NotFound(DomainError):
    """The requested thing does not exist, or not for this caller."""

    default_code = "not_found"


class Conflict(DomainError):
    """The thing already exists or is busy."""

    default_code = "conflict"


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

    default_code = "unavailable"


class BadUpstream(DomainError):
    """A service that is asked for this thing gives an answer that cannot be read."""

    default_code = "bad_upstream"


class Misconfigured(DomainError):
    """The operator must change a setting; a retry does not help."""

    default_code = "misconfigured"


class UnsupportedMedia(DomainError):
    """The media type of the input is not supported."""

    default_code = "unsupported_media_type"
