"""Each part at the address of another one, with and without TLS: the cause and the next step."""

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from service.cache.redis import RedisCache
from service.clock import utc_now
from service.database.fault_descriptions import describe_database_fault
from service.database.migrate import is_schema_current
from service.errors import DomainError
from service.omdb.client import OmdbClient
from service.omdb.quota import OmdbQuota
from service.posters.s3_store import S3PosterStore
from service.resilience import causes
from service.search.engines.elasticsearch.connection import ElasticsearchAddress
from service.search.engines.elasticsearch.reader import ElasticsearchEngine
from service.url_options import POSTGRES_OPTIONS, REDIS_OPTIONS
from tests.support.backends import require_backend
from tests.support.databases import use_database

pytestmark = pytest.mark.once  # the same on every stack

S3_TIMEOUT = 3.0
REJECTED_TLS = "another program listens there, or one without TLS"
CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
BACKENDS = ("postgres", "redis", "elasticsearch", "s3")
HTTP_PARTS = ("elasticsearch", "s3", "omdb")


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
    writer.close()


async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read()  # until the client gives up
    writer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate of 127.0.0.1 that nobody trusts, and its key."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = [*CERTIFICATE.split(), "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    return path


@contextlib.asynccontextmanager
async def run_target(name: str, certificate: Path) -> AsyncIterator[str]:
    """Yield host and port of a backend, or of a server that is none."""
    if name == "nothing":
        yield "127.0.0.1:1"
    elif name == "unknown host":
        yield "nowhere.invalid:99"
    elif name in BACKENDS:
        url = urlsplit(require_backend(name).strip("'"))
        endpoint = parse_qs(url.query).get("endpoint_url")
        yield urlsplit(endpoint[0]).netloc if endpoint else f"{url.hostname}:{url.port}"
    else:
        context = None
        if name == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        handler = stay_silent if name == "silent" else answer_http
        async with await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context) as server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def describe_part(scheme: str, address: str) -> str:
    """Return why the part that `scheme` stands for does not work at this address."""
    if scheme == "postgres":
        url = f"postgres://{address if '/' in address else f'movies:hush@{address}/movies'}"
        with pytest.raises(Exception) as failure:
            await is_schema_current(url)
        return describe_database_fault(failure.value, url)
    with pytest.raises(DomainError) as error:
        await check_part(scheme, address)
    return error.value.detail


async def check_part(scheme: str, address: str) -> None:
    part, _, transport = scheme.partition("+")
    if part in ("redis", "rediss"):
        cache = RedisCache(f"{part}://:hush@{address}/0")
        await cache.check()
    elif part == "elasticsearch":
        url = f"{transport}://movies:hush@{address}?timeout=2"
        engine = ElasticsearchEngine(ElasticsearchAddress.parse(url))
        await engine.open()
        try:
            await engine.check()
        finally:
            await engine.close()
    elif part == "s3":
        url = f"s3://bucket?endpoint_url={transport}://{address}&region=us-east-1"
        store = await S3PosterStore.open(url, "key", "hush", S3_TIMEOUT)
        try:
            await store.check()
        finally:
            await store.close()
    else:
        async with aiohttp.ClientSession() as session:
            quota = OmdbQuota("hush", 1000, utc_now)
            await OmdbClient(session, f"{transport}://{address}/", "hush", quota).check()


