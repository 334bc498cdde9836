"""Settings: read once, with all faults reported at once, by name."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dotenv import dotenv_values

from service.resources import CHECKOUT, resource_path
from service.settings import (
    RENAMED,
    Settings,
    SettingsError,
    home_folder,
    list_unknown_names,
    load_settings,
    resolve_path,
)
from tests.support import ROOT

NO_FILE = Path("/nonexistent/.env")
GOOD_SECRET = "a secret of more than thirty-two bytes"
EXAMPLE = resource_path(".env.example")


def test_without_settings_the_stack_is_embedded() -> None:
    settings = load_settings({"JWT_SECRET": GOOD_SECRET}, NO_FILE)
    assert settings.database_url == "sqlite://var/movies.db"
    assert settings.indexer == "managed"


def test_several_wrong_settings_are_named_in_one_message() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({"PORT": "many", "DATABASE_URL": "mysql://x", "WORKERS": "0"}, NO_FILE)
    for name in ("PORT", "DATABASE_URL", "WORKERS"):
        assert name in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "many", "PORT: must be a whole number"),
        ("PORT", "70000", "PORT: must be at most 65535"),
        ("WORKERS", "0", "WORKERS: must be at least 1"),
        ("DRAIN_SECONDS", "long", "DRAIN_SECONDS: must be a number"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: must be 'debug', 'info', 'warning' or 'error'"),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN: must have at least 16 characters"),
        ("CACHE_URL", "redis://:a/b@host", "percent-encoded"),
        ("DATABASE_URL", "postgres://u:p@[::1/x", "percent-encoded"),
        ("DATABASE_URL", "postgres://u:p@db/x?ssl_mode=require", "has no option 'ssl_mode'; there"),
        ("DATABASE_URL", "postgres://u:p@db/x?connect_timeout=1", "no option 'connect_timeout'"),
        ("DATABASE_URL", "postgres://u:p@db/x?sslmode=on", "sslmode must be one of disable, allow"),
        ("DATABASE_URL", "postgres://db/x?sslmode=require&sslmode=disable", "is stated twice"),
        ("DATABASE_URL", "postgres://u:p@db/x?sslrootcert=", "sslrootcert must not be empty"),
        ("DATABASE_URL", "postgres://u:p@db/x?maxsize=0", "maxsize must be a whole number from 1"),
        ("DATABASE_URL", "postgres://u:p@db:5432/", "DATABASE_URL: names no database"),
        ("DATABASE_URL", "postgres://u:#p@db/movies", "%23"),
        ("DATABASE_URL", "sqlite://var/movies.db?mode=ro", "sqlite:// has no options"),
        ("SEARCH_URL", "http://one:9200?alias=films", "has no option 'alias'; there are ca, index"),
        ("SEARCH_URL", "http://one:9200?index=../x", "index must be lower-case letters"),
        ("SEARCH_URL", "tantivy://var/index?timeout=1", "tantivy:// has no options"),
        ("CACHE_URL", "redis://cache:6379/films", "the database of Redis is a number"),
        ("CACHE_URL", "redis://cache:6379/0?ssl_cert_reqs=on", "ssl_cert_reqs must be one of none"),
        ("CACHE_URL", "redis://cache:6379/0?foo=1", "has no option 'foo'"),
        ("CACHE_URL", "memory://?size=1", "memory:// has no options"),
        ("POSTERS_URL", "s3://posters?endpoint=http://s3:9000", "has no option 'endpoint'; there"),
        (
            "POSTERS_URL",
            "s3://posters?endpoint_url=s3:9000",
            "endpoint_url must begin with http://",
        ),
        ("POSTERS_URL", "s3://", "names no bucket"),
        ("CORS_ORIGINS", "*", "'*' must be a scheme and a host, such as https://films.example.org"),
        ("CORS_ORIGINS", "https://a.example,b.example", "CORS_ORIGINS: 'b.example' must be"),
        ("CORS_ORIGINS", "https://a.example/films", "must be a scheme and a host"),
        ("POSTER_ALLOWED_PRIVATE_HOSTS", "nas", "'nas' must be a host and a port, such as"),
        ("POSTER_ALLOWED_PRIVATE_HOSTS", "http://nas:80/", "must be a host and a port"),
        ("POSTER_ALLOWED_PRIVATE_HOSTS", "nas:80, nas:99999", "'nas:99999' must be a host"),
        ("POSTERS_URL", "s3://bad bucket", "names no bucket"),
    ],
)
def test_a_wrong_setting_says_what_it_must_be(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({"JWT_SECRET": GOOD_SECRET, name: value}, NO_FILE)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgres://u:p%23@db/x?sslmode=verify-full&sslrootcert=ca.crt&maxsize=3"),
        ("DATABASE_URL", "postgres:///movies?host=/run/postgresql&wait=0.5"),
        ("DATABASE_URL", "sqlite:///srv/a,b#c.db"),
        ("SEARCH_URL", "https://a:9200,https://u:p@b:9200?ca=ca.crt&index=films&timeout=0.5"),
        ("CACHE_URL", "rediss://:p@cache:6379/0?ssl_ca_certs=ca.crt&ssl_cert_reqs=required"),
        ("CACHE_URL", "redis://cache"),
        ("POSTERS_URL", "s3://films/posters?endpoint_url=http://s3:9000&region=eu-west-1"),
    ],
)
def test_the_url_of_a_part_may_have_its_options(name: str, url: str) -> None:
    settings = load_settings({"JWT_SECRET": GOOD_SECRET, name: url}, NO_FILE)
    assert getattr(settings, name.lower()) == url


def test_production_rejects_defaults_that_were_not_set_explicitly() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({"ENVIRONMENT": "production"}, NO_FILE)
    urls = ("DATABASE_URL", "SEARCH_URL", "CACHE_URL", "POSTERS_URL", "MAIL_URL")
    for name in ("JWT_SECRET", *urls):
        assert name in str(raised.value)


def test_production_accepts_explicit_settings() -> None:
    settings = load_settings(
        {
            "ENVIRONMENT": "production",
            "JWT_SECRET": GOOD_SECRET,
            "DATABASE_URL": "postgres://database/movies",
            "SEARCH_URL": "https://one:9200,https://two:9200?timeout=2",
            "CACHE_URL": "redis://cache:6379/0",
            "POSTERS_URL": "s3://posters",
            "MAIL_URL": "console://",
            "CORS_ORIGINS": "https://a.example, https://b.example",
        },
        NO_FILE,
    )
    assert settings.is_production
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_the_jwt_secret_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    environment = {"MOVIES_HOME": str(tmp_path / "home")}
    secret = load_settings(environment).jwt_secret
    assert secret and len(secret) > 40
    assert load_settings(environment).jwt_secret == secret, "a restart ends no session"
    assert (tmp_path / "home/var/jwt-secret").stat().st_mode & 0o077 == 0
    assert (tmp_path / "home/var").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "home/var").iterdir()] == ["jwt-secret"]


def test_first_starts_at_the_same_time_agree_on_one_jwt_secret(tmp_path: Path) -> None:
    def start(number: int) -> str:
        return load_settings({"MOVIES_HOME": str(tmp_path)}).jwt_secret

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(start, range(64)))) == 1


@pytest.mark.parametrize("content", ["", "short", "ß" * 40])
def test_a_damaged_jwt_secret_is_reported_with_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/jwt-secret").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="var/jwt-secret"):
        load_settings({"MOVIES_HOME": str(tmp_path)})


def test_the_previous_jwt_secret_is_read_from_its_file_and_must_be_long(tmp_path: Path) -> None:
    (tmp_path / "before").write_text(GOOD_SECRET + "\n")
    environment = {
        "MOVIES_HOME": str(tmp_path),
        "JWT_SECRET": GOOD_SECRET[::-1],
        "JWT_SECRET_PREVIOUS_FILE": "before",
    }
    assert load_settings(environment).jwt_secret_previous == GOOD_SECRET
    (tmp_path / "before").write_text("short")
    with pytest.raises(SettingsError, match="JWT_SECRET_PREVIOUS must have at least 32 bytes"):
        load_settings(environment)


def test_a_jwt_secret_behind_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "elsewhere").write_text(GOOD_SECRET)
    (tmp_path / "var/jwt-secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="var/jwt-secret"):
        load_settings({"MOVIES_HOME": str(tmp_path)})


def test_the_env_file_becomes_readable_by_its_owner_only(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"JWT_SECRET={GOOD_SECRET}\n")
    env_file.chmod(0o644)
    load_settings({"MOVIES_HOME": str(tmp_path)})
    assert env_file.stat().st_mode & 0o777 == 0o600


def test_the_home_folder_is_the_checkout_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOVIES_HOME", raising=False)
    assert home_folder({}) == CHECKOUT
    assert CHECKOUT is not None
    assert resolve_path("sqlite://var/movies.db") == CHECKOUT / "var/movies.db"


def test_relative_paths_start_at_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIES_HOME", str(tmp_path))
    assert resolve_path("sqlite://var/movies.db?x=1") == tmp_path / "var/movies.db"
    assert resolve_path("file:///srv/posters") == Path("/srv/posters")
    (tmp_path / ".env").write_text("PORT=1111\nJWT_SECRET_FILE=secret\n")
    (tmp_path / "secret").write_text(GOOD_SECRET)
    settings = load_settings({"MOVIES_HOME": str(tmp_path)})
    assert (settings.port, settings.jwt_secret) == (1111, GOOD_SECRET)


def test_a_home_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="MOVIES_HOME"):
        load_settings({"MOVIES_HOME": str(tmp_path / "file/home"), "JWT_SECRET": GOOD_SECRET})


def test_a_short_secret_is_rejected() -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        load_settings({"JWT_SECRET": "short"}, NO_FILE)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD_SECRET + "\n")
    environment = {"JWT_SECRET_FILE": str(tmp_path / "secret")}
    assert load_settings(environment, NO_FILE).jwt_secret == GOOD_SECRET


@pytest.mark.parametrize("content", ["PORT=8001".encode("utf-16"), b"# caf\xe9\nPORT=8001"])
def test_files_that_are_no_text_are_reported(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="file is not text in UTF-8"):
        load_settings({"MOVIES_HOME": str(tmp_path)}, file)
    with pytest.raises(SettingsError, match="OMDB_API_KEY_FILE: is not text in UTF-8"):
        load_settings({"MOVIES_HOME": str(tmp_path), "OMDB_API_KEY_FILE": str(file)})


def test_an_env_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfPORT=8001\n")
    assert load_settings({"MOVIES_HOME": str(tmp_path)}, file).port == 8001


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("PORT=1111\n\n# a comment\nHOST: 127.0.0.1\n", [4]),
        ('PORT=1111\n\nHOST="127.0.0.1\nWORKERS=2\n=2\n', [3, 5]),
        ("\n\nOMDB_API_KEY\n", [3]),
    ],
)
def test_lines_of_the_env_file_that_are_not_understood_are_named_without_their_text(
    tmp_path: Path, content: str, lines: list[int]
) -> None:
    (tmp_path / ".env").write_text(content)
    with pytest.raises(SettingsError) as raised:
        load_settings({"MOVIES_HOME": str(tmp_path)})
    assert re.findall(r"\.env line (\d+) cannot be understood", str(raised.value)) == [
        str(line) for line in lines
    ]
    assert "127.0.0.1" not in str(raised.value)


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link", "endless link"])
def test_an_env_file_that_is_no_file_is_reported_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ".env"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "endless link" else tmp_path / "gone")
    with pytest.raises(SettingsError, match=r"\.env (is not a file|is a symbolic link|cannot be)"):
        load_settings({"MOVIES_HOME": str(tmp_path), "JWT_SECRET": GOOD_SECRET})


def test_lists_of_addresses_are_kept_as_they_are_compared() -> None:
    environment = {
        "JWT_SECRET": GOOD_SECRET,
        "CORS_ORIGINS": "HTTPS://Films.example/, http://localhost:8080",
        "POSTER_ALLOWED_PRIVATE_HOSTS": "NAS.home:8080,[fd00::1]:80",
    }
    settings = load_settings(environment, NO_FILE)
    assert settings.cors_origins == ("https://films.example", "http://localhost:8080")
    assert settings.poster_allowed_private_hosts == ("nas.home:8080", "[fd00::1]:80")


def test_a_missing_secret_file_is_reported() -> None:
    environment = {"OMDB_API_KEY_FILE": "/nonexistent/key", "JWT_SECRET": GOOD_SECRET}
    with pytest.raises(SettingsError, match="OMDB_API_KEY_FILE"):
        load_settings(environment, NO_FILE)


@pytest.mark.parametrize("timeout", ["soon", "0", "-1", "1s", "inf"])
def test_a_timeout_that_is_no_duration_is_reported(timeout: str) -> None:
    url = f"http://localhost:9200?timeout={timeout}"
    with pytest.raises(SettingsError, match="SEARCH_URL"):
        load_settings({"SEARCH_URL": url, "JWT_SECRET": GOOD_SECRET}, NO_FILE)


def test_the_environment_takes_precedence_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"PORT=1111\nWORKERS=3\nJWT_SECRET={GOOD_SECRET}\n")
    settings = load_settings({"PORT": "2222"}, env_file)
    assert (settings.port, settings.workers) == (2222, 3)


def test_a_renamed_setting_works_under_its_old_name_and_is_reported_once(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"POSTER_HOSTS=one:80\nJWT_SECRET={GOOD_SECRET}\n")
    renamed: list[tuple[str, str]] = []
    settings = load_settings(
        {"POSTER_HOSTS": "two:80"}, env_file, lambda old, new: renamed.append((old, new))
    )
    assert settings.poster_allowed_private_hosts == ("two:80",)
    assert renamed == [("POSTER_HOSTS", "POSTER_ALLOWED_PRIVATE_HOSTS")]


def test_a_setting_under_its_new_name_takes_precedence_over_the_old_one() -> None:
    environment = {"POSTER_HOSTS": "old:80", "POSTER_ALLOWED_PRIVATE_HOSTS": "new:80"}
    settings = load_settings(environment | {"JWT_SECRET": GOOD_SECRET}, NO_FILE)
    assert settings.poster_allowed_private_hosts == ("new:80",)


def test_renamed_settings_lead_to_settings_that_exist() -> None:
    names = {name.upper() for name in Settings.model_fields}
    assert set(RENAMED.values()) <= names
    assert not set(RENAMED) & names


def test_the_example_lists_every_setting_with_its_default() -> None:
    example = dotenv_values(EXAMPLE)
    assert set(example) == {name.upper() for name in Settings.model_fields}
    values = {name: value for name, value in example.items() if value}
    secret = {"JWT_SECRET": GOOD_SECRET}
    assert load_settings(values | secret, NO_FILE) == load_settings(secret, NO_FILE)
    assert "MOVIES_HOME" in EXAMPLE.read_text()


def test_names_in_the_file_that_nothing_reads_are_listed() -> None:
    names = ["DATABSE_URL", "PORT", "JWT_SECRET_FILE", "POSTER_HOSTS", "AWS_PROFILE"]
    assert list_unknown_names(names) == ["DATABSE_URL"]


def test_names_that_the_compose_files_read_are_known() -> None:
    for path in ROOT.glob("docker-compose*.yml"):
        assert list_unknown_names(re.findall(r"\$\{(\w+)", path.read_text())) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://films.example.org/", "https://films.example.org"),
        ("http://films.example.org:8080", "http://films.example.org:8080"),
    ],
)
def test_the_public_address_has_no_trailing_slash(text: str, expected: str) -> None:
    assert load_settings({"PUBLIC_URL": text}, NO_FILE).public_url == expected


@pytest.mark.parametrize(
    "text",
    ["films.example.org", "https://", "https://a.example/films", "https://a.example/?q", "ftp://a"],
)
def test_a_public_address_that_is_no_scheme_and_host_is_reported(text: str) -> None:
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        load_settings({"PUBLIC_URL": text}, NO_FILE)
