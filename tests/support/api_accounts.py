"""Accounts and API keys made through the API of a running service."""

import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.service_runner import ApiClient, Response

PASSWORD = "correct horse battery"
KEYS = "/api/v1/me/keys"


@dataclass(frozen=True)
class ApiUser:
    """A user who is logged in."""

    name: str
    token: str
    id: str


async def create_user(api: ApiClient) -> ApiUser:
    """Register a user of a new name, and log in."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    registered = await api.request("POST", "/api/v1/auth/register", json=account)
    assert registered.status == 201, registered.json
    return await log_in(api, name, PASSWORD)


async def log_in(api: ApiClient, name: str, password: str) -> ApiUser:
    """Start a session of the user of this name."""
    credentials = {"username": name, "password": password}
    session = await api.request("POST", "/api/v1/auth/login", json=credentials)
    assert session.status == 200, session.json
    return ApiUser(name, session.json["access_token"], session.json["user"]["id"])


async def create_key(api: ApiClient, token: str, *scopes: str) -> dict[str, Any]:
    """Return a new API key with these scopes as the API shows it this once."""
    body = {"name": "player", "scopes": scopes}
    created = await api.request("POST", KEYS, token=token, json=body)
    assert created.status == 201, created.json
    key: dict[str, Any] = created.json
    return key


async def request_with_key(
    api: ApiClient, key: str, method: str, path: str, **options: Any
) -> Response:
    """Send a request with an API key."""
    headers = {**options.pop("headers", {}), "X-API-Key": key}
    return await api.request(method, path, headers=headers, **options)
