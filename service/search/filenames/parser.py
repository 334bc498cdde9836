"""Parses file names and loose descriptions into the facts that they state about a film.

The library guessit knows the vocabulary of releases: resolutions, sources, codecs, groups. If it
takes the title for one of these, the title is what stands before the year.
"""

import re
from dataclasses import dataclass
from typing import Any

import structlog

from service.text.analysis import tokenize
from service.text.imdb_ids import IMDB_ID

MAX_NAME_LENGTH = 300  # characters; the rest is ignored
_YEAR = re.compile(r"(?<!\d)(18[89]\d|19\d\d|20\d\d)(?!\d|p)")
_FOLDER = re.compile(r"^.*[/\\](?=[^/\\])")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedName:
    """The facts about a film that a name or a description states.

    Attributes:
        runtime: in minutes.
        is_episode: whether the name is that of an episode of a series.
    """

    title: str
    year: int | None = None
    director: str | None = None
    runtime: int | None = None
    imdb_id: str | None = None
    is_episode: bool = False


def parse_name(name: str) -> ParsedName:
    """Parse the name of a file or a folder, or a title with a year.

    Raises no error; the title of an unreadable name is empty. It takes about 10 ms, so run it in a
    thread.
    """
    name = _FOLDER.sub("", name.strip().rstrip("/\\"))[:MAX_NAME_LENGTH]
    if match := IMDB_ID.search(name):
        return ParsedName("", imdb_id=match.group())
    by_year = _parse_by_year(name)
    try:
        guess = _guess(name)
    except Exception as error:  # the library may raise anything
        log.info(
            "cannot parse the file name", action="name_unread", name=name, error=repr(error)[:200]
        )
        return by_year
    title = _build_title(guess)
    if not tokenize(title):
        return by_year
    year = guess.get("year")
    return ParsedName(
        title,
        year=year if isinstance(year, int) else by_year.year,
        is_episode=guess.get("type") == "episode",
    )


def _parse_by_year(name: str) -> ParsedName:
    """Take the text before the last year as the title, or all of it if there is no year."""
    spaced = " ".join(re.sub(r"[._]", " ", name).split())
    years = [match for match in _YEAR.finditer(spaced) if match.start()]
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
    """Return what guessit makes of a name. It is imported on first use, which takes seconds."""
    from guessit import guessit  # noqa: PLC0415

    return dict(guessit(name))
