"""Writes to Elasticsearch: bulks with external versions, and indexes that are swapped by an alias.

The local name of an index is `movies-<suffix>`. In the cluster the alias of this installation
replaces `movies`, so that several installations can share a cluster. Bulks into the live index set
`require_alias`: without it, Elasticsearch would create an index for a name that does not exist.
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
from service.limits import BULK_TIMEOUT
from service.resources import resource_path
from service.search.engines.base import (
    FIRST_INDEX,
    SerializedDocument,
    Serializer,
    WriteError,
    serialize_all,
)
from service.search.engines.elasticsearch.connection import (
    ElasticsearchAddress,
    check_version,
    translate_errors,
)
from service.search.engines.elasticsearch.serializer import serialize
from service.search.index.document import ANALYSIS, MovieDocument

DEFINITIONS = resource_path("elasticsearch")
MAX_BULK_DOCUMENTS = 500  # some 1 MB; a heap of 512 MB holds several bulks of that size
RETRYABLE_STATUSES = (429, 502, 503, 504)
RETRYABLE_ERRORS = (
    "strict_dynamic_mapping_exception",  # an older release made the index
    "cluster_block_exception",  # the disk is full, or an operator set a block
)
ITEM_PATHS = ("items.*._id", "items.*.status", "items.*.error")
INDEX_NOT_FOUND = "index_not_found_exception"


@cache
def fingerprint() -> str:
    """Return a hash that changes when an older index differs from one made now."""
    content = [ANALYSIS, _read_definition("mapping"), _read_settings()["analysis"]]
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class ElasticsearchWriter:
    """The writer of a cluster; several may write at the same time."""

    def __init__(self, address: ElasticsearchAddress) -> None:
        self._address = address
        self._client: AsyncElasticsearch | None = None

    async def open(self) -> None:
        if self._client is None:
            self._client = self._address.create_client(BULK_TIMEOUT)
        with translate_errors():
            await check_version(self._client)
            await self._create_first_index()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        serialized, errors = serialize_all(documents, serialize)
        return errors + await self._write_bulks(self._address.alias, serialized, show=True)

    async def add(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        serialized, errors = serialize_all(documents, serialize)
        return errors + await self._write_bulks(self._address.alias, serialized)

    async def show(self) -> None:
        with translate_errors():
            await self._get_client().indices.refresh(index=self._address.alias)

    @property
    def serialize(self) -> Serializer:
        return serialize

    async def create(self, name: str) -> None:
        await self.drop(name)
        with translate_errors():
            await self._create_index(self._address.cluster_name(name), for_filling=True)

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        return await self._write_bulks(self._address.cluster_name(name), documents)

    async def commit(self, name: str) -> None:
        """Do nothing: a bulk that was acknowledged is in the cluster's transaction log."""

    async def count(self, name: str) -> int:
        client, index = self._get_client(), self._address.cluster_name(name)
        query = {"bool": {"must_not": [{"term": {"gone": True}}]}}
        with translate_errors():
            await client.indices.refresh(index=index)
            response = await client.count(index=index, query=query)
        return int(response["count"])

    async def promote(self, name: str) -> None:
        with translate_errors():
            await self._promote(self._address.cluster_name(name))

    async def live_index(self) -> str | None:
        with translate_errors():
            live = await self._get_live_indexes()
        return self._address.local_name(live[0]) if live else None

    async def list_indexes(self) -> list[str]:
        with translate_errors():
            return [self._address.local_name(index) for index in await self._get_own_indexes()]

    async def drop(self, name: str) -> None:
        index = self._address.cluster_name(name)
        with translate_errors():
            if index in await self._get_live_indexes():
                raise Unavailable(f"{name} is the live index.", code="index_live")
            await self._get_client().indices.delete(index=index, ignore_unavailable=True)

    async def purge_tombstones(self, film_ids: Sequence[str]) -> None:
        tombstones = [{"terms": {"id": list(film_ids)}}, {"term": {"gone": True}}]
        with translate_errors():
            await self._get_client().delete_by_query(
                index=self._address.alias,
                query={"bool": {"filter": tombstones}},
                conflicts="proceed",
            )

    async def _create_first_index(self) -> None:
        """Create the first index and its alias, unless the alias's name is in use."""
        indices, alias = self._get_client().indices, self._address.alias
        if await indices.exists(index=alias):
            return
        index = self._address.cluster_name(FIRST_INDEX)
        await self._create_index(index, for_filling=False)
        await indices.put_alias(index=index, name=alias)

    async def _create_index(self, index: str, for_filling: bool) -> None:
        settings, mapping = _read_settings(), _read_definition("mapping")
        if for_filling:
            settings |= {"refresh_interval": "-1", "auto_expand_replicas": "false"}
            settings |= {"number_of_replicas": 0}
        mapping["_meta"] = {"alias": self._address.alias, "fingerprint": fingerprint()}
        try:
            await self._get_client().indices.create(
                index=index, settings=settings, mappings=mapping
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":  # another indexer was faster
                raise

    async def _promote(self, index: str) -> None:
        """Restore the regular settings; then move the alias, and free its name, in one call."""
        indices, alias = self._get_client().indices, self._address.alias
        settings = _read_settings()
        regular = {name: settings[name] for name in ("refresh_interval", "auto_expand_replicas")}
        await indices.put_settings(index=index, settings=regular)
        await indices.refresh(index=index)
        live = await self._get_live_indexes()
        actions: list[dict[str, Any]] = [
            {"remove": {"index": old, "alias": alias}} for old in live if old != index
        ]
        if not live and await indices.exists(index=alias):
            actions.append({"remove_index": {"index": alias}})
        actions.append({"add": {"index": index, "alias": alias}})
        await indices.update_aliases(actions=actions)

    async def _get_live_indexes(self) -> list[str]:
        try:
            return sorted(await self._get_client().indices.get_alias(name=self._address.alias))
        except NotFoundError:
            return []

    async def _get_own_indexes(self) -> list[str]:
        alias = self._address.alias
        indexes = await self._get_client().indices.get_mapping(index=f"{alias}-*")
        return sorted(
            name
            for name, index in indexes.items()
            if index["mappings"].get("_meta", {}).get("alias") == alias
        )

    async def _write_bulks(
        self, index: str, documents: Sequence[SerializedDocument], show: bool = False
    ) -> tuple[WriteError, ...]:
        """Write documents in bulks; with `show`, refresh the index with the last one."""
        live = index == self._address.alias
        errors: list[WriteError] = []
        for start in range(0, len(documents), MAX_BULK_DOCUMENTS):
            bulk = documents[start : start + MAX_BULK_DOCUMENTS]
            is_last = start + MAX_BULK_DOCUMENTS >= len(documents)
            errors += await self._write_bulk(index, bulk, live=live, refresh=show and is_last)
        return tuple(errors)

    async def _write_bulk(
        self, index: str, documents: Sequence[SerializedDocument], live: bool, refresh: bool
    ) -> list[WriteError]:
        lines = [line for document in documents for line in (_action(document), document.body)]
        with translate_errors():
            try:
                # The items of a fill's response are long and rarely needed: only after an error is
                # the bulk sent again to get them. External versions make the repetition harmless.
                response = await self._send_bulk(index, lines, live, refresh, with_items=live)
                if response["errors"] and not live:
                    response = await self._send_bulk(index, lines, live, refresh, with_items=True)
            except ApiError as error:
                if error.status_code not in RETRYABLE_STATUSES:
                    raise
                reason = "the cluster is busy"
                return [WriteError(d.film_id, reason, retryable=True) for d in documents]
        items = [item["index"] for item in response["items"]] if response["errors"] else []
        if any(item.get("error", {}).get("type") == INDEX_NOT_FOUND for item in items):
            raise Unavailable(
                f"No index of this service has the alias {index}. Run `movies reindex`.",
                code="search_unavailable",
            )
        return [parsed for item in items if (parsed := _parse_item(item)) is not None]

    async def _send_bulk(
        self, index: str, lines: list[bytes], live: bool, refresh: bool, with_items: bool
    ) -> Mapping[str, Any]:
        response = await self._get_client().bulk(
            operations=lines,  # type: ignore[arg-type]  # serialized lines are sent as they are
            index=index,
            refresh=refresh,
            require_alias=live,
            filter_path=["errors", *(ITEM_PATHS if with_items else ())],
        )
        return cast("Mapping[str, Any]", response.body)

    def _get_client(self) -> AsyncElasticsearch:
        if self._client is None:
            raise Unavailable("The search engine is not open.", code="search_unavailable")
        return self._client


def _read_definition(name: str) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads((DEFINITIONS / f"{name}.json").read_text())
    return definition


def _read_settings() -> dict[str, Any]:
    settings: dict[str, Any] = _read_definition("settings")["index"]
    return settings


def _action(document: SerializedDocument) -> bytes:
    action = {"_id": document.film_id, "version": document.version, "version_type": "external_gte"}
    return orjson.dumps({"index": action})


def _parse_item(item: dict[str, Any]) -> WriteError | None:
    """Return the error of one item of a bulk; a version conflict is none."""
    status = item["status"]
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.CONFLICT:
        return None
    error = item.get("error", {})
    reason = f"{error.get('type', status)}: {error.get('reason', '')}"
    retryable = status in RETRYABLE_STATUSES or any(name in reason for name in RETRYABLE_ERRORS)
    return WriteError(item["_id"], reason, retryable)
