"""Which fields the live index has, for searches that look at some that an earlier release did not
make: Elasticsearch would take those for fields that no film has, and find nothing.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from elasticsearch import AsyncElasticsearch

LOOK_AGAIN = 5.0  # seconds; an index that takes another's place is known by then


class Fields:
    """The fields of the index behind an alias, looked at now and then."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._known: frozenset[str] = frozenset()
        self._look_again = float("-inf")

    async def has(self, client: AsyncElasticsearch, names: frozenset[str]) -> bool:
        """Whether it has all of `names`; asks nothing if there are none. Raises driver's errors."""
        if names and time.monotonic() >= self._look_again:
            held = await client.indices.get_mapping(index=self._alias)
            of_each = [frozenset(_names(m["mappings"]["properties"])) for m in held.values()]
            self._known = frozenset.intersection(*of_each)
            self._look_again = time.monotonic() + LOOK_AGAIN
        return names <= self._known


def _names(properties: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The names of a mapping's fields, those within others behind a point."""
    for name, how in properties.items():
        yield before + name
        yield from _names(how.get("properties", {}), f"{before}{name}.")
