"""Response bodies of exports."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.clock import from_epoch_ms
from service.exports.jobs import RETENTION_MS, Failure
from service.exports.models import Export

ExportState = Literal["pending", "running", "done", "failed"]


class ExportView(BaseModel):
    """An export of what is stored about a person: how far it is."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[
        UUID,
        Field(description="The export's id.", examples=["01993f85-9c1d-7f3a-8e5b-2a4c6e8f0b13"]),
    ]
    state: Annotated[
        ExportState,
        Field(description="Whether it waits, is being made, or has ended.", examples=["pending"]),
    ]
    created_at: Annotated[
        datetime, Field(description="When it was requested.", examples=["2026-11-27T20:00:00Z"])
    ]
    finished_at: Annotated[
        datetime | None, Field(description="When it ended.", examples=["2026-11-27T20:00:02Z"])
    ]
    expires_at: Annotated[
        datetime | None,
        Field(description="When it is deleted.", examples=["2026-12-04T20:00:02Z"]),
    ]
    size_bytes: Annotated[
        int | None, Field(description="How large the archive is.", examples=[48_213])
    ]
    failure: Annotated[
        Failure | None,
        Field(
            description="Why there is no archive: the process that made it died each time "
            "(`interrupted`), it would be too large, or a fault that the log has.",
            examples=["interrupted"],
        ),
    ]

    @classmethod
    def from_export(cls, export: Export) -> "ExportView":
        """Return the view of `export`."""
        finished_at = export.finished_at
        return cls(
            id=export.id,
            state=_state_of(export),
            created_at=from_epoch_ms(export.created_at),
            finished_at=None if finished_at is None else from_epoch_ms(finished_at),
            expires_at=None if finished_at is None else from_epoch_ms(finished_at + RETENTION_MS),
            size_bytes=export.size_bytes,
            failure=cast(Failure | None, export.failure),
        )


class ExportList(BaseModel):
    """The exports of a user."""

    model_config = ConfigDict(frozen=True)

    results: Annotated[
        list[ExportView], Field(description="The latest export, or none; a new one replaces it.")
    ]


def _state_of(export: Export) -> ExportState:
    if export.finished_at is None:
        return "pending" if export.owner is None else "running"
    return "done" if export.failure is None else "failed"
