"""What clients send over a socket."""

from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, Field, ValidationError

from service.accounts.schemas import STRICT_CONFIG
from service.errors import Invalid, Malformed
from service.films.schemas import Text

MAX_TEXT_LENGTH = 1_000  # characters
MAX_EPOCH_LENGTH = 40  # characters


class ClientMessage(BaseModel):
    """A message: which room it is about, and what is to happen there."""

    model_config = STRICT_CONFIG

    event: Literal["join_notification", "leave_notification", "message"]
    room_id: Annotated[str, Field(min_length=1, max_length=100)]
    text: Annotated[Text, Field(max_length=MAX_TEXT_LENGTH)] | None = None
    epoch: Annotated[str, Field(max_length=MAX_EPOCH_LENGTH)] | None = None
    offset: Annotated[int, Field(ge=0, strict=True)] | None = None

    def require_text(self) -> str:
        """Return the text of a message. Raises Invalid."""
        if self.text is None:
            raise Invalid("Invalid: text is missing.")
        return self.text


def parse_message(text: str | bytes) -> ClientMessage:
    """Return what a client sent.

    Raises:
        Malformed: it is no JSON text.
        Invalid: a field is wrong or unknown.
    """
    if isinstance(text, bytes):
        raise Malformed("Messages are texts.")
    try:
        return ClientMessage.model_validate(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise Malformed("The message is not JSON.", code="malformed_json") from None
    except ValidationError as error:
        fields = {"/".join(map(str, fault["loc"])) or "the message" for fault in error.errors()}
        raise Invalid(f"Invalid: {', '.join(sorted(fields))[:200]}.") from None
