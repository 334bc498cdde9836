"""The compose file keeps its promises: no default secrets, nothing beyond this machine, gates."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
OPTIONAL = {"OMDB_API_KEY"}  # no key is a choice, told to whoever looks a film up

each = pytest.mark.parametrize("name", sorted(SERVICES))


def _given(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


def test_every_secret_is_required_and_none_has_a_default() -> None:
    asked = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)([^}]*)\}", TEXT)
    assert asked
    for name, rest in asked:
        assert rest.startswith(":?") or (name in OPTIONAL and rest == ":-"), name


@each
def test_no_secret_is_written_down(name: str) -> None:
    for key, value in _given(name).items():
        if re.search("PASSWORD|SECRET|KEY", key):
            assert value.startswith("${"), key
        assert not re.search(r"://[^/]*:(?!\$\{)[^/@]+@", value), key


def test_what_docker_secrets_makes_is_what_is_required() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    made = re.search(r"for name in ([^;]+);", (ROOT / "docker/secrets").read_text())
    assert made
    assert set(made[1].replace("\\", " ").split()) == required


@each
def test_ports_are_published_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


@each
def test_a_service_is_a_job_or_tells_how_it_is(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in ONCE:
        return
    if image == "movies" and "entrypoint" not in SERVICES[name]:
        assert "HEALTHCHECK" in (ROOT / "docker/Dockerfile").read_text()
        return
    assert SERVICES[name]["healthcheck"]["start_period"]


@each
def test_waiting_is_for_jobs_to_end_and_for_services_to_be_well(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert wait["condition"] == expected


@each
def test_no_container_may_gain_rights(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@each
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image == "movies" or re.search(r":v?\d+\.\d+(\.\d+)?$", image)
