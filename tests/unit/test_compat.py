"""Which APIs of other services are answered: what `COMPAT` names."""

from typing import Any

import pytest

from service.server.app import COMPAT_BLUEPRINTS
from service.setting_types import COMPAT_APIS
from service.settings import Settings, SettingsError, load_settings
from tests.support.openapi import create_finalized_app
from tests.unit.test_settings import GOOD_SECRET, NO_FILE

PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET": GOOD_SECRET,
    "DATABASE_URL": "postgres://movies@db/movies",
    "SEARCH_URL": "http://es:9200",
    "CACHE_URL": "redis://redis",
    "POSTERS_URL": "s3://posters",
    "MAIL_URL": "console://",
}


def load(**environment: str) -> Settings:
    return load_settings({"JWT_SECRET": GOOD_SECRET, **environment}, NO_FILE)


def list_blueprints(settings: Settings) -> set[str]:
    routes: Any = create_finalized_app(settings).router.routes
    return {route.name.split(".")[-2] for route in routes}


def test_all_are_answered_in_development_and_none_in_production_unless_named() -> None:
    assert load().compat_apis == COMPAT_APIS
    assert load(**PRODUCTION).compat_apis == ()
    assert load(**PRODUCTION, COMPAT="stremio, lists").compat_apis == ("stremio", "lists")


def test_off_is_none_and_an_unknown_name_is_reported() -> None:
    assert load(COMPAT="off").compat_apis == ()
    with pytest.raises(SettingsError, match="COMPAT: must be 'omdb', 'classic', 'lists'"):
        load(COMPAT="lists,plex")


def test_only_the_routes_of_what_is_named_are_there() -> None:
    names = {bp.name for blueprints in COMPAT_BLUEPRINTS.values() for bp in blueprints}
    assert names <= list_blueprints(load())
    assert not names & list_blueprints(load(COMPAT="off"))
    lists = {bp.name for bp in COMPAT_BLUEPRINTS["lists"]}
    assert names & list_blueprints(load(COMPAT="lists")) == lists


def test_omdbs_clients_need_a_key_in_production_unless_it_is_set_otherwise() -> None:
    assert not load().omdb_wants_keys
    assert load(**PRODUCTION).omdb_wants_keys
    assert load(OMDB_COMPAT_KEYS="users").omdb_wants_keys
    assert not load(**PRODUCTION, OMDB_COMPAT_KEYS="any").omdb_wants_keys
