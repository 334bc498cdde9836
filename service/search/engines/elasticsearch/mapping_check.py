"""Which fields the live index has, for searches that use fields that an older release did not map.

Elasticsearch treats an unmapped field as one that no film has and silently finds nothing.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from elasticsearch import AsyncElasticsearch

MAPPING_MAX_AGE = 5.0  # seconds; after a swap, the new index's fields are known by then


class LiveMapping:
    """The fields of the index behind an alias, cached for `max_age` seconds."""

    def __init__(self, alias: str, max_age: float = MAPPING_MAX_AGE) -> None:
        self._alias = alias
        self._max_age = max_age
        self._fields: frozenset[str] = frozenset()
        self._expires_at = float("-inf")

    async def has_fields(self, client: AsyncElasticsearch, names: frozenset[str]) -> bool:
        """Return whether all fields are mapped; no names cost no request. Raise driver errors."""
        if names and time.monotonic() >= self._expires_at:
            indexes = await client.indices.get_mapping(index=self._alias)
            self._fields = frozenset.intersection(
                *(frozenset(_field_names(i["mappings"]["properties"])) for i in indexes.values())
            )
            self._expires_at = time.monotonic() + self._max_age
        return names <= self._fields


def _field_names(properties: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the names of a mapping's fields, nested ones as `outer.inner`."""
    for name, definition in properties.items():
        yield prefix + name
        yield from _field_names(definition.get("properties", {}), f"{prefix}{name}.")
