"""Answers of services that say in a sentence what happened: `{"message": …}`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sanic.request import Request
from sanic.response import HTTPResponse

from service.compat.errors import ErrorAnswer
from service.errors import Invalid, Malformed, UnsupportedMedia
from service.http.openapi import Problem
from service.http.responses import NO_STORE, json_response

BAD_INPUT = (400, 415, 422)
"""What these services answer with 400: they do not tell apart what cannot be parsed."""

BAD_INPUT_ERRORS = (Malformed, Invalid, UnsupportedMedia)
"""The same as errors of reading a body."""


class Message(BaseModel):
    """What happened, in a sentence."""

    model_config = ConfigDict(frozen=True)

    message: Annotated[
        str, Field(description="What happened.", examples=["Movie updated successfully"])
    ]


def message_response(message: Message | str, status: int = 200) -> HTTPResponse:
    """Return what happened; a text is a message without further fields."""
    body = Message(message=message) if isinstance(message, str) else message
    return json_response(body, status, NO_STORE)


def to_message(_: Request, problem: Problem) -> ErrorAnswer:
    """Return an error in a sentence, which names each wrong field."""
    text = problem.detail
    if problem.errors:
        reasons = (f"{e.pointer.removeprefix('/')} {e.detail}".strip() for e in problem.errors)
        text = "; ".join(reasons)
    status = 400 if problem.status in BAD_INPUT else problem.status
    return ErrorAnswer(status, Message(message=text))
