"""The language of a person, as the browser states it."""

import re
from typing import Final

from sanic.request import Request

from service.mail.base import Language

LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")  # the first is the default
MAX_RANGES = 20  # of one header
_RANGE = re.compile(
    r"\s*+([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,40})?\s*+(?:;\s*+q\s*+=\s*+([0-9.]{1,5}))?\s*+"
)


def preferred_language(request: Request) -> Language:
    """Return the supported language that `Accept-Language` prefers (RFC 9110, 12.5.4)."""
    best, best_quality = LANGUAGES[0], 0.0
    ranges = ",".join(request.headers.getall("accept-language", [])).split(",")
    for text in ranges[:MAX_RANGES]:
        match = _RANGE.fullmatch(text)
        if match is None:
            continue
        quality = _parse_quality(match[2])
        for language in LANGUAGES:
            if match[1].lower() == language and quality > best_quality:
                best, best_quality = language, quality
    return best


def _parse_quality(text: str | None) -> float:
    try:
        return min(1.0, float(text)) if text else 1.0
    except ValueError:
        return 0.0
