"""Posters in a bucket of anything that speaks S3, for machines that come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from service.limits import MAX_CONCURRENT_S3_CALLS as CALLS
from service.limits import S3_CALL_TIMEOUT as CALL_SECONDS
from service.limits import S3_CONNECT_TIMEOUT as CONNECT_SECONDS
from service.limits import S3_READ_TIMEOUT as READ_SECONDS
from service.posters.store import StoredObject, store_misconfigured, store_unavailable

if TYPE_CHECKING:
    from types_aiobotocore_s3.client import S3Client


NO_OBJECT = ("NoSuchKey", "404", "NotFound")
BUSY = (408, 429)  # with all of 5xx: asking again later helps
BUSY_CODES = ("RequestTimeout", "SlowDown")
OPERATOR_ERRORS = {
    "NoSuchBucket": "the bucket does not exist",
    "AccessDenied": "the keys do not allow it",
    "InvalidAccessKeyId": "the access key is not known",
    "XAdminUserNotFound": "the access key is not known",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "AuthorizationHeaderMalformed": "the region is wrong",
    "PermanentRedirect": "the region is wrong",
}


class S3PosterStore:
    """Posters as objects of one bucket, under a prefix."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        prefix: str,
        seconds: float,
        resources: AsyncExitStack,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._seconds = seconds
        self._resources = resources

    @classmethod
    async def open(
        cls, url: str, key_id: str | None, secret: str | None, seconds: float = CALL_SECONDS
    ) -> "S3PosterStore":
        """Prepare for `s3://bucket/prefix?endpoint_url=…&region=…`; the bucket is not asked yet.

        Without keys, the usual places of a machine in the cloud are searched for some. `seconds`
        is the time that one call may take.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        endpoint = options.get("endpoint_url")
        resources = AsyncExitStack()
        client = await resources.enter_async_context(
            get_session().create_client(
                "s3",
                region_name=options.get("region"),
                endpoint_url=endpoint,
                aws_access_key_id=key_id,
                aws_secret_access_key=secret,
                config=AioConfig(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    max_pool_connections=CALLS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    s3={"addressing_style": "path" if endpoint else "auto"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        )
        return cls(client, parts.netloc, parts.path.strip("/"), seconds, resources)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        async with _bucket_errors(self._seconds):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=data,
                ContentType=content_type,
                CacheControl="public, max-age=31536000, immutable",
            )

    async def get(self, key: str) -> bytes | None:
        async with _bucket_errors(self._seconds):
            try:
                found = await self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as fault:
                if _code(fault) in NO_OBJECT:
                    return None
                raise
            async with found["Body"] as body:
                return await body.read()

    async def delete(self, key: str) -> None:
        async with _bucket_errors(self._seconds):
            await self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    async def objects(self) -> AsyncIterator[StoredObject]:
        async with _bucket_errors(None):
            pages = self._client.get_paginator("list_objects_v2")
            async for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self._prefix)
                    yield StoredObject(key, found["LastModified"])

    async def check(self) -> str:
        async with _bucket_errors(self._seconds):
            await self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        return f"posters lie in bucket {self._bucket}"

    async def close(self) -> None:
        await self._resources.aclose()


@asynccontextmanager
async def _bucket_errors(seconds: float | None) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except ClientError as fault:
        code = _code(fault)
        status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if status >= 500 or status in BUSY or code in BUSY_CODES:
            raise store_unavailable(code) from fault
        raise store_misconfigured(OPERATOR_ERRORS.get(code, f"it answers {code}")) from fault
    except NoCredentialsError as fault:
        raise store_misconfigured("there are no keys for the bucket") from fault
    except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as fault:
        raise store_unavailable(type(fault).__name__) from fault


def _code(fault: ClientError) -> str:
    return str(fault.response.get("Error", {}).get("Code", "unknown"))
