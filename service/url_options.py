"""The options in the URLs of the parts: which there are, and what their values must be.

Drivers ignore a misspelt option, so that `ssl_mode=require` would not encrypt, or fail with a name
of their own in the first request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Rule:
    """What the value of an option must be, as a pattern and in words."""

    pattern: str
    words: str


def _one_of(*values: str) -> Rule:
    return Rule("|".join(values), f"must be one of {', '.join(values)}")


ANY = Rule(".+", "must not be empty")
COUNT = Rule("[1-9][0-9]{0,4}", "must be a whole number from 1")
NUMBER = Rule("[0-9]{1,5}", "must be a whole number")
SECONDS = Rule(r"(?!0*\.?0*$)[0-9]{0,5}\.?[0-9]{1,5}", "must be a number of seconds")

POSTGRES_OPTIONS = {
    "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslrootcert": ANY,
    "minsize": COUNT,
    "maxsize": COUNT,
    "wait": SECONDS,
    "timeout": SECONDS,
    "command_timeout": SECONDS,
    "statement_cache_size": NUMBER,
    "application_name": ANY,
    "host": ANY,
    "passfile": ANY,
}
ELASTICSEARCH_OPTIONS = {
    "ca": ANY,
    "index": Rule("[a-z0-9][a-z0-9._-]{0,199}", "must be lower-case letters, digits and . _ -"),
    "timeout": SECONDS,
}
REDIS_OPTIONS = {
    "db": NUMBER,
    "protocol": _one_of("2", "3"),
    "client_name": ANY,
    "max_connections": COUNT,
    "socket_timeout": SECONDS,
    "socket_connect_timeout": SECONDS,
    "ssl_ca_certs": ANY,
    "ssl_certfile": ANY,
    "ssl_keyfile": ANY,
    "ssl_cert_reqs": _one_of("none", "optional", "required"),
    "ssl_check_hostname": _one_of("true", "false"),
}
S3_OPTIONS = {
    "endpoint_url": Rule("https?://.+", "must begin with http:// or https://"),
    "region": ANY,
}

OPTIONS_BY_SCHEME: Mapping[str, Mapping[str, Rule]] = {
    "postgres": POSTGRES_OPTIONS,
    "postgresql": POSTGRES_OPTIONS,
    "http": ELASTICSEARCH_OPTIONS,
    "https": ELASTICSEARCH_OPTIONS,
    "redis": REDIS_OPTIONS,
    "rediss": REDIS_OPTIONS,
    "s3": S3_OPTIONS,
}
"""The options of each scheme; other schemes have none."""

BUCKET_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,255}")


def check_part_url(url: str) -> str:
    """Require that a part's URL names what it must, and has no option but those that are read.

    Several URLs are separated by commas.

    Raises:
        ValueError: saying what to write.
    """
    scheme = urlsplit(url).scheme
    if scheme not in OPTIONS_BY_SCHEME:
        if "?" in url:
            raise ValueError(f"{scheme}:// has no options; remove what follows ?")
        return url
    for single in url.split(","):
        address = urlsplit(single.strip())
        if address.fragment or single.endswith("#"):
            raise ValueError("the sign # is percent-encoded: %23")
        _check_name(scheme, address.netloc, address.path.strip("/"))
        _check_query(address.query, OPTIONS_BY_SCHEME[scheme])
    return url


def _check_name(scheme: str, host: str, path: str) -> None:
    """Require a database of PostgreSQL or Redis, or a bucket."""
    if scheme in ("postgres", "postgresql") and not path:
        raise ValueError("names no database: write postgres://user:password@host:5432/movies")
    if scheme in ("redis", "rediss") and path and not path.isdecimal():
        raise ValueError("the database of Redis is a number: write redis://host:6379/0")
    if scheme == "s3" and not BUCKET_PATTERN.fullmatch(host):
        raise ValueError("names no bucket: write s3://bucket, letters, digits and . _ - only")


def _check_query(query: str, rules: Mapping[str, Rule]) -> None:
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in rules:
            raise ValueError(f"has no option {name!r}; there are {', '.join(rules)}")
        if name in seen:
            raise ValueError(f"the option {name} is stated twice")
        if not re.fullmatch(rules[name].pattern, value):
            raise ValueError(f"the option {name} {rules[name].words}")
        seen.add(name)
