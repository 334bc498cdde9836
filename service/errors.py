"""The words in which every room says what went wrong.

Use cases raise these and know nothing of HTTP; one table in `service.http.problems` maps
each class to a status. `code` is part of the contract: stable, snake_case, one per cause.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in the input; `pointer` is a JSON pointer, or a parameter's name."""

    pointer: str
    detail: str


class DomainError(Exception):
    """Something that a caller can be told.

    Args:
        detail: a sentence for people; never a driver's message, never a secret.
        code: what programs branch on.
        errors: which parts of the input are at fault.
        retry_after: seconds after which asking again makes sense.
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
    """The input cannot be parsed at all."""

    default_code = "malformed"


class Invalid(DomainError):
    """The input was parsed, and is wrong."""

    default_code = "invalid"


class NotFound(DomainError):
    """There is no such thing, or not for this caller."""

    default_code = "not_found"


class Conflict(DomainError):
    """The thing exists already, or is busy."""

    default_code = "conflict"


class VersionRequired(DomainError):
    """A write to a shared thing must say which version it has seen."""

    default_code = "version_required"


class VersionMismatch(DomainError):
    """Somebody else changed the thing since."""

    default_code = "version_mismatch"


class NotAuthenticated(DomainError):
    """Nobody knows who is asking."""

    default_code = "not_authenticated"


class NotAllowed(DomainError):
    """It is known who is asking, and they may not."""

    default_code = "not_allowed"


class TooMany(DomainError):
    """Too many attempts; `retry_after` says when the next one counts."""

    default_code = "too_many_requests"


class Unavailable(DomainError):
    """A part that is needed does not answer; asking again later may help."""

    default_code = "unavailable"


class Misconfigured(DomainError):
    """The operator must change a setting; asking again does not help."""

    default_code = "misconfigured"


class UnsupportedMedia(DomainError):
    """The input is of a kind that is not read here."""

    default_code = "unsupported_media_type"
