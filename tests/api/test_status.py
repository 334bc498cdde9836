"""The public status: what is left to set up, and what strangers are not told."""

import asyncio

import pytest

from service.setting_types import COMPAT_APIS
from tests.support.service_runner import ApiClient, Service, embedded_settings, run_service
from tests.support.waiting import wait_until

STATUS = "/api/v1/status"
FORWARDED = {"X-Forwarded-For": "203.0.113.9"}


async def test_the_status_says_what_is_set_up(api: ApiClient) -> None:
    response = await api.get(STATUS)
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["status"] == "OK"
    assert response.json["database"] == "Connected"
    assert response.json["setup"]["lookups"] is True
    assert response.json["setup"]["films"] in ("samples", "own")
    assert response.json["setup"]["admin"] is True


@pytest.mark.parametrize(
    "headers",
    [FORWARDED, {"Forwarded": "for=203.0.113.9"}, {"Via": "1.1 proxy"}, {"Host": "films.example"}],
)
async def test_only_a_direct_local_client_is_told_of_the_admin(
    api: ApiClient, headers: dict[str, str]
) -> None:
    response = await api.get(STATUS, headers=headers)
    assert response.status == 200
    assert response.json["setup"]["admin"] is None


@pytest.mark.once
async def test_a_new_service_has_neither_films_nor_look_ups_nor_an_admin(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = embedded_settings(tmp_path_factory.mktemp("new")) | {"INDEXER": "external"}
    with run_service(settings) as service:
        async with ApiClient.connect(service) as api:
            setup = (await api.get(STATUS)).json["setup"]
            assert setup.pop("compat") == list(COMPAT_APIS)
            assert setup == {"films": "none", "lookups": False, "admin": False}
            await _become_set_up(api, service)


async def _become_set_up(api: ApiClient, service: Service) -> None:
    result = await asyncio.to_thread(
        service.run, "create-admin", "root", stdin="correct horse battery\n"
    )
    assert result.returncode == 0, result.stderr
    account = {"username": "root", "password": "correct horse battery"}
    login = await api.request("POST", "/api/v1/auth/login", json=account)
    token = login.json["access_token"]
    film = await api.request("POST", "/api/v1/movies", json={"title": "Own"}, token=token)
    assert film.status == 201, film.json

    async def is_set_up() -> bool:
        setup = (await api.get(STATUS)).json["setup"]
        return bool(setup["films"] == "own" and setup["admin"])

    assert await wait_until(is_set_up)
