"""Access tokens: ours are accepted, and everything that resembles one is rejected."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from service.accounts.sessions.tokens import (
    ACCESS_TOKEN_LIFETIME,
    ALGORITHM,
    AUDIENCE,
    ISSUER,
    MAX_TOKEN_BYTES,
    TOKEN_TYPE,
    Tokens,
    derive_key_id,
)
from service.errors import NotAuthenticated
from tests.support.accounts import SECRET
from tests.support.clock import FakeClock

USER = UUID("0198a000-0000-7000-8000-000000000001")
SESSION = UUID("0198a000-0000-7000-8000-000000000002")
NEXT_SECRET = "the secret that replaces the one of the other tests, long enough too"

Forge = Callable[..., str]


@pytest.fixture
def tokens(clock: FakeClock) -> Tokens:
    return Tokens(SECRET, clock)


@pytest.fixture
def forge(clock: FakeClock) -> Forge:
    """Return a function that makes a token like ours with changes; a claim of None is left out."""

    def make_token(
        key: str = SECRET,
        algorithm: str = ALGORITHM,
        token_type: str | None = TOKEN_TYPE,
        key_id: object = None,
        **changes: Any,
    ) -> str:
        now = int(clock().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(USER),
            "sid": str(SESSION),
            "jti": "0123456789abcdef",
            "typ": "access",
            "ver": 1,
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        claims.update(changes)
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {"typ": token_type, **({} if key_id is None else {"kid": key_id})}
        if isinstance(key_id, str | None):
            return jwt.encode(claims, key, algorithm, headers=headers)
        header = _encode_segment({"alg": algorithm, **headers})  # the library refuses such a kid
        signed = f"{header}.{_encode_segment(claims)}"
        mac = hmac.digest(key.encode(), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return make_token


def _encode_segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _make_unsigned(token: str, alg: str) -> str:
    payload = token.split(".")[1]
    return f"{_encode_segment({'alg': alg, 'typ': TOKEN_TYPE})}.{payload}."


def test_a_token_names_its_user_and_session(tokens: Tokens, clock: FakeClock) -> None:
    claims = tokens.decode(tokens.issue(USER, SESSION, 7))
    assert (claims.sub, claims.sid, claims.ver) == (USER, SESSION, 7)
    assert claims.expires_at == clock() + ACCESS_TOKEN_LIFETIME
    assert claims.jti != tokens.decode(tokens.issue(USER, SESSION, 7)).jti


def test_a_token_has_every_registered_claim_and_its_type(tokens: Tokens) -> None:
    token = tokens.issue(USER, SESSION, 1)
    payload = jwt.decode(token, options={"verify_signature": False})
    assert {"iss", "aud", "exp", "iat", "nbf", "jti", "sub", "typ"} <= payload.keys()
    assert payload["exp"] - payload["iat"] == 600
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "HS256", "typ": "at+jwt", "kid": derive_key_id(SECRET)}
    assert SECRET not in repr(header)


def test_an_unchanged_forged_token_is_accepted(tokens: Tokens, forge: Forge) -> None:
    assert tokens.decode(forge(key_id=derive_key_id(SECRET))).sub == USER


def test_a_token_without_a_key_id_is_accepted(tokens: Tokens, forge: Forge) -> None:
    assert tokens.decode(forge()).sub == USER


@pytest.mark.parametrize("key_id", [None, derive_key_id(SECRET)])
def test_a_token_of_the_previous_secret_is_accepted_and_one_before_is_not(
    clock: FakeClock, forge: Forge, key_id: str | None
) -> None:
    token = forge(key_id=key_id)
    successor = Tokens(NEXT_SECRET, clock, SECRET)
    assert successor.decode(token).sub == USER
    for other in (Tokens(NEXT_SECRET, clock), Tokens("y" * 64, clock, NEXT_SECRET)):
        with pytest.raises(NotAuthenticated):
            other.decode(token)


def test_a_new_token_is_signed_with_the_present_secret(clock: FakeClock) -> None:
    token = Tokens(NEXT_SECRET, clock, SECRET).issue(USER, SESSION, 1)
    assert Tokens(NEXT_SECRET, clock).decode(token).sub == USER
    with pytest.raises(NotAuthenticated):
        Tokens(SECRET, clock).decode(token)


def test_a_process_that_knows_the_next_secret_as_the_other_one_accepts_its_tokens(
    clock: FakeClock,
) -> None:
    token = Tokens(NEXT_SECRET, clock, SECRET).issue(USER, SESSION, 1)
    assert Tokens(SECRET, clock, NEXT_SECRET).decode(token).sub == USER


FORGERIES: dict[str, Callable[[Forge], str]] = {
    "no algorithm": lambda forge: _make_unsigned(forge(), "none"),
    "no algorithm, in capitals": lambda forge: _make_unsigned(forge(), "NONE"),
    "our algorithm without a signature": lambda forge: _make_unsigned(forge(), ALGORITHM),
    "another key": lambda forge: forge(key="x" * 64),
    "a stronger algorithm with our key": lambda forge: forge(algorithm="HS512"),
    "an unknown key's id": lambda forge: forge(key_id="0123456789abcdef"),
    "an empty key's id": lambda forge: forge(key_id=""),
    "a key's id that is a number": lambda forge: forge(key_id=1),
    "a key's id that is a list": lambda forge: forge(key_id=[derive_key_id(SECRET)]),
    "another key under our key's id": lambda forge: forge(
        key="x" * 64, key_id=derive_key_id(SECRET)
    ),
    "our key under another key's id": lambda forge: forge(key_id=derive_key_id("x" * 64)),
    "another signature's payload": lambda forge: ".".join(
        [*forge(sub=str(SESSION)).split(".")[:2], forge().split(".")[2]]
    ),
    "another issuer": lambda forge: forge(iss="somebody"),
    "another audience": lambda forge: forge(aud="somebody"),
    "ended more than the leeway ago": lambda forge: forge(exp=_seconds_from_now(forge, -61)),
    "ends in words": lambda forge: forge(exp="tomorrow"),
    "ends at infinity": lambda forge: forge(exp=float("inf")),
    "begins after the leeway": lambda forge: forge(nbf=_seconds_from_now(forge, 61)),
    "issued after the leeway": lambda forge: forge(iat=_seconds_from_now(forge, 61)),
    "a subject that is no id": lambda forge: forge(sub="admin"),
    "a session that is no id": lambda forge: forge(sid="*"),
    "a version in words": lambda forge: forge(ver="1"),
    "made for refreshing": lambda forge: forge(typ="refresh"),
    "an ordinary JWT by its header": lambda forge: forge(token_type="JWT"),
    "no type in its header": lambda forge: forge(token_type=None),
    "five parts, as if encrypted": lambda forge: forge() + ".a.b",
    "two parts": lambda forge: forge().rsplit(".", 1)[0],
    "not a token": lambda forge: "not a token",
    "dots": lambda forge: "..",
    "nothing": lambda forge: "",
    "letters beyond ASCII": lambda forge: forge() + "é",
    "a lone surrogate": lambda forge: forge() + "\ud800",
    "a megabyte of claims": lambda forge: forge(extra="x" * 1_000_000),
    "a megabyte of dots": lambda forge: "." * 1_000_000,
    "claims nested deep": lambda forge: _sign(b"[" * 2_000 + b"]" * 2_000),
    "claims that are a list": lambda forge: _sign(b"[1]"),
}


def _seconds_from_now(forge: Forge, seconds: int) -> int:
    claims = jwt.decode(forge(), options={"verify_signature": False, "verify_exp": False})
    return int(claims["iat"]) + seconds


def _sign(payload: bytes) -> str:
    return jwt.PyJWS().encode(payload, SECRET, ALGORITHM, headers={"typ": TOKEN_TYPE})


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_rejected_without_a_reason(
    tokens: Tokens, forge: Forge, name: str
) -> None:
    with pytest.raises(NotAuthenticated) as error:
        tokens.decode(FORGERIES[name](forge))
    assert error.value.code == "invalid_token"
    assert error.value.detail == "The token is invalid or has expired."
    assert error.value.errors == ()


@pytest.mark.parametrize(
    "claim", ["iss", "aud", "sub", "sid", "jti", "typ", "ver", "iat", "nbf", "exp"]
)
def test_a_token_without_one_of_the_claims_is_rejected(
    tokens: Tokens, forge: Forge, claim: str
) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.decode(forge(**{claim: None}))


def test_a_token_is_accepted_for_the_leeway_after_its_expiry_and_no_longer(
    tokens: Tokens, clock: FakeClock
) -> None:
    token = tokens.issue(USER, SESSION, 1)
    clock.time += ACCESS_TOKEN_LIFETIME + timedelta(seconds=59)
    assert tokens.decode(token).sub == USER
    clock.advance(1)
    with pytest.raises(NotAuthenticated):
        tokens.decode(token)


def test_a_token_of_a_process_whose_clock_is_ahead_by_the_leeway_is_accepted(
    tokens: Tokens, clock: FakeClock
) -> None:
    token = tokens.issue(USER, SESSION, 1)
    clock.advance(-60)
    assert tokens.decode(token).sub == USER
    clock.advance(-1)
    with pytest.raises(NotAuthenticated):
        tokens.decode(token)


def test_our_own_tokens_are_far_below_the_size_limit(tokens: Tokens) -> None:
    assert len(tokens.issue(USER, SESSION, 2**31 - 1)) < MAX_TOKEN_BYTES / 4