@pytest.mark.parametrize(
    ("scheme", "target", "words"),
    [
        *((scheme, "nothing", causes.REFUSED) for scheme in ("postgres", "redis", "rediss")),
        *((scheme, "unknown host", causes.NO_HOST) for scheme in ("postgres", "redis", "rediss")),
        ("postgres", "redis", causes.NO_ANSWER),
        ("postgres", "elasticsearch", REJECTED_TLS),
        ("postgres", "tls", causes.CLOSED),
        ("postgres", "silent", causes.NO_ANSWER),
        ("redis", "postgres", causes.CLOSED),
        ("redis", "elasticsearch", causes.OTHER_PROGRAM),
        ("redis", "s3", causes.OTHER_PROGRAM),
        ("redis", "tls", causes.CLOSED),
        ("redis", "http", causes.OTHER_PROGRAM),
        ("redis", "silent", causes.NO_ANSWER),
        ("rediss", "postgres", causes.CLOSED),
        ("rediss", "redis", causes.NO_ANSWER),
        ("rediss", "elasticsearch", causes.NO_TLS),
        ("rediss", "tls", f"{causes.UNTRUSTED}: ssl_ca_certs=FILE in CACHE_URL"),
        ("rediss", "http", causes.NO_TLS),
        ("elasticsearch+http", "s3", "is not Elasticsearch; correct host and port"),
        ("elasticsearch+http", "http", "is not Elasticsearch; correct host and port"),
        ("elasticsearch+https", "elasticsearch", causes.NO_TLS),
        ("elasticsearch+https", "tls", f"{causes.UNTRUSTED}: ca=FILE in SEARCH_URL"),
        ("s3+http", "elasticsearch", "answers with status 400; correct endpoint_url"),
        ("s3+http", "http", "it answers 500; check endpoint_url"),
        ("s3+https", "s3", causes.NO_TLS),
        ("s3+https", "tls", f"{causes.UNTRUSTED}: AWS_CA_BUNDLE=FILE in the environment"),
        ("omdb+http", "elasticsearch", "it answers with status 400; check OMDB_URL"),
        ("omdb+http", "http", "it answers with status 200; check OMDB_URL"),
        ("omdb+https", "http", causes.NO_TLS),
        ("omdb+https", "tls", causes.UNTRUSTED),
        *(
            (f"{part}+{transport}", target, words)
            for part in HTTP_PARTS
            for transport in ("http", "https")
            for target, words in (
                ("nothing", causes.REFUSED),
                ("unknown host", causes.NO_HOST),
                ("postgres", causes.CLOSED),
                ("silent", causes.NO_ANSWER),
            )
        ),
        *((f"{part}+http", "redis", causes.CLOSED) for part in HTTP_PARTS),
        *((f"{part}+https", "redis", causes.NO_ANSWER) for part in HTTP_PARTS),
        *((f"{part}+http", "tls", causes.CLOSED) for part in HTTP_PARTS),
    ],
)
async def test_a_wrong_address_is_explained_with_cause_and_next_step(
    scheme: str, target: str, words: str, certificate: Path, database: str
) -> None:
    async with run_target(target, certificate) as address:
        text = await describe_part(scheme, address)
    assert words in text
    assert "hush" not in text and "Error" not in text and "??" not in text


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("movies:hush", "postgres", "rejects movies or its password; correct DATABASE_URL"),
        ("nobodyhere:hush", "postgres", "rejects nobodyhere or its password"),
        (None, "nosuch", "has no database nosuch; create it: createdb -O movies nosuch"),
        (None, "postgres?sslmode=require", REJECTED_TLS),
        (None, "postgres?sslmod=require", "has the unknown option sslmod; remove it"),
        (None, "postgres?sslmode=verify-full&sslrootcert=/nope/ca", "/nope/ca in DATABASE_URL can"),
        (None, "postgres?sslmode=verify-ca&sslrootcert=/etc/passwd", "or no certificate; correct"),
        (None, "postgres?sslmode=verify-full", "needs a certificate authority; add sslrootcert="),
    ],
)
async def test_wrong_credentials_of_postgresql_say_what_to_correct(
    user: str | None, name: str, words: str
) -> None:
    backend = urlsplit(require_backend("postgres"))
    login = user or f"{backend.username}:{backend.password}"
    text = await describe_part("postgres", f"{login}@{backend.hostname}:{backend.port}/{name}")
    assert words in text


async def test_postgresql_is_used_with_every_option_that_the_settings_accept() -> None:
    values = {
        "sslmode": "prefer",
        "minsize": "1",
        "maxsize": "2",
        "wait": "1",
        "timeout": "5",
        "command_timeout": "3",
        "statement_cache_size": "0",
        "application_name": "films",
        "passfile": "/nonexistent",
    }
    only_instead_of_others = {"sslrootcert", "host"}
    assert values.keys() | only_instead_of_others == POSTGRES_OPTIONS.keys()
    backend = require_backend("postgres")
    url = f"{backend}?{urlencode(values)}"
    assert await is_schema_current(url) is False  # the driver's own connection
    async with use_database(url) as client:
        assert await client.execute_query_dict("SELECT 1 AS one") == [{"one": 1}]


async def test_redis_is_used_with_every_option_that_the_settings_accept() -> None:
    values = {
        "db": "0",
        "protocol": "3",
        "client_name": "films",
        "max_connections": "20",
        **dict.fromkeys(("socket_timeout", "socket_connect_timeout"), "10"),
        **{f"ssl_{name}": "/nonexistent" for name in ("ca_certs", "certfile", "keyfile")},
        "ssl_cert_reqs": "none",
        "ssl_check_hostname": "false",
    }
    assert values.keys() == REDIS_OPTIONS.keys()
    backend = urlsplit(require_backend("redis"))
    plain = {name: value for name, value in values.items() if not name.startswith("ssl")}
    address = f"{backend.hostname}:{backend.port}/0?"
    assert await RedisCache(f"redis://{address}{urlencode(plain)}").check()
    with pytest.raises(DomainError):  # the options are read: there is no such certificate
        await RedisCache(f"rediss://{address}{urlencode(values)}").check()


async def test_wrong_credentials_of_redis_say_what_to_correct() -> None:
    backend = urlsplit(require_backend("redis"))
    for path, words in (("nobody:hush@", "rejects the user or password"), ("", "no database of")):
        address = f"redis://{path}{backend.hostname}:{backend.port}/{'' if path else '99'}"
        with pytest.raises(DomainError, match=words):
            await RedisCache(address).check()
