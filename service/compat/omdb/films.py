"""Films in OMDb's shape: every value a text for people, `N/A` for what is unknown."""

import re
from datetime import date

from service.film_fields import FilmRow
from service.films.models import Film
from service.films.poster_response import DEFAULT_POSTER_SIZE, displayed_key, poster_path
from service.films.seasons import Episode, Season

UNKNOWN = "N/A"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_SHORT_PLOT = 240  # characters; OMDb's own are about as long
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s)")


def to_omdb_film(
    film: Film, base_url: str, *, has_full_plot: bool, total_seasons: int | None = None
) -> dict[str, object]:
    """Return a film with all of OMDb's fields.

    Args:
        base_url: what the address of the poster begins with.
        total_seasons: of a series, if that is known.
    """
    plot = film.plot or UNKNOWN
    return {
        "Title": film.title,
        "Year": _format_years(film),
        "Rated": film.rated or UNKNOWN,
        "Released": _format_date(film.released),
        "Runtime": f"{film.runtime_minutes} min" if film.runtime_minutes else UNKNOWN,
        "Genre": _join(film.genres),
        "Director": _join(film.directors),
        "Writer": _join(film.writers),
        "Actors": _join(film.actors),
        "Plot": plot if has_full_plot else shorten_plot(plot),
        "Language": _join(film.languages),
        "Country": _join(film.countries),
        "Awards": film.awards or UNKNOWN,
        "Poster": _poster_url(film, base_url),
        "Ratings": _list_ratings(film),
        "Metascore": UNKNOWN if film.metacritic is None else str(film.metacritic),
        "imdbRating": _format_rating(film.imdb_rating),
        "imdbVotes": UNKNOWN if film.imdb_votes is None else f"{film.imdb_votes:,}",
        "imdbID": film.imdb_id or UNKNOWN,
        "Type": film.type,
        **_describe_kind(film, total_seasons),
        "Response": "True",
    }


def to_omdb_hit(film: FilmRow, base_url: str) -> dict[str, str]:
    """Return a film as an entry of OMDb's search results."""
    return {
        "Title": film.title,
        "Year": _format_years(film),
        "imdbID": film.imdb_id or UNKNOWN,
        "Type": film.type,
        "Poster": _poster_url(film, base_url),
    }


def shorten_plot(plot: str) -> str:
    """Return the sentences that fit into a short plot; of a long sentence, the first words."""
    if len(plot) <= MAX_SHORT_PLOT:
        return plot
    beginning = plot[: MAX_SHORT_PLOT + 1]
    if ends := [match.end() for match in _SENTENCE_END.finditer(beginning)]:
        return plot[: ends[-1]]
    return beginning[: MAX_SHORT_PLOT - 2].rsplit(" ", 1)[0].rstrip(" ,;:") + "..."


def to_omdb_season(series: Film, season: Season) -> dict[str, object]:
    """Return a season with its episodes."""
    total = season.total_seasons
    return {
        "Title": series.title,
        "Season": str(season.season),
        "totalSeasons": UNKNOWN if total is None else str(total),
        "Episodes": [
            {
                "Title": episode.title,
                "Released": UNKNOWN if episode.released is None else str(episode.released),
                "Episode": str(episode.episode),
                "imdbRating": _format_rating(episode.imdb_rating),
                "imdbID": episode.imdb_id or UNKNOWN,
            }
            for episode in season.episodes
        ],
        "Response": "True",
    }


def to_episode_film(episode: Episode) -> Film:
    """Return an episode of which only its season's list is known as a film that is not stored."""
    return Film(
        title=episode.title,
        type="episode",
        imdb_id=episode.imdb_id,
        released=episode.released,
        year=episode.released and episode.released.year,
        imdb_rating=episode.imdb_rating,
    )


def _describe_kind(film: Film, total_seasons: int | None) -> dict[str, str]:
    """Return the fields that only some types of films have."""
    if film.type == "series":
        return {"totalSeasons": UNKNOWN if total_seasons is None else str(total_seasons)}
    if film.type == "episode":
        return {
            "Season": UNKNOWN if film.season is None else str(film.season),
            "Episode": UNKNOWN if film.episode is None else str(film.episode),
            "seriesID": film.series or UNKNOWN,
        }
    box_office = UNKNOWN if film.box_office_usd is None else f"${film.box_office_usd:,}"
    return {"DVD": UNKNOWN, "BoxOffice": box_office, "Production": UNKNOWN, "Website": UNKNOWN}


def _format_years(film: Film | FilmRow) -> str:
    """Return `1975`; of a series `2008–2013`, or `1989–` while it runs, with an en dash."""
    if film.year is None:
        return UNKNOWN
    return str(film.year) if film.type != "series" else f"{film.year}–{film.end_year or ''}"


def _format_date(day: date | None) -> str:
    return UNKNOWN if day is None else f"{day.day:02} {MONTHS[day.month - 1]} {day.year:04}"


def _format_rating(rating: float | None) -> str:
    return UNKNOWN if rating is None else f"{rating:.1f}"


def _join(names: list[str]) -> str:
    return ", ".join(names) or UNKNOWN


def _poster_url(film: Film | FilmRow, base_url: str) -> str:
    key = displayed_key(film)
    return f"{base_url}{poster_path(key, DEFAULT_POSTER_SIZE)}" if key and base_url else UNKNOWN


def _list_ratings(film: Film) -> list[dict[str, str]]:
    ratings = {
        "Internet Movie Database": film.imdb_rating is not None and f"{film.imdb_rating:.1f}/10",
        "Rotten Tomatoes": film.rotten_tomatoes is not None and f"{film.rotten_tomatoes}%",
        "Metacritic": film.metacritic is not None and f"{film.metacritic}/100",
    }
    return [{"Source": source, "Value": value} for source, value in ratings.items() if value]
