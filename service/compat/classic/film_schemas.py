"""Bodies of the service that has films under `/api/movies`."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, SecretStr, StrictStr

from service.compat.classic.messages import Message
from service.compat.keys import LENIENT_CONFIG
from service.film_fields import FilmRow
from service.films.film_values import read_names
from service.films.models import Film
from service.films.poster_response import poster_view
from service.films.schemas import FilmFacts, FilmPatch
from service.http.requests import validate

Password = Annotated[
    SecretStr, Field(description="The password.", examples=["correct horse battery"])
]
Email = Annotated[
    StrictStr, Field(description="The e-mail address.", examples=["ada@films.example"])
]


class ClassicRegistration(BaseModel):
    """A new account."""

    model_config = LENIENT_CONFIG

    username: Annotated[StrictStr, Field(description="The name.", examples=["ada"])]
    email: Email
    password: Password
    confirm_password: Annotated[
        SecretStr | None,
        Field(description="The password again.", examples=["correct horse battery"]),
    ] = None


class ClassicLogin(BaseModel):
    """An address and a password."""

    model_config = LENIENT_CONFIG

    email: Email
    password: Password


class ClassicLoginMessage(Message):
    """A login that succeeded."""

    access_token: Annotated[
        str,
        Field(
            description="The bearer token for requests.",
            examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"],
        ),
    ]
    user: Annotated[str, Field(description="The name of the user.", examples=["ada"])]


class ClassicStatus(BaseModel):
    """Whether the service works."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["OK"], Field(description="Always this.", examples=["OK"])] = "OK"
    database: Annotated[
        Literal["Connected"], Field(description="Always this.", examples=["Connected"])
    ] = "Connected"


class ClassicFault(BaseModel):
    """That the service does not work."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["ERROR"], Field(description="Always this.", examples=["ERROR"])] = (
        "ERROR"
    )
    database: Annotated[
        Literal["Not connected"], Field(description="Always this.", examples=["Not connected"])
    ] = "Not connected"
    error: Annotated[str, Field(description="Why, in a word.", examples=["unavailable"])] = (
        "unavailable"
    )


def _read_empty_date(value: object) -> object:
    return None if value == "" else value


FACT_NAMES = {
    "title": "title",
    "description": "plot",
    "genre": "genres",
    "poster_url": "poster_url",
}
"""The names of that service, and the catalogue's; rating and date are converted."""


class ClassicFacts(BaseModel):
    """A film as an admin writes it; what is omitted in a change stays."""

    model_config = LENIENT_CONFIG

    title: Annotated[StrictStr | None, Field(description="The title.", examples=["Jaws"])] = None
    description: Annotated[
        StrictStr | None, Field(description="The plot.", examples=["A shark."])
    ] = None
    rating: Annotated[float | None, Field(description="From 0 to 10.", examples=[8.1])] = None
    genre: Annotated[
        StrictStr | list[StrictStr] | None,
        Field(description="A genre, or several by comma.", examples=["Adventure, Thriller"]),
    ] = None
    poster_url: Annotated[
        StrictStr | None,
        Field(description="Where the poster is fetched.", examples=["https://films.example/1.jpg"]),
    ] = None
    release_date: Annotated[
        Annotated[date | None, BeforeValidator(_read_empty_date)],
        Field(description="When it was released.", examples=["1975-06-20"]),
    ] = None

    def to_facts(self) -> FilmFacts:
        """Return a new film. Raises Invalid."""
        return validate(FilmFacts, self._state(), prefix="/")

    def to_patch(self) -> FilmPatch:
        """Return the changes of a film. Raises Invalid."""
        return validate(FilmPatch, self._state(), prefix="/")

    def _state(self) -> dict[str, Any]:
        """Return what is stated, under the catalogue's names."""
        stated = self.model_dump(exclude_unset=True)
        facts: dict[str, Any] = {
            new: stated[old] for old, new in FACT_NAMES.items() if old in stated
        }
        for name in ("plot", "poster_url"):
            if name in facts:
                facts[name] = facts[name] or None
        if "genres" in facts:
            facts["genres"] = read_names(facts["genres"] or [])
        if "rating" in stated:
            facts["ratings"] = {"imdb": {"value": stated["rating"]}}
        if (released := stated.get("release_date")) is not None:
            facts |= {"released": released, "year": released.year}
        return facts


class ClassicFilm(BaseModel):
    """A film."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        str, Field(description="Its id.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]
    title: Annotated[str, Field(description="The title.", examples=["Jaws"])]
    description: Annotated[str | None, Field(description="The plot.", examples=["A shark."])]
    rating: Annotated[float | None, Field(description="IMDb's rating.", examples=[8.1])]
    genre: Annotated[
        str | None, Field(description="The genres by comma.", examples=["Adventure, Thriller"])
    ]
    poster_url: Annotated[
        str | None,
        Field(
            description="The address of the poster.",
            examples=["https://films.example/api/v1/posters/9f86d081/w342.jpg"],
        ),
    ]
    release_date: Annotated[
        date | None, Field(description="When it was released.", examples=["1975-06-20"])
    ]

    @classmethod
    def from_film(cls, film: Film | FilmRow, base_url: str) -> "ClassicFilm":
        """Return a film; the address of its poster begins with `base_url`."""
        poster = poster_view(film).url
        return cls(
            id=str(film.id),
            title=film.title,
            description=film.plot,
            rating=film.imdb_rating,
            genre=", ".join(film.genres) or None,
            poster_url=base_url + poster if poster else None,
            release_date=film.released,
        )


class ClassicFilms(RootModel[list[ClassicFilm]]):
    """Films."""


class ClassicResults(Message):
    """Films, and whether they were cached."""

    data: Annotated[list[ClassicFilm], Field(description="The films, in order.")]


class CreatedMessage(Message):
    """A film that was added."""

    id: Annotated[
        str, Field(description="Its id.", examples=["01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"])
    ]


class ClassicSearch(BaseModel):
    """What to search for; everything is optional."""

    model_config = LENIENT_CONFIG

    title: Annotated[
        str | None, Field(description="The title, typos and all.", examples=["jawz"])
    ] = None
    genre: Annotated[
        str | None, Field(description="A genre, or any of several by comma.", examples=["Drama"])
    ] = None
    min_rating: Annotated[
        float | None, Field(ge=0, le=10, description="The lowest rating.", examples=[7.5])
    ] = None
    max_rating: Annotated[
        float | None, Field(ge=0, le=10, description="The highest rating.", examples=[9])
    ] = None
