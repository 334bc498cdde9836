"""What the OpenAPI document says about things that many routes share.

Tags, path parameters, headers and statuses are described here once, each with an example.
"""

from typing import Any, NamedTuple

from service.errors import ErrorCode


class Tag(NamedTuple):
    """A group of operations, named as the blueprint that serves them."""

    title: str
    description: str


class Term(NamedTuple):
    """A described string with an example."""

    description: str
    example: str
    schema: dict[str, Any] = {"type": "string"}  # noqa: RUF012 - never changed


class StatusTerm(NamedTuple):
    """What an error status means, and the code and the detail of an example."""

    description: str
    code: ErrorCode
    detail: str


FILM_ID = "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"
IMDB_ID = "tt0073195"
POSTER_KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
KEY = "mvk_7sYw2QfK0aLxT9cRb4HnE1mJuD6vGpZi8NoWk3CtXyB"
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"  # noqa: S105

TAGS: dict[str, Tag] = {
    "search": Tag("Search", "Find films by text, by filters, by file names, and while typing."),
    "films": Tag("Films", "Read one film; as an admin, add, change and delete it."),
    "discovery": Tag("Discovery", "Popular, trending and similar films; genres, directors."),
    "live": Tag("Live", "Hear of new reviews and messages in the rooms of films."),
    "posters": Tag("Posters", "The pictures of films, in three widths."),
    "ratings": Tag("Ratings", "Vote for films or against them, and give them scores."),
    "reviews": Tag("Reviews", "Write about films, read what others write, like it."),
    "moderation": Tag("Moderation", "Report reviews; as an admin, hide and restore them."),
    "blocks": Tag("Blocks", "Leave out what some users write."),
    "history": Tag("History", "Record which films you have seen, and when."),
    "watchlist": Tag("Watchlist", "Keep the films that you want to see."),
    "lists": Tag("Lists", "Make lists of films, and let others see them or not."),
    "profiles": Tag("Profiles", "See what users show of themselves."),
    "accounts": Tag("Accounts", "Register, log in, renew and end a session."),
    "account_sessions": Tag("Sessions", "See where you are logged in, and end a session."),
    "account_keys": Tag("API keys", "Keys with which programs use your account."),
    "account_emails": Tag(
        "E-mail and passwords", "Confirm an address; set a password that was forgotten."
    ),
    "account_deletion": Tag("Deletion", "Delete your account, or restore it within a week."),
    "exports": Tag("Exports", "Get all that is stored about you."),
    "omdb": Tag("OMDb", "What OMDb answers, for clients that were made for it."),
    "classic_names": Tag("Classic: films by name", "Register, log in, add and find films by name."),
    "classic_film_accounts": Tag("Classic: /api/auth", "Accounts for films under /api/movies."),
    "classic_films": Tag("Classic: /api/movies", "Films under /api/movies, popular and by search."),
    "classic_voters": Tag("Classic: voters", "Simple JWT's tokens, and users who vote."),
    "classic_votes": Tag("Classic: votes", "Films by query, and votes."),
    "classic_socket": Tag("Classic: live", "Live events of films, in sentences."),
    "list_feeds": Tag("Lists for Radarr", "Watchlists, lists and charts in the shape of Radarr."),
    "stremio": Tag("Stremio", "An add-on for Stremio: its manifest, catalogues and films."),
    "operation": Tag("Operation", "Health, metrics, and this description."),
    "merging": Tag("Duplicates", "Find films that are stored twice, and merge them."),
    "admin": Tag("Admin", "Rebuild the index, compare it with the database, see its queue."),
    "accounts_admin": Tag(
        "Administration of accounts", "Invite people; see the mails to them, retry them."
    ),
    "users_admin": Tag("Accounts of users", "List, create, change and delete accounts."),
    "audit": Tag("Audit log", "What admins changed, and what matters to security."),
}
"""By blueprint, in the order in which a new user needs them."""

