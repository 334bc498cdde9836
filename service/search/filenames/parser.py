"""Parses file names and loose descriptions into the facts that they state about a film.

The library guessit knows the vocabulary of releases: resolutions, sources, codecs, groups. If it
takes the title for one of these, the title is what stands before the year.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import structlog

from service.text.analysis import tokenize
from service.text.imdb_ids import IMDB_ID_PATTERN

MAX_COMPONENT_LENGTH = 255  # characters between two slashes, as in file systems
MAX_PATH_LENGTH = 4_096  # characters of a whole path, as in Linux
MAX_COMPONENTS = 3  # of a path, that count: a file, its folder, and the folder of a series
_YEAR = re.compile(r"(?<!\d)(18[89]\d|19\d\d|20\d\d)(?!\d|p)")
_IMDB_ID_TAG = re.compile(
    r"[\[({]*(?:[\w.:/-]*imdb\.com/(?:\w+/)?title/)?(?:imdb(?:[ -]?id)?[-=: ]*)?"
    rf"(?<![a-z0-9])({IMDB_ID_PATTERN})(?!\d)(?:/?\?\S*)?[\])}}]*",
    re.IGNORECASE,
)
_VIDEO_EXTENSION = re.compile(
    r"(?<=.)\.(3gp|avi|divx|flv|iso|m2ts|m4v|mk3d|mkv|mov|mp4|mpe?g|ogm|ogv|ts|vob|webm|wmv)$",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"(?<! )[/\\]+|[/\\]+(?! )")  # ` / ` stands between two titles
_TITLE_SEPARATOR = " / "
_SAYS_NOTHING = re.compile(
    r"(?:(?:movie|film|video|main|feature|title|stream|vts|bdmv|cd|dis[ck]|dvd|sample)s?"
    r"|downloads?|media|ts|t(?=\d\d)|\W|_|(?<!\d)(?!^)\d+|^0\d*)+",
    re.IGNORECASE,
)
"""A file or a folder whose own name is no title: `VTS_01_1`, `CD1`, `movie`, `00001`."""
_SITE = re.compile(
    r"^[\[({ ]*(?:@\w+|www\.[\w.-]+?\.[a-z]{2,6}"
    r"|[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|biz|to|cc|me|tv|io|is|mx|am|lt|ag|ph"
    r"|cz|ws|ru|in|xyz|site|club|lol|live|pro)(?=_| +-| *[\])}]))"
    r"[\])} _.-]+(?=\w)",
    re.IGNORECASE,
)
"""The name of a site in front of a title: `rarbg.to_`, `UIndex.org - `, `@channel `."""
_PACK = re.compile(
    r"\b(?:(?:du|tri|tetra|quadri|penta|hexa|octa)logy|anthology|box ?set|pack)\b"
    r"|\b(?:1|i) ?(?:-|–|,|&|\+|to|and) ?(?:[2-9]|1\d|i{2,3}|i?v|vi{1,3}|ix|x)\b"
    r"|\b(?:19|20)\d\d ?[-–] ?(?:(?:19|20)\d\d|present|now)\b",
    re.IGNORECASE,
)
"""What says that a name is that of several films: `Trilogy`, `1-4`, `1979-1997`."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedName:
    """The facts about a film that a name or a description states.

    Attributes:
        runtime: in minutes.
        is_episode: whether the name is that of an episode of a series.
        is_pack: whether the name is that of several films.
    """

    title: str
    year: int | None = None
    director: str | None = None
    runtime: int | None = None
    imdb_id: str | None = None
    is_episode: bool = False
    is_pack: bool = False


def parse_name(name: str) -> ParsedName:
    """Parse the name of a file or a folder, or a title with a year.

    Raises no error; the title of an unreadable name is empty. It takes about 10 ms, for names made
    on purpose a second: run it through `NameProcess`.
    """
    name = clean_name(name)
    if ids := _IMDB_ID_TAG.findall(name):
        rest = _IMDB_ID_TAG.sub(" ", name)
        stated = parse_name(rest) if tokenize(rest) else ParsedName("")
        return replace(stated, imdb_id=ids[-1].lower())
    by_year = parse_by_year(name)
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


def clean_name(path: str) -> str:
    """Return the last components of a path, each shortened to the length that it may have.

    It ends with the last one that says something: for `VIDEO_TS/VTS_01_1.VOB`, the folder of both.
    """
    components = _SEPARATORS.split(unicodedata.normalize("NFC", path).strip().strip("/\\"))
    components = [component[:MAX_COMPONENT_LENGTH] for component in components]
    ends = [end for end, name in enumerate(components, 1) if not says_nothing(name)]
    return "/".join(components[: ends[-1] if ends else None][-MAX_COMPONENTS:])


def says_nothing(component: str) -> bool:
    """Return whether a file or a folder has a name that is no title, such as `movie.mkv`."""
    stem = _VIDEO_EXTENSION.sub("", component)
    return not _YEAR.search(stem) and _SAYS_NOTHING.fullmatch(stem) is not None


def has_pack_mark(text: str) -> bool:
    """Return whether a name or a title says that it stands for several films."""
    return _PACK.search(re.sub(r"[._]", " ", text)) is not None


def parse_by_year(name: str) -> ParsedName:
    """Parse a cleaned name without guessit: by its IMDb id or the year in its last component.

    The title is the text before the last year, or all of it if there is no year.
    """
    if ids := _IMDB_ID_TAG.findall(name):
        stated = parse_by_year(_IMDB_ID_TAG.sub(" ", name))
        return replace(stated, imdb_id=ids[-1].lower())
    spaced = _space_words(name)
    years = [match for match in _YEAR.finditer(spaced) if match.start()]
    if not years:
        return ParsedName(spaced)
    return ParsedName(spaced[: years[-1].start()].strip(" ([-"), year=int(years[-1].group()))


def parse_otherwise(name: str, reading: ParsedName) -> list[ParsedName]:
    """Return further ways to read a cleaned name.

    guessit takes many a number of a title for that of an episode, and a word for a release tag. So
    the name is also read by its year, and as a title and nothing else. Of two titles each is read,
    the folder of a file whose own name is a number, and what stands behind the name of a site.
    """
    if reading.imdb_id is not None:
        return []
    by_year, words = parse_by_year(name), _space_words(name)
    others = [by_year]
    if by_year.year is None or words.endswith(str(by_year.year)):  # else release tags follow
        others.append(ParsedName(words))
    if by_year.year is not None:
        titles = by_year.title.partition(" (")[0].split(_TITLE_SEPARATOR)
        others += [ParsedName(title, by_year.year) for title in titles]
    last_component = _SEPARATORS.split(name)[-1]
    if (without_site := _SITE.sub("", last_component)) != last_component:
        others.append(parse_by_year(without_site))
    if words.isdecimal():
        folders = (parse_by_year(folder) for folder in reversed(_SEPARATORS.split(name)[:-1]))
        others += [folder for folder in folders if folder.year is not None][:1]
    return [other for other in dict.fromkeys(others) if other != reading]


def _space_words(name: str) -> str:
    """Return the last component of a name without its extension, and with spaces for dots."""
    stem = _VIDEO_EXTENSION.sub("", _SEPARATORS.split(name)[-1])
    return " ".join(re.sub(r"[._]", " ", stem).split())


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
