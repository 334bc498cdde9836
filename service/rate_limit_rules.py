"""How many requests of a class one network, or one API key, may send."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `amount` requests within `seconds`."""

    amount: int
    seconds: int


DEFAULT_RATE_LIMITS: Mapping[str, RateLimit] = {
    "search": RateLimit(200, 5),  # 40 a second, and as many as a page asks for at once
    "batch": RateLimit(2, 1),
    "match": RateLimit(2, 1),
    "lookup": RateLimit(30, 60),
    "register": RateLimit(10, 3600),
    "login": RateLimit(60, 60),  # against guesses at many accounts; those at one are throttled
    "account": RateLimit(20, 3600),  # changes of address, password or keys
    "review": RateLimit(60, 3600),  # reviews that are written or changed, and reports of them
    "key": RateLimit(1200, 60),  # of one API key, over all routes
    "link": RateLimit(30, 60),  # uses of links in mails; a password that is refused counts, too
}
RATE_LIMIT_CLASSES = tuple(DEFAULT_RATE_LIMITS)
UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RULE = re.compile(r"(\w+)=([1-9]\d{0,6})/(\d{0,4})(second|minute|hour|day)s?")


def parse_rate_limits(text: str) -> dict[str, RateLimit]:
    """Return the limit of each class: the defaults with the rules of `text`, none for `off`.

    Raises:
        ValueError: a rule is not of the form `class=n/unit`.
    """
    if text.strip() == "off":
        return {}
    limits = dict(DEFAULT_RATE_LIMITS)
    for rule in filter(None, (part.strip() for part in text.split(","))):
        match = _RULE.fullmatch(rule)
        if match is None or match[1] not in RATE_LIMIT_CLASSES:
            raise ValueError(
                f"{rule[:50]!r} must be class=n/unit with a class of "
                f"{', '.join(RATE_LIMIT_CLASSES)} and a unit of {', '.join(UNIT_SECONDS)}"
            )
        limits[match[1]] = RateLimit(int(match[2]), int(match[3] or 1) * UNIT_SECONDS[match[4]])
    return limits
