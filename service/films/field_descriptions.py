"""What each field of a film means, with an example, for the schemas of requests and responses."""

from collections.abc import Callable
from typing import Any, NamedTuple


class FieldTerm(NamedTuple):
    """The meaning of a field and one value of it."""

    description: str
    example: Any


FILM_FIELDS: dict[str, FieldTerm] = {
    "id": FieldTerm("The film's own id, a UUID.", "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"),
    "imdb_id": FieldTerm("IMDb's id.", "tt0073195"),
    "title": FieldTerm("The title, as its source writes it.", "Jaws"),
    "aliases": FieldTerm("Other titles of the film.", ["Der weiße Hai"]),
    "type": FieldTerm("What kind of film it is.", "movie"),
    "year": FieldTerm("The year of release; of a series, its first.", 1975),
    "end_year": FieldTerm("The last year of a series.", 1983),
    "released": FieldTerm("The day of release.", "1975-06-20"),
    "rated": FieldTerm("The age rating in the United States.", "PG"),
    "runtime_minutes": FieldTerm("The length in minutes.", 124),
    "genres": FieldTerm("The genres, the main one first.", ["Adventure", "Thriller"]),
    "directors": FieldTerm("The directors' names.", ["Steven Spielberg"]),
    "writers": FieldTerm("The writers' names.", ["Peter Benchley", "Carl Gottlieb"]),
    "actors": FieldTerm("The actors' names, the leading ones first.", ["Roy Scheider"]),
    "plot": FieldTerm("What happens, in a few sentences.", "A shark attacks a seaside town."),
    "languages": FieldTerm("The languages spoken.", ["English"]),
    "countries": FieldTerm("The countries of production.", ["United States"]),
    "awards": FieldTerm("The awards, in words.", "Won 3 Oscars."),
    "season": FieldTerm("Of an episode, the number of its season; 0 for specials.", 5),
    "episode": FieldTerm("Of an episode, its number in the season.", 14),
    "series": FieldTerm("Of an episode, the IMDb id of its series.", "tt0903747"),
    "ratings": FieldTerm("What critics and audiences think.", None),
    "imdb": FieldTerm("IMDb's rating.", None),
    "value": FieldTerm("The mean vote, from 0 to 10.", 8.1),
    "votes": FieldTerm("The number of votes.", 680_000),
    "rotten_tomatoes": FieldTerm("Rotten Tomatoes' score in percent.", 97),
    "metacritic": FieldTerm("Metacritic's score in percent.", 87),
    "reviews": FieldTerm("What users wrote about it, in numbers.", None),
    "user_rating": FieldTerm("The scores that users gave it.", None),
    "popularity": FieldTerm("How popular the film is, on its source's scale.", 83.0),
    "box_office_usd": FieldTerm("What the film earned, in whole US dollars.", 260_758_300),
    "poster_url": FieldTerm("Where the poster is fetched from.", "https://images.example/jaws.jpg"),
    "poster": FieldTerm("The state and the addresses of the poster.", None),
    "source": FieldTerm("Where the facts come from.", "omdb"),
    "fetched_at": FieldTerm("When the facts were fetched.", "2026-11-27T20:00:00Z"),
    "refresh_after": FieldTerm("When they are due for a refresh.", "2026-12-27T20:00:00Z"),
    "stale": FieldTerm("Whether a refresh is due.", False),
    "attribution": FieldTerm(
        "What the source's licence asks to be shown.", "Data from OMDb (omdbapi.com), CC BY-NC 4.0."
    ),
    "created_at": FieldTerm("When the film was added.", "2026-11-27T20:00:00Z"),
    "updated_at": FieldTerm("When its facts last changed.", "2026-11-27T20:00:00Z"),
    "version": FieldTerm("Rises by one with every change of the facts.", 3),
}


def describe_fields(terms: dict[str, FieldTerm]) -> Callable[[dict[str, Any]], None]:
    """Return a function that adds these descriptions to a JSON schema, for `json_schema_extra`."""

    def add_descriptions(schema: dict[str, Any]) -> None:
        for name, property_schema in schema.get("properties", {}).items():
            term = terms.get(name)
            if term is None or "description" in property_schema:
                continue
            property_schema["description"] = term.description
            if term.example is not None:
                property_schema["examples"] = [term.example]

    return add_descriptions


describe_film_fields = describe_fields(FILM_FIELDS)
