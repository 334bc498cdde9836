"""Every request that the page's modules send, read from their source."""

import re

from service.site.assets import STATIC_FOLDER

CLIENT = "client.js"
METHODS = {
    "get": "GET",
    "useAnswer": "GET",
    "post": "POST",
    "put": "PUT",
    "patch": "PATCH",
    "remove": "DELETE",
}
SEARCH_CALL = "GET /movies or /search"
"""A request for the films of a search; `searchRequest` decides which of the two."""

_IMPORT = re.compile(r'import \{([^}]*)\} from "(?:\./|\.\./)client\.js"')
_LITERAL = re.compile(
    r'\(\s*(?:"(?P<method>[A-Z]+)",\s*)?(?P<quote>["`])(?P<path>/[^"`]*)(?P=quote)'
)


def list_page_calls() -> list[str]:
    """Return each request as `module METHOD /path`, with `{}` for what differs.

    A module that sends the same request in two places has it twice.
    """
    calls: list[str] = []
    for file in sorted(STATIC_FOLDER.rglob("*.js")):
        module = file.relative_to(STATIC_FOLDER).as_posix()
        source = file.read_text()
        imported = _IMPORT.search(source)
        if module == CLIENT or imported is None:
            continue
        names = {name.strip() for name in imported[1].split(",")}
        senders = (names & {*METHODS, "request"}) | {"useAnswer"}
        pattern = re.compile(rf"(?<![.\w])(?<!function )({'|'.join(sorted(senders))})(?=\()")
        for sender in pattern.finditer(source):
            call = f"{module} {_describe_call(source, sender)}"
            if not (call in calls and call.endswith(SEARCH_CALL)):
                calls.append(call)
    return calls


def _describe_call(source: str, sender: re.Match[str]) -> str:
    literal = _LITERAL.match(source, sender.end())
    if literal is None:
        assert "searchRequest(" in source, source[sender.start() :][:80]
        return SEARCH_CALL
    path = re.sub(r"\$\{[^}]*\}", "{}", literal["path"])
    return f"{literal['method'] or METHODS[sender[1]]} {path}"
