"""Ids of our own: UUIDs in their form of 36 characters, in any letter case."""

import re
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def parse_uuid(text: str) -> UUID | None:
    """Return `text` as a UUID if it is one in the usual form, and nothing else."""
    return UUID(text) if _UUID.fullmatch(text) else None
