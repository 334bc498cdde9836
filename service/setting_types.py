"""The types of settings, and what their values must be."""

from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from service.mail_url import parse_mail_url
from service.rate_limit_rules import parse_rate_limits
from service.url_options import check_part_url

HOST_SCHEMES = ("http", "https", "redis", "rediss")
"""Schemes whose URLs must name a host; PostgreSQL's may name a socket's folder instead."""


def require_scheme(*schemes: str) -> AfterValidator:
    """Accept only URLs, separated by commas, of these schemes, each with a possible address."""
    return AfterValidator(lambda value: _check_scheme(value, schemes))


def part_url(*schemes: str) -> AfterValidator:
    """Accept only URLs of these schemes, with what they must name and options that are read."""
    return AfterValidator(lambda value: check_part_url(_check_scheme(value, schemes)))


def _check_scheme(value: str, schemes: tuple[str, ...]) -> str:
    if value.partition(":")[0].lower() not in schemes:
        raise ValueError("must begin with " + " or ".join(f"{name}://" for name in schemes))
    for url in value.split(","):
        _check_address(url.strip())
    return value


def _check_address(url: str) -> None:
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError:
        raise ValueError(
            "host and port cannot be read: write host:port, port a number; "
            "signs such as @ / # , in a password are percent-encoded"
        ) from None
    if port == 0:
        raise ValueError("the port must be between 1 and 65535")
    if address.scheme in HOST_SCHEMES and not address.hostname:
        raise ValueError("names no host")


def check_public_url(value: str) -> str:
    """Return the address without a trailing slash; anything after the host is refused."""
    address = urlsplit(value)
    if address.path not in ("", "/") or address.query or address.fragment or address.username:
        raise ValueError("must be a scheme and a host only, such as https://films.example.org")
    return f"{address.scheme}://{address.netloc}"


def check_mail_url(value: str) -> str:
    """Require `console://` or the URL of an SMTP server."""
    _check_address(value)
    parse_mail_url(value)
    return value


def check_rate_limits(value: str) -> str:
    """Require rules of limits that can be parsed."""
    parse_rate_limits(value)
    return value


def _split_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _check_origin(text: str) -> str:
    """Return an origin as browsers send it. Raises ValueError."""
    address = urlsplit(text)
    rest = address.path.strip("/") or address.query or address.fragment or address.username
    if address.scheme not in ("http", "https") or not address.hostname or rest:
        raise ValueError(
            f"{text!r} must be a scheme and a host, such as https://films.example.org; "
            "there is no sign for all origins"
        )
    return f"{address.scheme}://{address.netloc}".lower()


def _check_host_with_port(text: str) -> str:
    """Return a host and port as poster addresses are compared. Raises ValueError."""
    try:
        address = urlsplit(f"//{text}")
        is_complete = bool(address.hostname and address.port)
    except ValueError:
        is_complete = False
    if not is_complete or address.netloc != text or "@" in text:
        raise ValueError(f"{text!r} must be a host and a port, such as nas.home:8080")
    return text.lower()


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_check_origin)], ...], BeforeValidator(_split_list)
]
HostsWithPorts = Annotated[
    tuple[Annotated[str, AfterValidator(_check_host_with_port)], ...], BeforeValidator(_split_list)
]

CompatApi = Literal["omdb", "classic", "lists", "stremio"]

COMPAT_APIS: Final[tuple[CompatApi, ...]] = get_args(CompatApi)
"""The APIs of other services that this one can answer, too; see `service.compat`."""


def _split_compat(value: object) -> object:
    """Return the names of `COMPAT`; `off` is none of them."""
    return () if value == "off" else _split_list(value)


CompatApis = Annotated[tuple[CompatApi, ...], BeforeValidator(_split_compat)]
