"""How Schemathesis authenticates where `FUZZ_SESSIONS` is set: as the admin of the tests.

The file holds two sessions, one for all operations and one for the logout, which ends it. Sessions
are renewed rather than opened again, because random logins soon make the service refuse all logins
from their address for a while.
"""

import json
import os
from pathlib import Path
from typing import Any

import requests
import schemathesis

LIFETIME = 240  # seconds; an access token lives for 600
SESSIONS = os.environ.get("FUZZ_SESSIONS")


def session_name(case: schemathesis.Case, context: Any) -> str:
    return "logout" if case.operation.path.endswith("/logout") else "other"


class AdminToken:
    """A bearer token that is renewed before it expires."""

    def get(self, case: schemathesis.Case, context: Any) -> str:
        path, name = Path(str(SESSIONS)), session_name(case, context)
        sessions = json.loads(path.read_text())
        response = requests.post(
            f"{sessions['url']}/api/v1/auth/refresh",
            json={"refresh_token": sessions[name]["refresh_token"]},
            timeout=60,
        )
        if response.ok:  # a session that was ended keeps its old token, which is refused
            sessions[name] = response.json()
            path.write_text(json.dumps(sessions))
        return str(sessions[name]["access_token"])

    def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


if SESSIONS:
    schemathesis.auth(refresh_interval=LIFETIME, cache_by_key=session_name)(AdminToken)