PATH_PARAMETERS: dict[str, Term] = {
    "movie": Term("A film: its id or its IMDb id; `GET` also takes its full title.", IMDB_ID),
    "key": Term("The hash of the picture, as in the film's `poster.url`.", POSTER_KEY),
    "file": Term("The size and `.jpg`.", "w342.jpg"),
    "job": Term("The id of a rebuild.", "01993f80-1c2d-7a3b-9e4f-6a7b8c9d0e1f"),
    "user": Term("The id of an account.", "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"),
    "mail": Term("The id of a mail.", "01993f82-7d1e-7b55-8c0a-2f4e6d8b9a10"),
    "session": Term("The id of a session.", "01993f84-5a3c-7e21-8b7d-1f2e3d4c5b6a"),
    "rating": Term("The id of a rating.", "01993f91-2b4c-7d5e-8f60-718293a4b5c6"),
    "report": Term("The id of a report.", "01993f93-5e7f-7092-a3b4-c5d6e7f8091a"),
    "review": Term("The id of a review.", "01993f92-4d6e-7f81-92a3-b4c5d6e7f809"),
    "entry": Term("The id of an entry.", "01993f90-6d1a-7f3e-9b2c-4a5d6e7f8091"),
    "username": Term("The name of a user, in any letter case.", "ada"),
    "name": Term("The name of a director, in any letter case.", "Steven Spielberg"),
    "list_id": Term("The id of a list.", "01993f91-0c4e-7d52-8a6b-3e9f1d2c4b58"),
    "key_id": Term("The id of an API key.", "01993f85-6b4d-7f32-9c8e-2a3b4c5d6e7f"),
    "export": Term("The id of an export.", "01993f85-9c1d-7f3a-8e5b-2a4c6e8f0b13"),
    "feed": Term(
        "`watchlist`, `popular`, `trending`, or a list by its id or, of your own, by its name in "
        "lower case with hyphens; then `.json`.",
        "popular.json",
    ),
    "addon_key": Term("An API key with the scope `read`.", KEY),
    "title_type": Term("`movie` or `series`.", "movie"),
    "catalog": Term("`popular`, `trending`, `search` or `watchlist`.", "popular"),
    "catalog_file": Term(
        "`popular`, `trending`, `search` or `watchlist`; then `.json`.", "popular.json"
    ),
    "extra": Term(
        "The parameters as in a query string; then `.json`.", "genre=Drama&skip=100.json"
    ),
    "title": Term("An IMDb id; then `.json`.", "tt0073195.json"),
    "row": Term("The id of a change in the outbox.", "1024"),
}

REQUEST_HEADER_EXAMPLES: dict[str, str] = {
    "Origin": "https://films.example",
    "If-Match": f'"{FILM_ID}.3.1"',
    "If-None-Match": f'"{FILM_ID}.3.1"',
    "Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}

REQUEST_HEADER_SCHEMAS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 202},
}
"""Of the headers that may not be any string; the limit counts the quotes."""

_INTEGER: dict[str, Any] = {"type": "integer", "minimum": 0}

