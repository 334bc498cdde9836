"""The status of the service for anyone: whether it works, and what a new operator has yet to do."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from service.accounts.models import User
from service.database.faults import is_database_fault
from service.films.models import Film
from service.resilience.timed_value import TimedValue
from service.setting_types import CompatApi

CACHE_SECONDS = 2.0  # many pages may ask at once


@dataclass(frozen=True, slots=True)
class SetupView:
    """What has been set up."""

    films: Annotated[
        Literal["none", "samples", "own"],
        Field(
            description="Whether there are no films, only those that come with the service, or "
            "others too.",
            examples=["samples"],
        ),
    ]
    lookups: Annotated[
        bool, Field(description="Whether unknown films are looked up in OMDb.", examples=[False])
    ]
    admin: Annotated[
        bool | None,
        Field(
            description="Whether there is an admin; null for clients on other machines.",
            examples=[None],
        ),
    ]
    compat: Annotated[
        tuple[CompatApi, ...],
        Field(description="The APIs of other services that are answered.", examples=[["omdb"]]),
    ]


@dataclass(frozen=True, slots=True)
class StatusView:
    """Whether the service works, and what has been set up."""

    status: Annotated[
        Literal["OK", "Unavailable"],
        Field(description="`OK` if the database answers.", examples=["OK"]),
    ]
    database: Annotated[
        Literal["Connected", "Disconnected"],
        Field(description="Whether the database answers.", examples=["Connected"]),
    ]
    setup: Annotated[
        SetupView | None,
        Field(description="What has been set up; null while the database does not answer."),
    ]

    def without_admin(self) -> "StatusView":
        """Return the status for strangers, who need not know whether anyone guards the service."""
        return replace(self, setup=self.setup and replace(self.setup, admin=None))


UNAVAILABLE = StatusView("Unavailable", "Disconnected", None)


class SetupStatus:
    """Reads the status, at most every two seconds.

    Args:
        has_lookups: whether an OMDb key is set.
        compat: the APIs of other services that are answered.
    """

    def __init__(self, *, has_lookups: bool, compat: tuple[CompatApi, ...]) -> None:
        self._has_lookups = has_lookups
        self._compat = compat
        self._status = TimedValue(self._read, CACHE_SECONDS)

    async def get(self) -> StatusView:
        """Return the status, at most two seconds old."""
        return await self._status.get()

    async def _read(self) -> StatusView:
        try:
            setup = SetupView(
                films=await _describe_films(),
                lookups=self._has_lookups,
                admin=await User.exists(is_admin=True),
                compat=self._compat,
            )
        except Exception as error:
            if is_database_fault(error):
                return UNAVAILABLE
            raise
        return StatusView("OK", "Connected", setup)


async def _describe_films() -> Literal["none", "samples", "own"]:
    if await Film.exists(source__not="sample"):
        return "own"
    return "samples" if await Film.exists() else "none"
