"""`movies doctor`: what each part is, where it is, whether it works, and what to do."""

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Annotated, Literal

import typer
from pydantic import Field

from service.admin.health import PartState, PartWarning, run_check
from service.admin.proxy_check import PROXY_ADVICE
from service.cli.disk_space import check_disk
from service.cli.locations import api_address, locate_part
from service.cli.output import print_json
from service.errors import Unavailable
from service.resilience.causes import describe_cause
from service.server.container import open_container
from service.settings import Settings

CHECK_TIMEOUT = 20.0  # seconds for one part; a slow part is not a broken one
API_TIMEOUT = 5.0

MARKS = {"ok": "ok    ", "warning": "WARN  ", "failed": "FAILED"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor says of one part."""

    part: Annotated[str, Field(description="The part.", examples=["database"])]
    state: Annotated[
        Literal["ok", "warning", "failed"],
        Field(
            description="Whether it works; `warning`: it does, but you should act.", examples=["ok"]
        ),
    ]
    location: Annotated[
        str,
        Field(description="Host and port, or the path; never a password.", examples=["memory"]),
    ]
    detail: Annotated[
        str, Field(description="What works; else the cause, and what to do.", examples=["answers"])
    ]


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """The state of every part."""

    ok: Annotated[bool, Field(description="Whether every part works.")]
    parts: Annotated[list[Finding], Field(description="One entry for each part.")]


async def doctor(settings: Settings, *, as_json: bool) -> None:
    """Print the state of every part; end the command with 1 if one does not work."""
    findings = await examine(settings)
    is_ok = all(finding.state != "failed" for finding in findings)
    if as_json:
        print_json(DoctorReport(is_ok, findings))
    else:
        for finding in findings:
            typer.echo(_describe_finding(finding))
    if not is_ok:
        raise typer.Exit(1)


def _describe_finding(finding: Finding) -> str:
    location = "" if finding.state == "ok" else f"{finding.location}: "
    return f"{MARKS[finding.state]}  {finding.part:<9} {location}{finding.detail}"


async def examine(settings: Settings) -> list[Finding]:
    """Check every part."""

    async def check_api() -> str:
        return await asyncio.to_thread(call_api, api_address(settings))

    async def check_proxy() -> str:
        return await asyncio.to_thread(call_proxy_check, api_address(settings))

    async def check_space() -> str:
        return await asyncio.to_thread(check_disk, settings)

    async with open_container(settings, prepare=False) as container:
        states = {"api": await run_check(check_api, CHECK_TIMEOUT)}
        states |= (await container.health.readiness(CHECK_TIMEOUT)).parts
        states["disk"] = await run_check(check_space, CHECK_TIMEOUT)
        states["omdb"] = await run_check(container.lookup.check, CHECK_TIMEOUT)
        if states["api"].state == "ok":
            states["proxy"] = await run_check(check_proxy, CHECK_TIMEOUT)
        states["mail"] = await run_check(container.mail_transport.check, CHECK_TIMEOUT)
    return [_to_finding(settings, name, state) for name, state in states.items()]


def _to_finding(settings: Settings, part: str, state: PartState) -> Finding:
    return Finding(part, state.state, locate_part(settings, part), state.detail or "")


def call_api(address: str) -> str:
    """Return one line if the API answers at `address`; raise `Unavailable` if not."""
    try:
        with urllib.request.urlopen(f"{address}/health/live", timeout=API_TIMEOUT) as response:  # noqa: S310
            body = response.read(200)
    except urllib.error.HTTPError:
        body = b""
    except (OSError, ValueError) as error:
        cause = describe_cause(getattr(error, "reason", error))
        if "nothing listens" in cause:
            cause = "nothing listens there; start `movies serve`"
        raise Unavailable(f"the API does not answer: {cause}") from error
    if b"alive" not in body:
        raise Unavailable("another program listens there; set PORT, or end that program")
    return "the API answers"


def call_proxy_check(address: str) -> str:
    """Return one line on the proxies in front of the API, which alone knows what comes in."""
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=API_TIMEOUT) as response:  # noqa: S310
            part = json.load(response)["parts"]["proxy"]
    except (OSError, ValueError, KeyError):
        return "the API does not tell"
    if part["state"] == "warning":
        raise PartWarning(PROXY_ADVICE)
    return str(part["detail"] or "the API knows of none that is not trusted")
