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


def translate_errors(bp: Blueprint, translate: Callable[[Problem], ErrorAnswer]) -> None:
    """Have each error of the routes of `bp` answered as its protocol does."""

    def answer(response: HTTPResponse) -> HTTPResponse:
        if response.content_type != "application/problem+json":
            return response  # a film that was merged leads to another address
        status, body = translate(Problem.model_validate_json(response.body or b"{}"))
        response.status, response.body = status, encode_json(body)
        response.content_type = "application/json"
        return response

    @bp.exception(DomainError)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_domain_error(request: Request, error: DomainError) -> HTTPResponse:
        if isinstance(error, Moved):
            return answer(problems.moved_response(request, error))
        return answer(problems.domain_error_response(request, error))

    @bp.exception(SanicException)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_sanic_error(request: Request, error: SanicException) -> HTTPResponse:
        return answer(problems.sanic_error_response(request, error))

    @bp.exception(Exception)  # type: ignore[untyped-decorator]  # Sanic leaves it untyped
    async def answer_unexpected_error(request: Request, error: Exception) -> HTTPResponse:
        return answer(problems.unexpected_error_response(request, error))
