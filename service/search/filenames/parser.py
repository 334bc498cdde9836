"""Names of files and loose descriptions, read into what they say of a film.

A public library knows the vocabulary of releases (resolutions, sources, codecs, groups); what it
takes for one of those though it is the title is read again here, from before the year.
"""

import re
from dataclasses import dataclass
from typing import Any

import structlog

from service.text.analysis import tokenize
from service.text.imdb_ids import IMDB_ID

MAX_NAME_LENGTH = 300  # characters of a name; longer ones are no names
_YEAR = re.compile(r"(?<!\d)(18[89]\d|19\d\d|20\d\d)(?!\d|p)")
_FOLDER = re.compile(r"^.*[/\\](?=[^/\\])")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What is said of a film. `runtime` in minutes; `series` when it is an episode's name."""

    title: str
    year: int | None = None
    director: str | None = None
    runtime: int | None = None
    imdb_id: str | None = None
    is_episode: bool = False


def parse_name(name: str) -> ParsedName:
    """A file name, a folder's, or a title with a year; never fails, an unreadable one has no title.

    Slow (some 10 ms), so it belongs into a thread.
    """
    name = _FOLDER.sub("", name.strip().rstrip("/\\"))[:MAX_NAME_LENGTH]
    if found := IMDB_ID.search(name):
        return ParsedName("", imdb_id=found.group())
    plain = _parse_by_year(name)
    try:
        guess = _guess(name)
    except Exception as error:  # the library's own faults are of no use to anyone
        log.info("name not understood", action="name_unread", name=name, error=repr(error)[:200])
        return plain
    title = _build_title(guess)
    if not tokenize(title):
        return plain
    year = guess.get("year")
    return ParsedName(
        title,
        year=year if isinstance(year, int) else plain.year,
        is_episode=guess.get("type") == "episode",
    )


def _parse_by_year(name: str) -> ParsedName:
    """The title as what stands before the last year, the year being that."""
    spaced = " ".join(re.sub(r"[._]", " ", name).split())
    years = [found for found in _YEAR.finditer(spaced) if found.start()]
    if not years:
        return ParsedName(spaced)
    return ParsedName(spaced[: years[-1].start()].strip(" ([-"), year=int(years[-1].group()))


def _build_title(guess: dict[str, Any]) -> str:
    title = guess.get("title") or ""
    if not isinstance(title, str):
        title = str(title[0])
    if isinstance(guess.get("alternative_title"), str):
        title += f" {guess['alternative_title']}"
    for name in ("part", "volume"):
        if isinstance(guess.get(name), int):
            title += f" {name} {guess[name]}"
    return title


def _guess(name: str) -> dict[str, Any]:
    """What the library makes of it, which is loaded when first needed: that takes seconds."""
    from guessit import guessit  # noqa: PLC0415

    return dict(guessit(name))
