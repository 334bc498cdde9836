"""Parse a season in OMDb's shape; an episode that cannot be parsed is left out alone."""

import re
from collections.abc import Iterator, Mapping

from service.films.seasons import Episode, Season
from service.omdb.parser import parse_film

MAX_EPISODES = 1_000  # OMDb lists at most 100
MAX_SEASONS = 1_000
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


def parse_season(reply: Mapping[str, object], number: int) -> Season:
    """Return the season of this number. Raises ValueError if the reply lists no episodes."""
    entries = reply.get("Episodes")
    if not isinstance(entries, list):
        raise ValueError("lists no episodes")
    episodes = {episode.episode: episode for episode in _parse_episodes(entries[:MAX_EPISODES])}
    total = _parse_number(reply.get("totalSeasons"))
    total = total if total is not None and number <= total <= MAX_SEASONS else None
    return Season(number, total, tuple(episodes[key] for key in sorted(episodes)))


def _parse_episodes(entries: list[object]) -> Iterator[Episode]:
    for entry in entries:
        number = _parse_number(entry.get("Episode")) if isinstance(entry, Mapping) else None
        if number is None or not isinstance(entry, Mapping):
            continue
        try:
            facts = parse_film(entry)
        except ValueError:  # it has no title
            continue
        imdb = facts.ratings.imdb
        rating = imdb.value if imdb is not None else None
        yield Episode(number, facts.title, facts.released, rating, facts.imdb_id)


def _parse_number(value: object) -> int | None:
    text = str(value).strip() if isinstance(value, str | int) else ""
    return int(text) if _NUMBER.fullmatch(text) else None
