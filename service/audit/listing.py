"""Which entries of the audit log to list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from service.audit.actor import ActorKind
from service.audit.log import AuditAction, SubjectKind
from service.audit.models import AuditEntry
from service.clock import epoch_ms


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """Which entries to list; None means any. `since` is included, `until` is not."""

    actor_id: UUID | None = None
    actor_kind: ActorKind | None = None
    action: AuditAction | None = None
    subject_id: str | None = None
    subject_kind: SubjectKind | None = None
    since: datetime | None = None
    until: datetime | None = None

    def to_conditions(self) -> dict[str, Any]:
        """Return the filters as conditions on columns."""
        conditions: dict[str, Any] = {
            "actor_id": self.actor_id,
            "actor_kind": self.actor_kind,
            "action": self.action,
            "subject_id": self.subject_id,
            "subject_kind": self.subject_kind,
            "at__gte": None if self.since is None else epoch_ms(self.since),
            "at__lt": None if self.until is None else epoch_ms(self.until),
        }
        return {name: value for name, value in conditions.items() if value is not None}


def select_entries(filters: AuditFilters) -> QuerySet[AuditEntry]:
    """Return the query for these entries."""
    return AuditEntry.filter(**filters.to_conditions())
