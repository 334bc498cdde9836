"""The parameters of requests for films that may interest somebody."""

from typing import Annotated

from pydantic import BaseModel, Field

from service.accounts.schemas import STRICT_CONFIG
from service.community.discovery.similar import MAX_SIMILAR
from service.http.pagination import CursorPageQuery
from service.search.criteria.sorting import Sort


class SimilarQuery(BaseModel):
    """How many similar films to return."""

    model_config = STRICT_CONFIG

    limit: Annotated[
        int,
        Field(ge=1, le=MAX_SIMILAR, description="How many films to return.", examples=[10]),
    ] = 10


class DirectorQuery(CursorPageQuery):
    """The page and the order of a director's films."""

    sort: Annotated[
        Sort, Field(description="The order of the films, as in a search.", examples=["-year"])
    ] = "-year"
