"""Keep posters in a bucket of any S3-compatible service, for hosts without a disk that lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from service.limits import (
    MAX_CONCURRENT_S3_CALLS,
    S3_CALL_TIMEOUT,
    S3_CONNECT_TIMEOUT,
    S3_READ_TIMEOUT,
)
from service.posters.store import StoredObject, store_misconfigured, store_unavailable
from service.resilience.causes import describe_cause

if TYPE_CHECKING:
    from types_aiobotocore_s3.client import S3Client


NOT_FOUND_CODES = ("NoSuchKey", "404", "NotFound")
RETRYABLE_STATUSES = (408, 429)  # and all of 5xx
RETRYABLE_CODES = ("RequestTimeout", "SlowDown")
OPERATOR_ERRORS = {
    "NoSuchBucket": "the bucket does not exist; create it, or correct POSTERS_URL",
    "AccessDenied": "the keys do not allow it; give them access to the bucket",
    "InvalidAccessKeyId": "the access key is not known; correct AWS_ACCESS_KEY_ID",
    "XAdminUserNotFound": "the access key is not known; correct AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret key is wrong; correct AWS_SECRET_ACCESS_KEY",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
    "AuthorizationHeaderMalformed": "the region is wrong; correct region= in POSTERS_URL",
    "PermanentRedirect": "the region is wrong; correct region= in POSTERS_URL",
}
NO_KEYS = "there are no keys for the bucket; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
CA_OPTION = "AWS_CA_BUNDLE=FILE in the environment"


class S3PosterStore:
    """Posters as objects of one bucket, under a prefix; create it with `open`."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        prefix: str,
        call_timeout: float,
        resources: AsyncExitStack,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._call_timeout = call_timeout
        self._resources = resources

    @classmethod
    async def open(
        cls, url: str, key_id: str | None, secret: str | None, call_timeout: float = S3_CALL_TIMEOUT
    ) -> "S3PosterStore":
        """Create a client for `s3://bucket/prefix?endpoint_url=…&region=…` without calling S3.

        Args:
            url: the bucket, its prefix, and options of the client.
            key_id: the access key; without one, boto's usual places are searched for credentials.
            secret: the secret of that key.
            call_timeout: seconds that one call may take, its retry included.
        """
        address = urlsplit(url)
        options = dict(parse_qsl(address.query))
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
                    connect_timeout=S3_CONNECT_TIMEOUT,
                    read_timeout=S3_READ_TIMEOUT,
                    max_pool_connections=MAX_CONCURRENT_S3_CALLS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    s3={"addressing_style": "path" if endpoint else "auto"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        )
        return cls(client, address.netloc, address.path.strip("/"), call_timeout, resources)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        async with _translate_s3_errors(self._call_timeout):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=data,
                ContentType=content_type,
                CacheControl="public, max-age=31536000, immutable",
            )

    async def get(self, key: str) -> bytes | None:
        async with _translate_s3_errors(self._call_timeout):
            try:
                response = await self._client.get_object(
                    Bucket=self._bucket, Key=self._prefix + key
                )
            except ClientError as error:
                if _error_code(error) in NOT_FOUND_CODES:
                    return None
                raise
            async with response["Body"] as body:
                return await body.read()

    async def delete(self, key: str) -> None:
        async with _translate_s3_errors(self._call_timeout):
            await self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    async def list_objects(self) -> AsyncIterator[StoredObject]:
        async with _translate_s3_errors(None):
            pages = self._client.get_paginator("list_objects_v2")
            async for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self._prefix)
                    yield StoredObject(key, entry["LastModified"])

    async def check(self) -> str:
        async with _translate_s3_errors(self._call_timeout):
            await self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        return f"posters are kept in bucket {self._bucket}"

    async def close(self) -> None:
        await self._resources.aclose()


@asynccontextmanager
async def _translate_s3_errors(timeout: float | None) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout):
            yield
    except ClientError as error:
        code = _error_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if status >= 500 or status in RETRYABLE_STATUSES or code in RETRYABLE_CODES:
            raise store_unavailable(f"it answers {code}; check endpoint_url") from error
        raise store_misconfigured(_describe_code(code)) from error
    except NoCredentialsError as error:
        raise store_misconfigured(NO_KEYS) from error
    except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise store_unavailable(describe_cause(error, ca_option=CA_OPTION)) from error


def _describe_code(code: str) -> str:
    """Return the cause and the next step; a number is the status of a server that is not S3."""
    if code.isdecimal():
        return f"it answers with status {code}; correct endpoint_url, another program may listen"
    return OPERATOR_ERRORS.get(code, f"it answers {code}")


def _error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
