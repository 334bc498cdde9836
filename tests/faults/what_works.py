"""The table of what works without what: its parts, its things, and the words in its cells."""

THINGS = (
    "health",
    "search",
    "suggest",
    "show a film",
    "write a film",
    "find a new film",
    "log in",
    "show a poster",
    "look up an unknown film",
)
AWAY = ("PostgreSQL", "Elasticsearch", "the indexer", "Redis", "S3", "OMDb")
WORKS = "yes"
MAKESHIFT = "yes, `degraded`"
LATER = "afterwards"


def to_markdown(observed: dict[str, dict[str, str]]) -> str:
    """Return a line for each part that is away, a column for each thing that was tried."""
    lines = [
        ("away", *THINGS),
        ("---",) * (1 + len(THINGS)),
        *((part, *(found.get(thing, "") for thing in THINGS)) for part, found in observed.items()),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
