"""Every setting, read once into one frozen value.

All faults are collected and reported in one message, by name, so that an operator does not find
them one start after the other. The environment takes precedence over `.env`. `NAME_FILE` is
accepted for every secret, since that is how container secrets arrive.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from service.env_file import EnvFileError, read_env_file
from service.jwt_secret import MIN_SECRET_BYTES, load_or_create_jwt_secret
from service.private_files import restrict_file
from service.resources import CHECKOUT
from service.setting_types import (
    COMPAT_APIS,
    CompatApi,
    CompatApis,
    HostsWithPorts,
    Origins,
    check_mail_url,
    check_public_url,
    check_rate_limits,
    part_url,
    require_scheme,
)

DEFAULT_HOME = CHECKOUT or Path("~/.local/share/movies")
SECRETS = (
    "DATABASE_URL",
    "SEARCH_URL",
    "CACHE_URL",
    "POSTERS_URL",
    "MAIL_URL",
    "OMDB_API_KEY",
    "JWT_SECRET",
    "JWT_SECRET_PREVIOUS",
    "METRICS_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
RENAMED = {"POSTER_HOSTS": "POSTER_ALLOWED_PRIVATE_HOSTS"}
"""Old names of settings, which work until 1.0, and their new names."""

COMPOSE_NAMES = (
    *(f"{part}_PASSWORD" for part in ("POSTGRES", "REDIS", "ELASTIC", "KIBANA", "GRAFANA")),
    *("DOMAIN", "ES_HEAP", "KIBANA_PORT"),
)
"""Names in `.env` that only the compose files read."""

FOREIGN_PREFIXES = ("AWS_", "COMPOSE_", "DOCKER_")
"""Names in `.env` that other programs and libraries may read."""


FAULT_MESSAGES = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "string_too_short": "must have at least {min_length} characters",
}
"""What a value must be, in place of the validator's words."""


class SettingsError(Exception):
    """One or more settings are wrong; the message names each."""


