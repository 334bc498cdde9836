"""Where the Elasticsearch cluster is, and what its errors mean to the service."""

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
    TransportError,
    UnsupportedProductError,
)
from service.errors import Unavailable
from service.limits import ELASTICSEARCH_CONNECTIONS as CONNECTIONS
from service.limits import SEARCH_TIMEOUT
from service.settings import home_folder

PREFIX = "movies"  # of an index's name here; in the cluster the alias takes its place


MAJOR = 9  # of the server: a client of one major does not speak to an older server


@dataclass(frozen=True, slots=True)
class ElasticsearchAddress:
    """Where a cluster is: its nodes, who we are there, whom to trust, which alias is ours, and how
    many seconds a search may take.
    """

    nodes: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    certificates: str | None = None
    alias: str = "movies"
    deadline: float = SEARCH_TIMEOUT

    @classmethod
    def parse(cls, url: str) -> "ElasticsearchAddress":
        """Read `https://user:pw@host:9200,https://other:9200?ca=/path/ca.crt&timeout=2`."""
        parts = [urlsplit(each.strip()) for each in url.split(",")]
        options = parse_qs("&".join(part.query for part in parts))
        known = next((part for part in parts if part.username), None)
        nodes = tuple(
            urlunsplit((part.scheme, f"{part.hostname}:{part.port or 9200}", part.path, "", ""))
            for part in parts
        )
        return cls(
            nodes=nodes,
            user=unquote(known.username) if known and known.username else None,
            password=unquote(known.password) if known and known.password else None,
            certificates=options.get("ca", [None])[-1],
            alias=options.get("index", ["movies"])[-1] or "movies",
            deadline=float(options.get("timeout", [SEARCH_TIMEOUT])[-1]),
        )

    def real(self, name: str) -> str:
        """The cluster's name for the index that is called `name` here. Raises `Unavailable`."""
        if not name.startswith(PREFIX + "-"):
            raise Unavailable(f"{name} is not the name of an index.", code="index_name")
        return self.alias + name.removeprefix(PREFIX)

    def short(self, index: str) -> str:
        """What an index of the cluster is called here."""
        return PREFIX + index.removeprefix(self.alias)

    def client(self, timeout: float) -> AsyncElasticsearch:
        """A client whose every request ends within `timeout` seconds, tried once.

        Raises:
            Unavailable: the certificate in the URL cannot be read.
        """
        options: dict[str, Any] = {}
        if self.user is not None:
            options["basic_auth"] = (self.user, self.password or "")
        if self.certificates is not None:
            options["ca_certs"] = str(home_folder() / self.certificates)
        try:
            return AsyncElasticsearch(
                list(self.nodes),
                request_timeout=timeout,
                max_retries=0,
                retry_on_timeout=False,
                connections_per_node=CONNECTIONS,
                serializer=OrjsonSerializer(),
                **options,
            )
        except (OSError, ValueError) as error:  # it is not there, or no certificate
            raise Unavailable(
                f"The certificate {self.certificates} in SEARCH_URL cannot be read ({error}).",
                code="search_unavailable",
            ) from error


@contextmanager
def translate_errors() -> Iterator[None]:
    """Whatever the driver raises inside becomes `Unavailable`, with what to do about it."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise to_unavailable(error) from error


async def version(client: AsyncElasticsearch) -> str:
    """The server's version. Raises `Unavailable` for one that is too old, and driver's errors."""
    number = str((await client.info())["version"]["number"])
    if int(number.partition(".")[0]) < MAJOR:
        raise Unavailable(
            f"Elasticsearch is {number}; the service needs version {MAJOR}.",
            code="search_unavailable",
        )
    return number


def to_unavailable(error: Exception) -> Unavailable:
    """The driver's error in words for people."""
    text = str(error)
    if isinstance(error, AuthenticationException):
        detail = "Elasticsearch does not accept the user or password in SEARCH_URL."
    elif isinstance(error, AuthorizationException):
        detail = "The Elasticsearch user in SEARCH_URL may not do what the service needs."
    elif isinstance(error, UnsupportedProductError):
        detail = "What answers at SEARCH_URL is not Elasticsearch."
    elif "media_type_header_exception" in text or "compatible-with" in text:
        detail = f"Elasticsearch is too old: the service needs version {MAJOR}."
    elif isinstance(error, NotFoundError) and "index_not_found" in text:
        detail = "There is no search index yet; the indexer makes it when it starts."
    elif "circuit_breaking_exception" in text:
        detail = "Elasticsearch is short of memory: it needs a larger heap."
    elif isinstance(error, TransportError):
        detail = "Elasticsearch does not answer."
    else:
        detail = "Elasticsearch could not do what was asked of it."
    return Unavailable(detail, code="search_unavailable", retry_after=1)
