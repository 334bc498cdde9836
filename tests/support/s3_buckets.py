"""S3 buckets: the real one of the test backend, and fakes that fail or hang."""

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


def create_bucket_url(**changes: str) -> str:
    """Return the URL of an unused prefix in the test bucket, with these parts changed."""
    url = urlsplit(require_backend("s3"))
    return url._replace(path=f"/test-{uuid4().hex[:12]}", **changes).geturl()


@asynccontextmanager
async def open_bucket(
    url: str, key_id: str | None = None, secret: str | None = None, timeout: float = 60.0
) -> AsyncIterator[S3PosterStore]:
    """Open the store at `url`, with a timeout that is long enough for a busy machine."""
    store = await S3PosterStore.open(
        url,
        key_id or os.environ["AWS_ACCESS_KEY_ID"],
        secret or os.environ["AWS_SECRET_ACCESS_KEY"],
        timeout,
    )
    try:
        yield store
    finally:
        await store.close()


@dataclass
class FakeBucket:
    """A fake S3 server that replies with one status and error code, and counts its calls.

    With status 200 it works and stores objects.
    """

    status: int
    code: str
    call_count: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.call_count += 1
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
async def open_fake_bucket(bucket: FakeBucket) -> AsyncIterator[S3PosterStore]:
    """Open a store on `bucket`."""
    runner = web.ServerRunner(web.Server(bucket.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with open_bucket(local_url(runner.addresses[0][1]), "key", "secret") as store:
            yield store
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_hanging_bucket(timeout: float) -> AsyncIterator[S3PosterStore]:
    """Open a store on a server that accepts every connection and never replies."""
    connections: list[asyncio.Task[None]] = []

    async def read_forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(
        lambda *streams: connections.append(asyncio.create_task(read_forever(*streams))),
        "127.0.0.1",
        0,
    )
    try:
        port = server.sockets[0].getsockname()[1]
        async with open_bucket(local_url(port), "key", "secret", timeout) as store:
            yield store
    finally:
        await asyncio.gather(*connections)
        server.close()
        await server.wait_closed()


def local_url(port: int) -> str:
    return f"s3://bucket?endpoint_url=http://127.0.0.1:{port}&region=us-east-1"