class Settings(BaseModel):
    """What an operator can configure. A field's name is its variable's name in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["development", "production"] = "development"
    database_url: Annotated[str, part_url("sqlite", "postgres", "postgresql")] = (
        "sqlite://var/movies.db"
    )
    search_url: Annotated[str, part_url("tantivy", "http", "https")] = "tantivy://var/index"
    cache_url: Annotated[str, part_url("memory", "redis", "rediss")] = "memory://"
    posters_url: Annotated[str, part_url("file", "s3")] = "file://var/posters"
    poster_allowed_private_hosts: HostsWithPorts = ()
    """`host:port` pairs that posters may be fetched from although their address is not public."""
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    mail_url: Annotated[str, AfterValidator(check_mail_url)] = "console://"
    omdb_url: Annotated[str, require_scheme("http", "https")] = "https://www.omdbapi.com/"
    omdb_api_key: str | None = None
    omdb_daily_quota: Annotated[int, Field(ge=1)] = 1000
    jwt_secret: str = ""
    jwt_secret_previous: str | None = None
    """The secret before this one: what it signed stays valid."""
    metrics_token: Annotated[str, Field(min_length=16)] | None = None
    """The bearer token that `/metrics` wants; without one it answers only on this machine."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    indexer: Literal["managed", "external"] = "managed"
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 3.0
    """How long a stopping service reports that it is not ready, and still answers."""
    public_url: (
        Annotated[str, require_scheme("http", "https"), AfterValidator(check_public_url)] | None
    ) = None
    """Where people reach the service; without it, what each request names as its host.

    Links in mails never begin with what a request names: a stranger who asks for a mail to a user
    could choose where that person's token goes.
    """
    email_verification: Literal["off", "required"] = "off"
    """Whether an account can be used only once its e-mail address is confirmed."""
    registration: Literal["open", "invite", "closed"] = "open"
    """Who may create an account: anyone, who has an invite, or only admins."""
    audit_retention_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """How long the audit log keeps an entry."""
    cors_origins: Origins = ()
    compat: CompatApis | None = None
    """APIs of other services that are answered as well; without it all, in production none."""
    omdb_compat_keys: Literal["any", "users"] | None = None
    """Which `apikey` OMDb's API takes; see `omdb_wants_keys`."""
    trusted_proxies: Annotated[int, Field(ge=0, le=16)] = 0
    """How many of the operator's own proxies are in front; with 0, `X-Forwarded-For` is ignored."""
    rate_limits: Annotated[str, AfterValidator(check_rate_limits)] = ""
    """Rules `class=n/unit` by comma in place of the defaults of `service/rate_limit_rules.py`."""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access_log: Literal["on", "off"] = "on"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def compat_apis(self) -> tuple[CompatApi, ...]:
        """Return the APIs of other services that are answered as well."""
        if self.compat is None:
            return () if self.is_production else COMPAT_APIS
        return self.compat

    @property
    def omdb_wants_keys(self) -> bool:
        """Return whether OMDb's API is for who has an API key: by default in production."""
        if self.omdb_compat_keys is None:
            return self.is_production
        return self.omdb_compat_keys == "users"

    @property
    def link_url(self) -> str:
        """Return what links in mails begin with."""
        return self.public_url or f"http://localhost:{self.port}"

    @model_validator(mode="after")
    def _check_requirements(self) -> "Settings":
        faults = []
        for name in ("jwt_secret", "jwt_secret_previous"):
            secret = getattr(self, name)
            if secret and len(secret.encode()) < MIN_SECRET_BYTES:
                faults.append(f"{name.upper()} must have at least {MIN_SECRET_BYTES} bytes")
        if self.is_production:
            if not self.jwt_secret:
                faults.append("JWT_SECRET is required in production")
            for name in ("database_url", "search_url", "cache_url", "posters_url", "mail_url"):
                if name not in self.model_fields_set:
                    faults.append(f"{name.upper()} must be set explicitly in production")
        if self.mail_url.startswith("smtp") and self.public_url is None:
            faults.append("PUBLIC_URL must be set to send mail: links in mails begin with it")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of `.env` and `var/`, at which relative paths in settings start.

    `MOVIES_HOME` names it. By default it is the checkout that the service runs from, and
    `~/.local/share/movies` when it was installed from a wheel.
    """
    return Path(environ.get("MOVIES_HOME") or DEFAULT_HOME).expanduser().absolute()


def resolve_path(url: str) -> Path:
    """Return the file or folder that an embedded URL (`sqlite://var/movies.db`) names."""
    return home_folder() / url.split("://", 1)[1].split("?", 1)[0]


def load_settings(
    environ: Mapping[str, str] = os.environ,
    env_file: Path | None = None,
    on_renamed: Callable[[str, str], None] = lambda _old, _new: None,
    on_unknown: Callable[[str], None] = lambda _name: None,
) -> Settings:
    """Read the settings, and create the home folder if it is missing.

    Args:
        environ: the environment.
        env_file: the file of values with lower precedence; `.env` in the home folder by default.
        on_renamed: called with the old and the new name of each setting that is set by its old one.
        on_unknown: called with each name in the file that nothing reads.

    Raises:
        SettingsError: naming every setting that is wrong.
    """
    home = home_folder(environ)
    restrict_file(home / ".env")  # it holds passwords
    try:
        file_values = read_env_file(env_file or home / ".env")
    except EnvFileError as error:
        raise SettingsError(f"settings are wrong:\n  {error}") from None
    for name in list_unknown_names(file_values):
        on_unknown(name)
    values = _merge_sources(file_values, environ, on_renamed)
    faults = _read_secret_files(values, environ, home)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        faults.append(f"MOVIES_HOME: {home} cannot be created ({error.strerror}); name another")
    names = {name: name.upper() for name in Settings.model_fields}
    try:
        settings = Settings(**{n: values[v] for n, v in names.items() if v in values})
    except ValidationError as error:
        faults += _describe_faults(error)
    if faults:
        raise SettingsError("settings are wrong:\n  " + "\n  ".join(faults))
    if not settings.jwt_secret:
        try:
            secret = load_or_create_jwt_secret(home)
        except ValueError as error:
            raise SettingsError(f"settings are wrong:\n  {error}") from None
        settings = settings.model_copy(update={"jwt_secret": secret})
    return settings


def list_unknown_names(file_values: Iterable[str]) -> list[str]:
    """Return the names in `.env` that nothing reads; most are misspelt settings."""
    readable = {name.upper() for name in Settings.model_fields} | {
        f"{name}_FILE" for name in SECRETS
    }
    readable |= {*RENAMED, *COMPOSE_NAMES}
    return [n for n in file_values if n not in readable and not n.startswith(FOREIGN_PREFIXES)]


def _merge_sources(
    file_values: Mapping[str, str | None],
    environ: Mapping[str, str],
    on_renamed: Callable[[str, str], None],
) -> dict[str, Any]:
    """Return the values that are not empty, under their present names."""
    values: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    for source in (file_values, environ):
        stated = {name: value for name, value in source.items() if value}
        renamed |= {old: new for old, new in RENAMED.items() if old in stated}
        values |= {new: stated[old] for old, new in RENAMED.items() if old in stated} | stated
    for old, new in renamed.items():
        on_renamed(old, new)
    return values


def _read_secret_files(values: dict[str, Any], environ: Mapping[str, str], home: Path) -> list[str]:
    """Set each secret that `NAME_FILE` names a file for; return what went wrong."""
    faults = []
    for name in SECRETS:
        file = values.get(f"{name}_FILE")
        if file and name not in environ:
            try:
                values[name] = (home / file).read_text().strip()
            except OSError as error:
                faults.append(f"{name}_FILE: cannot be read ({error.strerror})")
            except UnicodeDecodeError:
                faults.append(f"{name}_FILE: is not text in UTF-8")
    return faults


def _describe_faults(error: ValidationError) -> list[str]:
    """Return each fault with the setting's name, in words that an operator understands."""
    faults = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"][:1]).upper()
        message = FAULT_MESSAGES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        reason = message.format(**problem.get("ctx", {}))
        faults.append(f"{name}: {reason}" if name else reason)
    return faults
