"""Every setting, read once into one frozen value.

A service that starts with half of its settings wrong wastes an operator's evening, so all
faults are collected and told in one message, by name. The environment wins over `.env`;
`NAME_FILE` is accepted for every secret, since that is how container secrets arrive.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

PROJECT = Path(__file__).resolve().parent.parent
"""Relative paths in settings start here, wherever the command is called from."""

SECRETS = (
    "DATABASE_URL",
    "SEARCH_URL",
    "CACHE_URL",
    "POSTERS_URL",
    "OMDB_API_KEY",
    "JWT_SECRET",
    "METRICS_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
EMBEDDED = ("sqlite://", "tantivy://", "memory://", "file://")
MIN_SECRET_BYTES = 32  # bytes: HS256 wants a key as long as its digest (RFC 7518, 3.2)


class SettingsError(Exception):
    """One or more settings are wrong; the message names each."""


def _require_scheme(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if urlsplit(value.split(",", maxsplit=1)[0]).scheme not in schemes:
            raise ValueError("must begin with " + " or ".join(f"{name}://" for name in schemes))
        return value

    return AfterValidator(check)


def _check_timeout(value: str) -> str:
    for seconds in parse_qs(value.rpartition("?")[2]).get("timeout", []):
        if not re.fullmatch(r"\d*\.?\d+", seconds) or not float(seconds):
            raise ValueError("the timeout must be a number of seconds")
    return value


def _split_list(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split_list)]


class Settings(BaseModel):
    """What an operator can choose. Field names are the variables' names in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["development", "production"] = "development"
    database_url: Annotated[str, _require_scheme("sqlite", "postgres", "postgresql")] = (
        "sqlite://var/movies.db"
    )
    search_url: Annotated[
        str, _require_scheme("tantivy", "http", "https"), AfterValidator(_check_timeout)
    ] = "tantivy://var/index"
    cache_url: Annotated[str, _require_scheme("memory", "redis", "rediss")] = "memory://"
    posters_url: Annotated[str, _require_scheme("file", "s3")] = "file://var/posters"
    poster_allowed_private_hosts: CommaSeparated = ()
    """`host:port` pairs that posters may come from although their address is not public."""
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    omdb_url: Annotated[str, _require_scheme("http", "https")] = "https://www.omdbapi.com/"
    omdb_api_key: str | None = None
    omdb_daily_quota: Annotated[int, Field(ge=1)] = 1000
    jwt_secret: str = ""
    metrics_token: Annotated[str, Field(min_length=16)] | None = None
    """What a scraper on another machine shows to read `/metrics`."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    indexer: Literal["managed", "external"] = "managed"
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 3.0
    """How long, once told to stop, the service goes on and says that it is not ready any more."""
    cors_origins: CommaSeparated = ()
    trusted_proxies: Annotated[int, Field(ge=0, le=16)] = 0
    """How many proxies of one's own stand in front; only then is `X-Forwarded-For` believed."""
    log_format: Literal["text", "json"] = "text"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def var(self) -> Path:
        """Where the service keeps what it makes for itself: secret, nudge socket, defaults."""
        return PROJECT / "var"

    @model_validator(mode="after")
    def _check_requirements(self) -> "Settings":
        faults = []
        if self.jwt_secret and len(self.jwt_secret.encode()) < MIN_SECRET_BYTES:
            faults.append(f"JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes")
        if self.is_production:
            if not self.jwt_secret:
                faults.append("JWT_SECRET is required in production")
            for name in ("database_url", "search_url", "cache_url", "posters_url"):
                if name not in self.model_fields_set:
                    faults.append(f"{name.upper()} must be set by name in production")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def resolve_path(url: str) -> Path:
    """The file or folder that an embedded URL (`sqlite://var/movies.db`) names."""
    return PROJECT / url.split("://", 1)[1].split("?", 1)[0]


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Settings:
    """Read the settings.

    Args:
        environ: the environment; the process's own when left out.
        env_file: where lower-ranking values stand; the project's `.env` when left out.

    Raises:
        SettingsError: naming every setting that is wrong.
    """
    environ = os.environ if environ is None else environ
    file_values = dotenv_values(env_file or PROJECT / ".env")
    values: dict[str, Any] = {k: v for k, v in {**file_values, **environ}.items() if v}
    faults: list[str] = []
    for name in SECRETS:
        source = values.get(f"{name}_FILE")
        if source and name not in environ:
            try:
                values[name] = Path(source).read_text().strip()
            except OSError as fault:
                faults.append(f"{name}_FILE: cannot be read ({fault.strerror})")
    names = {name: name.upper() for name in Settings.model_fields}
    try:
        settings = Settings(**{n: values[v] for n, v in names.items() if v in values})
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"][:1]).upper()
            reason = problem["msg"].removeprefix("Value error, ")
            faults.append(f"{where}: {reason}" if where else reason)
    if faults:
        raise SettingsError("settings are wrong:\n  " + "\n  ".join(faults))
    if not settings.jwt_secret:
        settings = settings.model_copy(
            update={"jwt_secret": _load_or_create_jwt_secret(settings.var)}
        )
    return settings


def _load_or_create_jwt_secret(folder: Path) -> str:
    """A secret made at the first start and kept, so that a restart logs nobody out."""
    path = folder / "jwt-secret"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret
