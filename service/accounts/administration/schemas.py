"""What admins send about accounts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, model_validator

from service.accounts.schemas import (
    STRICT_CONFIG,
    Email,
    NameAndPassword,
    NewPassword,
    Username,
)

UserState = Literal["active", "disabled", "unconfirmed", "deletion_requested"]


class NewUser(NameAndPassword):
    """An account that an admin creates."""

    username: Annotated[
        Username, Field(description="The name, unique whatever its case.", examples=["ada"])
    ]
    email: Annotated[
        Email | None,
        Field(
            description="The e-mail address, unique too; it counts as confirmed.",
            examples=["ada@films.example"],
        ),
    ] = None
    password: Annotated[
        NewPassword,
        Field(
            description="At least eight characters, and not easy to guess.",
            examples=["correct horse battery"],
        ),
    ]
    is_admin: Annotated[
        StrictBool, Field(description="Whether it is an admin.", examples=[False])
    ] = False


class UserChange(BaseModel):
    """What is to change in an account."""

    model_config = STRICT_CONFIG

    is_admin: Annotated[
        StrictBool | None,
        Field(description="Whether it is an admin; a change ends its sessions.", examples=[True]),
    ] = None
    is_disabled: Annotated[
        StrictBool | None,
        Field(
            description="Whether it can be used; to disable it ends its sessions at once, and its "
            "API keys do not work until it is enabled again.",
            examples=[False],
        ),
    ] = None
    end_sessions: Annotated[
        StrictBool, Field(description="Whether its sessions are ended.", examples=[False])
    ] = False

    @model_validator(mode="after")
    def _check_change(self) -> "UserChange":
        if self.is_admin is None and self.is_disabled is None and not self.end_sessions:
            raise ValueError("is_admin, is_disabled or end_sessions must be given")
        return self
