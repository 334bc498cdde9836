"""`movies doctor`: what each part is, where it is, whether it works, and what to do."""

import asyncio
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import typer
from pydantic import Field

from service.admin.health import PartState, run_check
from service.cli.output import print_json
from service.database.faults import locate_database
from service.errors import Unavailable
from service.mail_url import parse_mail_url
from service.resilience.causes import describe_cause
from service.server.container import open_container
from service.settings import Settings, resolve_path

CHECK_TIMEOUT = 20.0  # seconds for one part; a slow part is not a broken one
API_TIMEOUT = 5.0
URL_BY_PART = {
    "search": "search_url",
    "index": "search_url",
    "cache": "cache_url",
    "posters": "posters_url",
}
"""The setting that says where a part is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor says of one part."""

    part: Annotated[str, Field(description="The part.", examples=["database"])]
    state: Annotated[
        Literal["ok", "failed"], Field(description="Whether it works.", examples=["ok"])
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
    is_ok = all(finding.state == "ok" for finding in findings)
    if as_json:
        print_json(DoctorReport(is_ok, findings))
    else:
        for finding in findings:
            typer.echo(_describe_finding(finding))
    if not is_ok:
        raise typer.Exit(1)


def _describe_finding(finding: Finding) -> str:
    location = "" if finding.state == "ok" else f"{finding.location}: "
    mark = "ok    " if finding.state == "ok" else "FAILED"
    return f"{mark}  {finding.part:<9} {location}{finding.detail}"


async def examine(settings: Settings) -> list[Finding]:
    """Check every part."""

    async def check_api() -> str:
        return await asyncio.to_thread(call_api, api_address(settings))

    async with open_container(settings, prepare=False) as container:
        states = {"api": await run_check(check_api, CHECK_TIMEOUT)}
        states |= (await container.health.readiness(CHECK_TIMEOUT)).parts
        states["omdb"] = await run_check(container.lookup.check, CHECK_TIMEOUT)
        states["mail"] = await run_check(container.mail_transport.check, CHECK_TIMEOUT)
    return [_to_finding(settings, name, state) for name, state in states.items()]


def _to_finding(settings: Settings, part: str, state: PartState) -> Finding:
    return Finding(part, state.state, locate_part(settings, part), state.detail or "")


def locate_part(settings: Settings, part: str) -> str:
    """Return host and port, or the path, of a part; never a password."""
    match part:
        case "api":
            return api_address(settings)
        case "database" | "indexer":
            return locate_database(settings.database_url)
        case "mail":
            server = parse_mail_url(settings.mail_url)
            return f"{server.host}:{server.port}" if server else "the log"
        case "omdb":
            return urlsplit(settings.omdb_url).netloc
        case _:
            return locate_url(getattr(settings, URL_BY_PART[part]))


def locate_url(url: str) -> str:
    """Return the hosts and ports that `url` names, or its folder; never a password."""
    if url.startswith(("tantivy:", "file:")):
        return str(resolve_path(url))
    if url.startswith("memory:"):
        return "memory"
    if url.startswith("s3:") and "endpoint_url=" in url:
        return parse_qs(urlsplit(url).query)["endpoint_url"][0]
    hosts = (urlsplit(node.strip()) for node in url.split(","))
    return ",".join(f"{host.scheme}://{host.netloc.rpartition('@')[2]}" for host in hosts)


def api_address(settings: Settings) -> str:
    """Return the address at which this machine reaches the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


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
