"""Writing to Elasticsearch: bulks with the films' own versions, indexes that take turns.

An index is called `movies-<something>` here; in the cluster the alias of this installation takes
the place of `movies`, so that several can share a cluster. Bulks name the alias and require that it
is one: a bulk to a name that is not there would make an index of that name.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, cast

import orjson

from elasticsearch import ApiError, AsyncElasticsearch, BadRequestError, NotFoundError
from service.errors import Unavailable
from service.limits import BULK_TIMEOUT as DEADLINE
from service.resources import resource_path
from service.search.engines.base import SerializedDocument, Serializer, WriteError, serialize_all
from service.search.engines.elasticsearch.connection import (
    ElasticsearchAddress,
    translate_errors,
    version,
)
from service.search.engines.elasticsearch.serializer import serialize
from service.search.index.document import ANALYSIS, MovieDocument

FOLDER = resource_path("elasticsearch")
FIRST = "movies-1"
MOST_IN_BULK = 500  # documents; some 1 MB, of which a heap of 512 MB takes several at a time
TOO_BUSY = (429, 502, 503, 504)
PASSING = (
    "strict_dynamic_mapping_exception",  # an older release made the index
    "cluster_block_exception",  # the disk is full, or somebody set a block by hand
)
OF_EACH = ("items.*._id", "items.*.status", "items.*.error")
NO_INDEX = "index_not_found_exception"


@cache
def fingerprint() -> str:
    """Changes whenever an index made before would be made otherwise now."""
    mapping = json.loads((FOLDER / "mapping.json").read_text())
    analysis = json.loads((FOLDER / "settings.json").read_text())["index"]["analysis"]
    told = json.dumps([ANALYSIS, mapping, analysis], sort_keys=True)
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


class ElasticsearchWriter:
    """The writer of a cluster; any number of them may work at the same time."""

    def __init__(self, address: ElasticsearchAddress) -> None:
        self._address = address
        self._client: AsyncElasticsearch | None = None

    async def open(self) -> None:
        if self._client is None:
            self._client = self._address.client(DEADLINE)
        with translate_errors():
            await version(self._client)
            await self._begin()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        ready, refused = serialize_all(documents, serialize)
        return refused + await self._bulks(self._address.alias, ready, live=True)

    async def create(self, name: str) -> None:
        await self.drop(name)
        with translate_errors():
            await self._make(self._address.real(name))

    @property
    def serialize(self) -> Serializer:
        return serialize

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        return await self._bulks(self._address.real(name), documents, live=False)

    async def commit(self, name: str) -> None:
        """Nothing is left to do: a bulk that was answered is in the cluster's log."""

    async def count(self, name: str) -> int:
        client, index = self._ready(), self._address.real(name)
        query = {"bool": {"must_not": [{"term": {"gone": True}}]}}
        with translate_errors():
            await client.indices.refresh(index=index)
            counted = await client.count(index=index, query=query)
        return int(counted["count"])

    async def promote(self, name: str) -> None:
        with translate_errors():
            await self._promote(self._address.real(name))

    async def live_index(self) -> str | None:
        with translate_errors():
            live = await self._live()
        return self._address.short(live[0]) if live else None

    async def list_indexes(self) -> list[str]:
        with translate_errors():
            return [self._address.short(index) for index in await self._ours()]

    async def drop(self, name: str) -> None:
        index = self._address.real(name)
        with translate_errors():
            if index in await self._live():
                raise Unavailable(f"{name} is the live index.", code="index_live")
            await self._ready().indices.delete(index=index, ignore_unavailable=True)

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        found = [{"terms": {"id": list(film_ids)}}, {"term": {"gone": True}}]
        with translate_errors():
            await self._ready().delete_by_query(
                index=self._address.alias, query={"bool": {"filter": found}}, conflicts="proceed"
            )

    async def _begin(self) -> None:
        """Make the first index and its alias, unless something bears that name already."""
        indices, alias = self._ready().indices, self._address.alias
        if await indices.exists(index=alias):
            return
        await self._make(self._address.real(FIRST), filling=False)
        await indices.put_alias(index=self._address.real(FIRST), name=alias)

    async def _make(self, index: str, filling: bool = True) -> None:
        settings = json.loads((FOLDER / "settings.json").read_text())["index"]
        mapping = json.loads((FOLDER / "mapping.json").read_text())
        if filling:
            settings |= {"refresh_interval": "-1", "auto_expand_replicas": "false"}
            settings |= {"number_of_replicas": 0}
        mapping["_meta"] = {"alias": self._address.alias, "fingerprint": fingerprint()}
        try:
            await self._ready().indices.create(index=index, settings=settings, mappings=mapping)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":  # another indexer was faster
                raise

    async def _promote(self, index: str) -> None:
        """Back to everyday settings, then one call that moves the alias and clears its name."""
        indices, alias = self._ready().indices, self._address.alias
        settings = json.loads((FOLDER / "settings.json").read_text())["index"]
        everyday = {k: settings[k] for k in ("refresh_interval", "auto_expand_replicas")}
        await indices.put_settings(index=index, settings=everyday)
        await indices.refresh(index=index)
        live = await self._live()
        actions: list[dict[str, Any]] = [
            {"remove": {"index": old, "alias": alias}} for old in live if old != index
        ]
        if not live and await indices.exists(index=alias):
            actions.append({"remove_index": {"index": alias}})
        actions.append({"add": {"index": index, "alias": alias}})
        await indices.update_aliases(actions=actions)

    async def _live(self) -> list[str]:
        try:
            return sorted(await self._ready().indices.get_alias(name=self._address.alias))
        except NotFoundError:
            return []

    async def _ours(self) -> list[str]:
        alias = self._address.alias
        found = await self._ready().indices.get_mapping(index=f"{alias}-*")
        return sorted(
            index
            for index, held in found.items()
            if held["mappings"].get("_meta", {}).get("alias") == alias
        )

    async def _bulks(
        self, index: str, documents: Sequence[SerializedDocument], live: bool
    ) -> tuple[WriteError, ...]:
        refused: list[WriteError] = []
        for start in range(0, len(documents), MOST_IN_BULK):
            part = documents[start : start + MOST_IN_BULK]
            last = start + MOST_IN_BULK >= len(documents)
            refused += await self._bulk(index, part, live=live, refresh=live and last)
        return tuple(refused)

    async def _bulk(
        self, index: str, documents: Sequence[SerializedDocument], live: bool, refresh: bool
    ) -> list[WriteError]:
        operations: list[bytes] = []
        for document in documents:
            operations += (_how(document), document.body)
        with translate_errors():
            try:
                # A fill's answer is long and says nothing new, so it is asked for only after an
                # error, with the same documents: their versions make that harmless.
                answer = await self._sent(index, operations, live, refresh, told=live)
                if answer["errors"] and not live:
                    answer = await self._sent(index, operations, live, refresh, told=True)
            except ApiError as error:
                if error.status_code not in TOO_BUSY:
                    raise
                of_all = (d.film_id for d in documents)
                return [
                    WriteError(film_id, "the cluster is busy", retryable=True) for film_id in of_all
                ]
        items = [item["index"] for item in answer["items"]] if answer["errors"] else []
        if any(item.get("error", {}).get("type") == NO_INDEX for item in items):
            raise Unavailable(
                f"{index} is no alias of an index of ours; run `movies reindex`.",
                code="search_unavailable",
            )
        return [found for item in items if (found := _refusal(item)) is not None]

    async def _sent(
        self, index: str, operations: list[bytes], live: bool, refresh: bool, told: bool
    ) -> Mapping[str, Any]:
        answer = await self._ready().bulk(
            operations=operations,  # type: ignore[arg-type]  # ready lines are sent as they are
            index=index,
            refresh=refresh,
            require_alias=live,
            filter_path=["errors", *(OF_EACH if told else ())],
        )
        return cast("Mapping[str, Any]", answer.body)

    def _ready(self) -> AsyncElasticsearch:
        if self._client is None:
            raise Unavailable("The search engine is not open.", code="search_unavailable")
        return self._client


def _how(document: SerializedDocument) -> bytes:
    how = {"_id": document.film_id, "version": document.version, "version_type": "external_gte"}
    return orjson.dumps({"index": how})


def _refusal(item: dict[str, Any]) -> WriteError | None:
    status = item["status"]
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.CONFLICT:
        return None
    error = item.get("error", {})
    reason = f"{error.get('type', status)}: {error.get('reason', '')}"
    passing = status in TOO_BUSY or any(each in reason for each in PASSING)
    return WriteError(item["_id"], reason, retryable=passing)
