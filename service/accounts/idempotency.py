"""`Idempotency-Key` on the routes that create: a retry gets the first answer again.

A key belongs to its caller (the user, else the network) and to one address. Only successes are
kept. No secret is stored: keys and bodies are kept as hashes, a body that holds a password as one
that is as slow to guess as the stored password, and no route that uses this returns a secret.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any, get_args
from uuid import UUID

import structlog
from pydantic import BaseModel, SecretStr
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.auth import find_user, require_admin, require_user
from service.database.faults import is_database_fault
from service.database.transactions import shield
from service.errors import Malformed, NotAuthenticated
from service.http.client_address import get_client_network
from service.http.dependencies import get_container
from service.http.openapi import Operation
from service.idempotency.service import Claim, StoredAnswer

log = structlog.get_logger()

Handler = Callable[..., Awaitable[HTTPResponse]]

HEADER, REPLAYED_HEADER = "Idempotency-Key", "Idempotent-Replayed"
KEY_PATTERN = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,200})"|([\x21\x23-\x7e]{1,200})')
"""A key as the IETF's draft writes it, in quotes, or as most clients do, without."""


def accept_idempotency_key(handler: Handler) -> Handler:
    """Decorate a declared handler that creates something; its errors must mean that it did not."""
    declaration: Operation = handler.operation  # type: ignore[attr-defined]  # set by `operation`
    handler.operation = replace(  # type: ignore[attr-defined]  # see above
        declaration,
        headers={
            **declaration.headers,
            HEADER: (
                "Makes a retry safe: for 24 hours the same key, sent by the same caller with the "
                "same body, gets the first answer again. 1 to 200 visible ASCII characters."
            ),
        },
        errors=(*declaration.errors, 409),
        sends=(*declaration.sends, REPLAYED_HEADER),
    )

    holds_secret = _has_secret_field(declaration.body)

    @wraps(handler)
    async def handle(request: Request, *args: Any, **options: Any) -> HTTPResponse:
        client_key = read_idempotency_key(request)
        if client_key is None:
            return await handler(request, *args, **options)
        caller = await _find_caller(request, declaration)
        requests = get_container(request).idempotent_requests
        key = requests.hash_text(caller, request.method, request.path.rstrip("/"), client_key)
        fingerprint = requests.hash_text(request.query_string, request.body)
        if holds_secret:
            fingerprint = await get_container(request).accounts.hash_slowly(fingerprint, key)
        request.ctx.idempotency_seed = requests.hash_text(key, fingerprint)
        claim = await requests.claim(key, fingerprint)
        if isinstance(claim, StoredAnswer):
            return _replay(claim)
        return await _run_claimed(request, claim, lambda: handler(request, *args, **options))

    return handle


def read_idempotency_key(request: Request) -> str | None:
    """Return the request's key, without quotes, or None.

    Raises:
        Malformed: it is no key, or there are several.
    """
    fields = request.headers.getall(HEADER, [])
    if not fields:
        return None
    match = KEY_PATTERN.fullmatch(fields[0].strip())
    if match is None or len(fields) > 1:
        raise Malformed(
            f"{HEADER} must be one key of 1 to 200 visible ASCII characters.",
            code="idempotency_key_malformed",
        )
    return match[1] or match[2]


def derive_row_id(request: Request, number: int = 0) -> UUID | None:
    """Return the id of the row that a request with a key creates; None without a key.

    It is the same for each repetition. So a retry finds what was created by a process that was
    killed, or failed, before it kept its answer; without this, such a row would be there twice.

    Args:
        number: tells the rows of one request apart.
    """
    seed: str | None = getattr(request.ctx, "idempotency_seed", None)
    if seed is None:
        return None
    requests = get_container(request).idempotent_requests
    return UUID(hex=requests.hash_text(seed, str(number))[:32], version=4)


async def _find_caller(request: Request, declaration: Operation) -> str:
    """Return the user or the network, once it is known that it may call this route at all."""
    if declaration.access == "admin":
        return f"user {(await require_admin(request)).user_id}"
    if declaration.access == "user":
        return f"user {(await require_user(request)).user_id}"
    with suppress(NotAuthenticated):
        if (identity := await find_user(request)) is not None:
            return f"user {identity.user_id}"
    return f"network {get_client_network(request)}"


def _has_secret_field(model: type[BaseModel] | None) -> bool:
    """Return whether a body of this model holds a password or a token."""
    annotations = [field.annotation for field in model.model_fields.values()] if model else []
    return any(map(_mentions_secret, annotations))


def _mentions_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_mentions_secret, get_args(annotation)))


@shield
async def _run_claimed(
    request: Request, claim: Claim, run: Callable[[], Awaitable[HTTPResponse]]
) -> HTTPResponse:
    """Run the request to its end even if the client goes away; keep its answer if it succeeds."""
    requests = get_container(request).idempotent_requests
    try:
        response = await run()
    except BaseException:
        with suppress(Exception):  # the claim then expires by itself
            await requests.release(claim)
        raise
    headers = {str(name): value for name, value in response.headers.items()}
    headers["Content-Type"] = response.content_type or ""
    answer = StoredAnswer(response.status, headers, (response.body or b"").decode())
    try:
        await requests.complete(claim, answer)
    except Exception as error:
        if not is_database_fault(error):
            raise
        log.warning("answer_not_kept", reason=repr(error)[:300])  # what was created stays so
    return response


def _replay(answer: StoredAnswer) -> HTTPResponse:
    headers = {**answer.headers, REPLAYED_HEADER: "true"}
    content_type = headers.pop("Content-Type") or None
    return HTTPResponse(
        answer.body, status=answer.status, headers=headers, content_type=content_type
    )
