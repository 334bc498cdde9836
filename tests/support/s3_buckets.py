"""Buckets: the real one that is there for tests, and stand-ins that refuse or freeze."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import web

from service.posters.s3_store import S3PosterStore
from tests.support.backends import require_backend


def bucket_url(**changed: str) -> str:
    """A fresh prefix in the test bucket."""
    parts = urlsplit(require_backend("s3"))
    return parts._replace(path=f"/test-{uuid4().hex[:12]}", **changed).geturl()


@asynccontextmanager
async def bucket(
    url: str, key_id: str | None = None, secret: str | None = None, seconds: float = 60.0
) -> AsyncIterator[S3PosterStore]:
    """The store at `url`, patient enough for a busy machine."""
    store = await S3PosterStore.open(
        url,
        key_id or os.environ["AWS_ACCESS_KEY_ID"],
        secret or os.environ["AWS_SECRET_ACCESS_KEY"],
        seconds,
    )
    try:
        yield store
    finally:
        await store.close()


@dataclass
class BadBucket:
    """What stands where a bucket should be; it counts how often it is asked.

    With status 200 it is well, and keeps what is put there.
    """

    status: int
    code: str
    asked: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        if self.status == 200:
            if request.method == "PUT":
                if "Expect" in request.headers and request.transport is not None:
                    request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.objects[request.path] = await request.read()
            listing = "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"
            return web.Response(text=listing, content_type="application/xml")
        body = f"<Error><Code>{self.code}</Code><Message>no</Message></Error>"
        return web.Response(status=self.status, text=body, content_type="application/xml")


@asynccontextmanager
async def standing(bad: BadBucket) -> AsyncIterator[S3PosterStore]:
    """A store over `bad`."""
    runner = web.ServerRunner(web.Server(bad.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with bucket(local_url(runner.addresses[0][1]), "key", "secret") as store:
            yield store
    finally:
        await runner.cleanup()


@asynccontextmanager
async def frozen(seconds: float) -> AsyncIterator[S3PosterStore]:
    """A store over a machine that takes every connection and answers none."""
    heard: list[asyncio.Task[None]] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(
        lambda *ends: heard.append(asyncio.create_task(listen(*ends))), "127.0.0.1", 0
    )
    try:
        port = server.sockets[0].getsockname()[1]
        async with bucket(local_url(port), "key", "secret", seconds) as store:
            yield store
    finally:
        await asyncio.gather(*heard)
        server.close()
        await server.wait_closed()


def local_url(port: int) -> str:
    return f"s3://bucket?endpoint_url=http://127.0.0.1:{port}&region=us-east-1"
