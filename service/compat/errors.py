"""Errors in the words of other protocols: the same causes and headers, another body."""

from collections.abc import Callable
from typing import NamedTuple

from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from service.errors import DomainError, Moved
from service.http import problems
from service.http.openapi import Problem
from service.http.responses import encode_json


class ErrorAnswer(NamedTuple):
    """What a protocol answers in place of a problem document."""

    status: int
    body: object
    media_type: str = "application/json"


def translate_errors(bp: Blueprint, translate: Callable[[Request, Problem], ErrorAnswer]) -> None:
    """Have each error of the routes of `bp` answered as its protocol does."""

    def answer(request: Request, response: HTTPResponse) -> HTTPResponse:
        if response.content_type != "application/problem+json":
            return response  # a film that was merged leads to another address
        problem = Problem.model_validate_json(response.body or b"{}")
        status, body, response.content_type = translate(request, problem)
        response.status = status
        response.body = body if isinstance(body, bytes) else encode_json(body)
        return response

    @bp.exception(DomainError)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_domain_error(request: Request, error: DomainError) -> HTTPResponse:
        if isinstance(error, Moved):
            return answer(request, problems.moved_response(request, error))
        return answer(request, problems.domain_error_response(request, error))

    @bp.exception(SanicException)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_sanic_error(request: Request, error: SanicException) -> HTTPResponse:
        return answer(request, problems.sanic_error_response(request, error))

    @bp.exception(Exception)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_unexpected_error(request: Request, error: Exception) -> HTTPResponse:
        return answer(request, problems.unexpected_error_response(request, error))
