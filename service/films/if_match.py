"""The versions of a film that a write may be based on: its `If-Match` header."""

import re
from uuid import UUID

from sanic.request import Request

from service.errors import VersionRequired
from service.films.versions import FilmVersion
from service.http.etags import parse_entity_tags

FILM_TAG = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,18})\.[0-9]{1,18}")


def parse_if_match(request: Request) -> list[FilmVersion] | None:
    """Return the versions in `If-Match`, or None for `*`.

    A tag that is weak, or not a film's, matches no version.

    Raises:
        VersionRequired: there is no `If-Match`.
        Malformed: it is neither `*` nor a list of quoted tags.
    """
    header = ",".join(request.headers.getall("if-match", []))
    if not header:
        raise VersionRequired("If-Match must carry the ETag of the film as last read.")
    tags = parse_entity_tags(header, "If-Match")
    if tags is None:
        return None
    matches = [FILM_TAG.fullmatch(tag.opaque) for tag in tags if not tag.is_weak]
    return [FilmVersion(UUID(match[1]), int(match[2])) for match in matches if match]
