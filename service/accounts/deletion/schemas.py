"""The request to delete one's own account, and its answer."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.accounts.schemas import STRICT_CONFIG, Password


class DeletionRequest(BaseModel):
    """The password, so that a session that was left open is not enough, and what stays."""

    model_config = STRICT_CONFIG

    password: Annotated[
        Password, Field(description="The current password.", examples=["correct horse battery"])
    ]
    keep_reviews: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether your reviews stay, without your name; else they go as well.",
            examples=[False],
        ),
    ] = False


class DeletionView(BaseModel):
    """An account that is hidden, and will be erased."""

    model_config = ConfigDict(frozen=True)

    erase_at: Annotated[
        datetime,
        Field(
            description="When it is erased; until then, a login may restore it.",
            examples=["2026-12-04T20:00:00Z"],
        ),
    ]
