"""Errors of look-ups at OMDb, and its error texts as such errors."""

from service.errors import BadUpstream, DomainError, Invalid, Misconfigured, NotFound, Unavailable
from service.limits import OMDB_BREAKER_RESET

_BAD_INPUT = (
    "incorrect imdb id",
    "something went wrong",
    "conversion from string",
    "error converting data type",
    "syntax error near",
)


def is_about_key(message: str) -> bool:
    """Return whether OMDb's error text is about the key."""
    return "api key" in message.casefold()


def to_domain_error(message: str, *, by_id: bool) -> DomainError:
    """Translate OMDb's error text.

    Only well-formed ids are sent, so an id that OMDb calls "incorrect" belongs to no film.
    """
    text = message.strip().casefold()
    if is_about_key(message):
        return invalid_key_error()
    if text.endswith("not found!") or (by_id and text.startswith("incorrect imdb id")):
        return NotFound("OMDb has no such film.", code="movie_not_found")
    if text.startswith("too many results"):
        return Invalid("OMDb finds too many films; give more words.", code="title_too_vague")
    if text.startswith(_BAD_INPUT):
        return Invalid("OMDb cannot parse this title.", code="title_not_understood")
    return unavailable_error("OMDb cannot answer at present.")


def unavailable_error(detail: str, wait: float = OMDB_BREAKER_RESET) -> Unavailable:
    """Return the error of a server that cannot answer now."""
    return Unavailable(detail, code="omdb_unavailable", retry_after=wait)


def unreadable_error() -> BadUpstream:
    """Return the error of a film whose reply cannot be parsed, now or when it was last fetched."""
    return BadUpstream("OMDb's reply about this film cannot be read.", code="omdb_unreadable")


def invalid_key_error() -> Misconfigured:
    """Return the error of a key that OMDb rejects."""
    return Misconfigured(
        "OMDb rejects this service's key; its operator must set OMDB_API_KEY.",
        code="omdb_key_invalid",
    )