RESPONSE_HEADERS: dict[str, Term] = {
    "X-Request-ID": Term(
        "The id of the request: the client's if well formed, else a new one.",
        "9f1c6a0e5b7d4c3f8a2e1d0c9b8a7f6e",
    ),
    "ETag": Term(
        "The version of the content, for `If-None-Match` and `If-Match`.", f'"{FILM_ID}.3.1"'
    ),
    "Cache-Control": Term(
        "How long caches may keep the response.", "public, max-age=0, stale-if-error=86400"
    ),
    "Cache-Status": Term("Whether the service's own cache had it (RFC 9211).", "movies; hit"),
    "Link": Term(
        "The neighbouring pages (RFC 8288), if there are any.",
        '</api/v1/search?q=jaws&offset=20>; rel="next"',
    ),
    "Location": Term(
        "The address of what was made, or of what this address leads to.",
        f"/api/v1/movies/{FILM_ID}",
    ),
    "Index-Token": Term(
        "Names this write; a search with `after` waits until the index has it.", f"{FILM_ID}:3"
    ),
    "Content-Disposition": Term(
        "The name under which to save the file.",
        'attachment; filename="movies-export-2026-11-27.zip"',
    ),
    "Set-Cookie": Term(
        "The refresh token, if the request asks for the cookie; emptied by a logout.",
        "__Host-refresh=cmVmcmVzaC10b2tlbg; Path=/; Max-Age=2592000; SameSite=Strict; Secure; "
        "HttpOnly",
    ),
    "Idempotent-Replayed": Term(
        "`true` if this is the stored answer to an earlier request with the same "
        "`Idempotency-Key`; else absent.",
        "true",
    ),
    "RateLimit-Policy": Term(
        "The limits that the request was counted in: class, requests (`q`) and seconds (`w`). With "
        "an API key its own comes first; without one, only some routes are limited. Absent for "
        "clients that are not limited. As the IETF's draft describes it.",
        '"search";q=200;w=5',
    ),
    "RateLimit": Term(
        "What is left of these limits: requests (`r`), and seconds until there are more (`t`).",
        '"search";r=199;t=5',
    ),
    "Retry-After": Term("Seconds after which a retry makes sense.", "2", _INTEGER),
    "WWW-Authenticate": Term("The scheme of authentication.", "Bearer"),
    "Allow": Term("The methods of this address.", "GET, HEAD, OPTIONS"),
}

STATUSES: dict[int, StatusTerm] = {
    400: StatusTerm(
        "The request cannot be parsed.", "malformed_json", "The body must be a JSON object."
    ),
    401: StatusTerm(
        "The token or the password is missing or wrong.",
        "token_missing",
        "A bearer token is required.",
    ),
    403: StatusTerm("The caller may not do this.", "admin_required", "Only an admin may do this."),
    404: StatusTerm(
        "There is no such thing.", "movie_not_found", "The catalogue has no such film."
    ),
    405: StatusTerm(
        "The address does not support the method.",
        "method_not_allowed",
        "This address does not support the method.",
    ),
    408: StatusTerm(
        "The request did not arrive in time.",
        "request_timeout",
        "The request did not arrive in time.",
    ),
    409: StatusTerm(
        "The request conflicts with what exists.",
        "movie_exists",
        "Another film has that IMDb id.",
    ),
    412: StatusTerm(
        "It has changed since the version in `If-Match`.",
        "version_mismatch",
        "The film has changed since; read it again.",
    ),
    413: StatusTerm(
        "The request is too large.",
        "request_too_large",
        "The request is too large: at most 256 kB of body and 16 kB of headers are allowed.",
    ),
    415: StatusTerm(
        "The media type of the body is not supported.",
        "unsupported_media_type",
        "The body must be application/json.",
    ),
    422: StatusTerm(
        "A parameter or a field is unknown or wrong; `errors` names each.",
        "invalid",
        "Invalid: year.",
    ),
    428: StatusTerm(
        "`If-Match` is missing.",
        "version_required",
        "If-Match must carry the ETag of the film as last read.",
    ),
    429: StatusTerm(
        "Too many requests; retry after the time in `Retry-After`.",
        "too_many_requests",
        "Too many requests.",
    ),
    500: StatusTerm(
        "A fault of the service; its log has the details.",
        "internal_error",
        "An internal error occurred; see the log by request id.",
    ),
    502: StatusTerm(
        "OMDb gives an answer that cannot be read.",
        "omdb_unreadable",
        "OMDb's reply about this film cannot be read.",
    ),
    503: StatusTerm(
        "A part that is needed does not answer; a later retry may succeed.",
        "database_unavailable",
        "The database does not answer.",
    ),
}

ERROR_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}

SUCCESS_DESCRIPTIONS = {
    101: "The connection is a WebSocket now.",
    200: "The answer.",
    201: "It was added; `Location` is its address.",
    202: "It was accepted and will be done.",
    204: "It is done; there is no body.",
    301: "The film was merged into another one; `Location` is its address for good.",
    304: "The client has the current version.",
    308: "The film was merged into another one; the same request to `Location` reaches that one.",
}
