"""Entity tags (RFC 9110, 8.8.3): how they are written, parsed and compared.

All tags of the service are strong. A compressed response has other bytes than a plain one, so its
tag carries a suffix inside the quotes; comparisons ignore the suffix, because it says nothing about
the content.
"""

import re
from typing import NamedTuple

from service.errors import Malformed

_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST_ITEM = re.compile(rf"[ \t]*+(?:{_ENTITY_TAG.pattern})?[ \t]*+(?:,|$)")
_ENCODING_SUFFIX = re.compile(r"-(?:gz|br|zst)$")


class EntityTag(NamedTuple):
    """One tag of a request header, without its quotes and without the suffix of an encoding."""

    opaque: str
    is_weak: bool
    text: str


def parse_entity_tags(header: str, name: str) -> tuple[EntityTag, ...] | None:
    """Return the tags that a header lists, or None for `*`.

    Args:
        name: the header's name, for the error.

    Raises:
        Malformed: the header is neither `*` nor a list of quoted tags.
    """
    if header.strip() == "*":
        return None
    tags: list[EntityTag] = []
    position = 0
    while position < len(header):
        match = _LIST_ITEM.match(header, position)
        if match is None:
            raise _malformed(name)
        if match[2] is not None:
            opaque = _ENCODING_SUFFIX.sub("", match[2])
            text = match[0].strip(" \t,")
            tags.append(EntityTag(opaque, match[1] is not None, text))
        position = match.end()
    if not tags:
        raise _malformed(name)
    return tuple(tags)


def add_encoding_suffix(etag: str, suffix: str) -> str:
    """Return the tag, quotes included, of the compressed form of what `etag` names."""
    return f'{etag[:-1]}-{suffix}"'


def _malformed(name: str) -> Malformed:
    return Malformed(f"{name} must be * or a list of quoted entity tags.", code="malformed_etag")
