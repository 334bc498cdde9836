"""Address of an Elasticsearch cluster, and translation of its errors into the service's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    AuthenticationException,
    AuthorizationException,
    NotFoundError,
    OrjsonSerializer,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)
from service.errors import Unavailable
from service.limits import ELASTICSEARCH_CONNECTIONS, SEARCH_TIMEOUT
from service.resilience.causes import describe_cause
from service.settings import home_folder

INDEX_PREFIX = "movies"  # of a local index name; in the cluster the alias takes its place
MIN_MAJOR_VERSION = 9  # of the server: a client does not talk to a server of an older major version


@dataclass(frozen=True, slots=True)
class ElasticsearchAddress:
    """Where a cluster is and how to use it.

    `ca_path` is the file of a CA certificate, `alias` the name of the live index, `timeout` the
    seconds for one search.
    """

    nodes: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    ca_path: str | None = None
    alias: str = "movies"
    timeout: float = SEARCH_TIMEOUT

    @classmethod
    def parse(cls, url: str) -> "ElasticsearchAddress":
        """Parse `https://user:pw@host:9200,https://other:9200?ca=/path/ca.crt&timeout=2`."""
        urls = [urlsplit(node.strip()) for node in url.split(",")]
        options = parse_qs("&".join(node.query for node in urls))
        login = next((node for node in urls if node.username), None)
        nodes = tuple(
            urlunsplit((node.scheme, f"{node.hostname}:{node.port or 9200}", node.path, "", ""))
            for node in urls
        )
        return cls(
            nodes=nodes,
            user=unquote(login.username) if login and login.username else None,
            password=unquote(login.password) if login and login.password else None,
            ca_path=options.get("ca", [None])[-1],
            alias=options.get("index", ["movies"])[-1] or "movies",
            timeout=float(options.get("timeout", [SEARCH_TIMEOUT])[-1]),
        )

    def cluster_name(self, name: str) -> str:
        """Return the cluster's name of the index `name`; raise `Unavailable` for a foreign name."""
        if not name.startswith(INDEX_PREFIX + "-"):
            raise Unavailable(f"{name} is not the name of an index.", code="index_name")
        return self.alias + name.removeprefix(INDEX_PREFIX)

    def local_name(self, index: str) -> str:
        """Return the local name of one of the cluster's indexes."""
        return INDEX_PREFIX + index.removeprefix(self.alias)

    def create_client(self, timeout: float) -> AsyncElasticsearch:
        """Return a client that tries each request once, for at most `timeout` seconds.

        Raises:
            Unavailable: the CA certificate cannot be read.
        """
        options: dict[str, Any] = {}
        if self.user is not None:
            options["basic_auth"] = (self.user, self.password or "")
        if self.ca_path is not None:
            options["ca_certs"] = str(home_folder() / self.ca_path)
        try:
            return AsyncElasticsearch(
                list(self.nodes),
                request_timeout=timeout,
                max_retries=0,
                retry_on_timeout=False,
                connections_per_node=ELASTICSEARCH_CONNECTIONS,
                serializer=OrjsonSerializer(),
                **options,
            )
        except (OSError, ValueError) as error:  # the file is missing, or is no certificate
            raise Unavailable(
                f"The certificate {self.ca_path} in SEARCH_URL cannot be read: "
                f"{describe_cause(error, 'the file is missing or no certificate; correct ca=')}.",
                code="search_unavailable",
            ) from error


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the driver's errors as `Unavailable`, with a detail that says what to do."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise to_unavailable(error) from error


async def check_version(client: AsyncElasticsearch) -> str:
    """Return the server's version. Raise `Unavailable` if it is too old, and driver errors."""
    number = str((await client.info())["version"]["number"])
    if int(number.partition(".")[0]) < MIN_MAJOR_VERSION:
        raise Unavailable(
            f"Elasticsearch is {number}; the service needs version {MIN_MAJOR_VERSION}.",
            code="search_unavailable",
        )
    return number


def to_unavailable(error: Exception) -> Unavailable:
    """Return the driver's error as one that tells an operator what to do."""
    text = str(error)
    if isinstance(error, AuthenticationException):
        detail = "Elasticsearch rejects the user or password; correct SEARCH_URL."
    elif isinstance(error, AuthorizationException):
        detail = "The Elasticsearch user lacks a privilege; give its role all rights on the index."
    elif isinstance(error, (UnsupportedProductError, SerializationError)):
        detail = "The server at SEARCH_URL is not Elasticsearch; correct host and port."
    elif "media_type_header_exception" in text or "compatible-with" in text:
        detail = f"Elasticsearch is too old; the service needs version {MIN_MAJOR_VERSION}."
    elif isinstance(error, NotFoundError) and "index_not_found" in text:
        detail = "There is no search index yet; the indexer creates it when it starts."
    elif "circuit_breaking_exception" in text:
        detail = "Elasticsearch is out of memory; it needs a larger heap."
    elif isinstance(error, TransportError):
        cause = describe_cause(error, "check SEARCH_URL and the server", "ca=FILE in SEARCH_URL")
        detail = f"Elasticsearch does not answer: {cause}."
    else:
        detail = "Elasticsearch failed to execute the request."
    return Unavailable(detail, code="search_unavailable", retry_after=1)
