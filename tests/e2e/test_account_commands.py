"""The commands that manage accounts, as an operator runs them beside a running service."""

import asyncio
import json
import uuid
from pathlib import Path

from tests.e2e.conftest import open_database
from tests.support.service_runner import ApiClient, run_command

PASSWORD, NEW_PASSWORD = "correct horse battery", "a staple in the stable"


async def _run(api: ApiClient, *words: str, stdin: str = "") -> str:
    """Run a command that succeeds; return what it printed."""
    run = await asyncio.to_thread(api.service.run, *words, stdin=stdin)
    assert run.returncode == 0, (words, run)
    return run.stdout


async def _log_in(api: ApiClient, name: str, password: str = PASSWORD) -> int:
    credentials = {"username": name, "password": password}
    return (await api.request("POST", "/api/v1/auth/login", json=credentials)).status


async def test_an_account_is_managed_from_its_listing_to_its_deletion(api: ApiClient) -> None:
    name = f"user-{uuid.uuid4().hex[:12]}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    path, token = "/api/v1/admin/users", await api.admin_token()
    assert (await api.request("POST", path, token=token, json=body)).status == 201
    assert name in await _run(api, "users")
    (user,) = json.loads(await _run(api, "users", f"{name}@", "--json"))["users"]
    assert (user["username"], user["state"], user["is_admin"]) == (name, "active", False)

    assert await _run(api, "promote", name) == f"{name} is an admin\n"
    assert await _run(api, "demote", f"{name}@example.org") == f"{name} is no admin\n"
    assert await _run(api, "disable", name.upper()) == f"{name} is disabled\n"
    assert await _log_in(api, name) == 403
    assert await _run(api, "enable", name) == f"{name} is enabled\n"
    assert await _log_in(api, name) == 200
    assert await _run(api, "reset-password", name, stdin=f"{NEW_PASSWORD}\n")
    assert await _log_in(api, name, NEW_PASSWORD) == 200
    assert await _run(api, "logout-all", name) == f"{name} is logged out everywhere\n"

    audit = await api.get(f"/api/v1/admin/audit?subject={user['id']}", token=token)
    entries = [entry for entry in audit.json["results"] if entry["actor"]["kind"] != "user"]
    assert [entry["action"] for entry in reversed(entries)] == [
        *("account_promoted", "account_demoted", "account_disabled", "account_enabled"),
        *("password_set", "sessions_ended"),
    ]
    assert {entry["actor"]["kind"] for entry in entries} == {"command_line"}

    assert await _run(api, "delete-user", name) == f"{name} is deleted\n"
    assert json.loads(await _run(api, "users", name, "--json")) == {"users": []}


def test_a_command_that_cannot_be_done_fails_with_one_line(environment: dict[str, str]) -> None:
    assert run_command(environment, "create-admin", "root", stdin=f"{PASSWORD}\n").returncode == 0
    last_admin = "movies: This is the last admin; promote another user first.\n"
    failures = {
        ("promote", "nobody"): "movies: There is no such user.\n",
        ("demote", "root"): last_admin,
        ("delete-user", "root"): last_admin,
    }
    for words, line in failures.items():
        run = run_command(environment, *words)
        assert (run.returncode, run.stdout, run.stderr) == (1, "", line)
    weak = run_command(environment, "reset-password", "root", stdin="short\n")
    assert (weak.returncode, weak.stderr.count("\n")) == (1, 1)
    everyone = run_command(environment, "logout-all")
    assert everyone.stdout == "everyone is logged out: 0 sessions ended\n"


def test_commands_that_change_films_are_in_the_audit_log(
    environment: dict[str, str], tmp_path: Path
) -> None:
    films = tmp_path / "films.jsonl"
    films.write_text('{"title": "Jaws"}\n{"title": "Alien"}\n')
    for words in (["load", str(films)], ["load", str(films)]):
        assert run_command(environment, *words).returncode == 0
    with open_database(tmp_path) as database:
        entries = database.execute("SELECT action, actor_kind, details FROM audit_entries")
        [(action, actor_kind, details)] = entries
    assert (action, actor_kind) == ("films_loaded", "command_line")
    assert json.loads(details) == {"file": "films.jsonl", "added": 2, "changed": 0}
