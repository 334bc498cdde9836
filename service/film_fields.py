"""The columns of a film that several packages share, each list written once."""

from typing import Literal

NameFilter = Literal["genre", "director", "language", "country"]


NAME_FILTER_COLUMNS: dict[NameFilter, str] = {
    "genre": "genres",
    "director": "directors",
    "language": "languages",
    "country": "countries",
}
"""The filters that compare names, and what of a film each is compared with; the fields of a
`Selection` and of a document are called the same.
"""


JSON_COLUMNS = ("aliases", "directors", "genres", "writers", "actors", "languages", "countries")
"""The columns that hold JSON."""
