"""Settings: read once, all faults told at once, by name."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from service.settings import PROJECT, Settings, SettingsError, load_settings

NOWHERE = Path("/nonexistent/.env")
GOOD_SECRET = "a secret of more than thirty-two bytes"


def test_with_nothing_set_the_embedded_stack_is_chosen() -> None:
    chosen = load_settings({"JWT_SECRET": GOOD_SECRET}, NOWHERE)
    assert chosen.database_url == "sqlite://var/movies.db"
    assert chosen.indexer == "managed"


def test_every_fault_is_told_in_one_message_by_name() -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"PORT": "many", "DATABASE_URL": "mysql://x", "WORKERS": "0"}, NOWHERE)
    for name in ("PORT", "DATABASE_URL", "WORKERS"):
        assert name in str(told.value)


def test_production_refuses_what_was_not_asked_for_by_name() -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"ENVIRONMENT": "production"}, NOWHERE)
    for name in ("JWT_SECRET", "DATABASE_URL", "SEARCH_URL", "CACHE_URL", "POSTERS_URL"):
        assert name in str(told.value)


def test_production_starts_with_what_was_asked_for_by_name() -> None:
    chosen = load_settings(
        {
            "ENVIRONMENT": "production",
            "JWT_SECRET": GOOD_SECRET,
            "DATABASE_URL": "postgres://database/movies",
            "SEARCH_URL": "https://one:9200,https://two:9200?timeout=2",
            "CACHE_URL": "redis://cache:6379/0",
            "POSTERS_URL": "s3://posters",
            "CORS_ORIGINS": "https://a.example, https://b.example",
        },
        NOWHERE,
    )
    assert chosen.is_production
    assert chosen.cors_origins == ("https://a.example", "https://b.example")


def test_a_secret_of_ones_own_is_made_once_and_nobody_else_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.settings.PROJECT", tmp_path)
    made = load_settings({}, NOWHERE).jwt_secret
    assert made and len(made) > 40
    assert load_settings({}, NOWHERE).jwt_secret == made, "a restart logs nobody out"
    assert (tmp_path / "var" / "jwt-secret").stat().st_mode & 0o077 == 0


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        load_settings({"JWT_SECRET": "short"}, NOWHERE)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD_SECRET + "\n")
    assert (
        load_settings({"JWT_SECRET_FILE": str(tmp_path / "secret")}, NOWHERE).jwt_secret
        == GOOD_SECRET
    )


def test_a_secret_file_that_is_not_there_is_told() -> None:
    with pytest.raises(SettingsError, match="OMDB_API_KEY_FILE"):
        load_settings({"OMDB_API_KEY_FILE": "/nonexistent/key", "JWT_SECRET": GOOD_SECRET}, NOWHERE)


@pytest.mark.parametrize("given", ["soon", "0", "-1", "1s", "inf"])
def test_a_timeout_that_is_no_time_is_told(given: str) -> None:
    url = f"http://localhost:9200?timeout={given}"
    with pytest.raises(SettingsError, match="SEARCH_URL"):
        load_settings({"SEARCH_URL": url, "JWT_SECRET": GOOD_SECRET}, NOWHERE)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"PORT=1111\nWORKERS=3\nJWT_SECRET={GOOD_SECRET}\n")
    chosen = load_settings({"PORT": "2222"}, env_file)
    assert (chosen.port, chosen.workers) == (2222, 3)


def test_the_example_lists_every_setting_with_its_default() -> None:
    listed = dotenv_values(PROJECT / ".env.example")
    assert set(listed) == {name.upper() for name in Settings.model_fields}
    assert load_settings(
        {k: v for k, v in listed.items() if v} | {"JWT_SECRET": GOOD_SECRET}, NOWHERE
    ) == load_settings({"JWT_SECRET": GOOD_SECRET}, NOWHERE)
