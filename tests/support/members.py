"""Users of a running service, and films that only one test knows."""

import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.service_runner import ApiClient, Response

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Member:
    """A user who is logged in."""

    api: ApiClient
    name: str
    token: str

    @classmethod
    async def join(cls, api: ApiClient) -> "Member":
        """Register a new user and log in."""
        name = f"user-{uuid.uuid4().hex[:12]}"
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        registered = await api.request("POST", "/api/v1/auth/register", json=account)
        assert registered.status == 201, registered.json
        credentials = {"username": name, "password": PASSWORD}
        session = await api.request("POST", "/api/v1/auth/login", json=credentials)
        assert session.status == 200, session.json
        return cls(api, name, session.json["access_token"])

    async def send(self, method: str, path: str, body: object = None, **options: Any) -> Response:
        """Send a request in this user's name; `path` begins below `/api/v1`."""
        if body is not None:
            options["json"] = body
        return await self.api.request(method, f"/api/v1{path}", token=self.token, **options)

    async def get(self, path: str) -> Any:
        """Return what this user reads there."""
        response = await self.send("GET", path)
        assert response.status == 200, response.json
        return response.json


async def add_film(api: ApiClient, title: str = "Kestrelmoor", **facts: object) -> dict[str, Any]:
    """Add a film of a title that no other test uses."""
    body = {"title": f"{title} {uuid.uuid4().hex[:10]}", **facts}
    token = await api.admin_token()
    response = await api.request("POST", "/api/v1/movies", token=token, json=body)
    assert response.status == 201, response.json
    film: dict[str, Any] = response.json
    return film


async def delete_film(api: ApiClient, film_id: object) -> None:
    """Delete a film."""
    response = await api.request(
        "DELETE",
        f"/api/v1/movies/{film_id}",
        token=await api.admin_token(),
        headers={"If-Match": "*"},
    )
    assert response.status == 204, response.json


async def merge_films(api: ApiClient, movie: object, into: object) -> None:
    """Merge a film into another one."""
    response = await api.request(
        "POST",
        f"/api/v1/admin/movies/{movie}/merge",
        token=await api.admin_token(),
        json={"into": into},
    )
    assert response.status == 200, response.json


async def clear_cache(api: ApiClient, query: str = "") -> int:
    """Have the next requests answered anew; return how many responses were deleted."""
    path = f"/api/v1/admin/cache{query}"
    response = await api.request("DELETE", path, token=await api.admin_token())
    assert response.status == 200, response.json
    return int(response.json["deleted"])
