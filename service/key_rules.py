"""What an API key may do on a route: decided here, from what the route declares.

| who may call the route | `GET` | other methods |
|---|---|---|
| anyone | `open` | `open` |
| anyone, but a user sees more | `open_read` | `refused`, unless the route declares a scope |
| a user | `read` | `refused`, unless the route declares a scope |
| an admin | `admin` | `admin` |
| only who has a cookie or a token of another kind | `refused` | `refused` |

A route declares another rule with the argument `key` of `operation`. So one that changes something
in an account is closed to keys unless it says which scope opens it.
"""

from typing import Final, Literal, get_args

KeyScope = Literal["read", "write", "lists", "admin"]
"""`read`: whatever a login may read, except what guards the account. `write`: one's ratings,
reviews, history and watchlist. `lists`: one's lists. `admin`: what admins may do."""

KEY_SCOPES: Final[tuple[KeyScope, ...]] = get_args(KeyScope)

KeyRule = KeyScope | Literal["open", "open_read", "refused", "ignored"]
"""The scope that a key needs; or `open`: any valid key will do; `open_read`: any valid key will do,
and with `read` it sees what its owner sees; `refused`: no key will; `ignored`: it is not looked at,
so that the route does not depend on the database."""

KEY_PREFIX: Final = "mvk_"
"""What each key begins with, so that people, secret scanners and our log recognize one."""

Access = Literal[
    "anyone", "optional", "optional_cookie", "user", "user_or_cookie", "admin", "metrics"
]
"""Who may call a route; see `service.http.openapi.operation`."""

SAFE_METHODS = ("GET", "HEAD")


def derive_key_rule(access: Access, method: str, declared: KeyRule | None) -> KeyRule:
    """Return what a key may do on a route: what it declares, or what follows from its access."""
    if declared is not None:
        return declared
    if access == "anyone":
        return "open"
    if access == "admin":
        return "admin"
    if access in ("user", "optional") and method.upper() in SAFE_METHODS:
        return "read" if access == "user" else "open_read"
    return "ignored" if access == "metrics" else "refused"
