"""Plain forms for links in mails: confirm an address, ask for a new password, set it.

They work without JavaScript; then a person pastes the link, whose token no server sees otherwise.
Only sending a form changes anything: programs that scan mails open every link in them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.emails.schemas import AddressRequest, Confirmation, PasswordReset
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import Problem
from service.http.problems import catch_problem
from service.http.rate_limits import count_request
from service.http.requests import read_form, validate
from service.mail.base import Language
from service.site.account_form_texts import (
    FIELD_LABELS,
    OUTCOMES,
    TEXTS,
    FormName,
    describe_error,
    describe_field_error,
)
from service.site.assets import Assets
from service.site.document import SECURITY_HEADERS, SITE_NAME

bp = Blueprint("site_account_forms")

TEMPLATES = Path(__file__).parent / "forms"
HTML = "text/html; charset=utf-8"
STYLES = ("tokens", "base", "form", "login")
HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class FormField:
    """An input of a form."""

    name: str
    type: str
    autocomplete: str


TOKEN = FormField("token", "text", "off")
PASSWORD = FormField("password", "password", "new-password")
FORMS: dict[FormName, tuple[str, str, tuple[FormField, ...]]] = {
    "verify_email": ("/verify-email", "/login", (TOKEN,)),
    "reset_password": ("/reset-password", "/login", (TOKEN, PASSWORD)),
    "forgot_password": ("/forgot-password", "/", (FormField("email", "email", "email"),)),
}
"""By name: the form's address, where its success leads, and its fields."""


@dataclass(frozen=True, slots=True)
class FormResult:
    """What came of a form that was sent: a message, or a problem."""

    status: int
    outcome: str | None = None
    problem: Problem | None = None


@bp.get("/verify-email", name="show_verify_email")
async def show_verify_email(request: Request) -> HTTPResponse:
    return _form_response(request, "verify_email")


@bp.get("/reset-password", name="show_reset_password")
async def show_reset_password(request: Request) -> HTTPResponse:
    return _form_response(request, "reset_password")


@bp.get("/forgot-password", name="show_forgot_password")
async def show_forgot_password(request: Request) -> HTTPResponse:
    return _form_response(request, "forgot_password")


@bp.post("/verify-email", name="verify_email", ctx_counts_itself=True)
async def verify_email(request: Request) -> HTTPResponse:
    async def confirm(values: Mapping[str, str]) -> FormResult:
        body = validate(Confirmation, {"token": _find_token(values)}, prefix="/")
        emails = get_container(request).accounts.emails
        return FormResult(200, (await emails.confirm(body.token.get_secret_value())).status)

    return await _answer_form(request, "verify_email", confirm)


@bp.post("/reset-password", name="reset_password", ctx_counts_itself=True)
async def reset_password(request: Request) -> HTTPResponse:
    async def reset(values: Mapping[str, str]) -> FormResult:
        password = values.get("password", "")
        fields = {"token": _find_token(values), "password": password}
        body = validate(PasswordReset, fields, prefix="/")
        emails = get_container(request).accounts.emails
        await emails.reset_password(body, preferred_language(request))
        return FormResult(200, "password_reset")

    return await _answer_form(request, "reset_password", reset)


@bp.post("/forgot-password", name="forgot_password", ctx_counts_itself=True)
async def forgot_password(request: Request) -> HTTPResponse:
    async def ask(values: Mapping[str, str]) -> FormResult:
        body = validate(AddressRequest, {"email": values.get("email", "")}, prefix="/")
        emails = get_container(request).accounts.emails
        await emails.request_reset(body.email, preferred_language(request))
        return FormResult(200, "mail_requested")

    return await _answer_form(request, "forgot_password", ask)


async def _answer_form(
    request: Request, name: FormName, work: Callable[[Mapping[str, str]], Awaitable[FormResult]]
) -> HTTPResponse:
    """Do what the form asks for, and say what came of it.

    A form that no browser sends in this way gets a problem document.
    """
    values = read_form(request)

    async def count_and_work() -> FormResult:
        await count_request(request)
        return await work(values)

    result = await catch_problem(
        request, count_and_work, lambda status, problem: FormResult(status, problem=problem)
    )
    return _form_response(request, name, result, values)


def _find_token(values: Mapping[str, str]) -> str:
    """Return the token, out of a link if a person has pasted one."""
    return values.get("token", "").strip().rpartition("#token=")[2]


def _form_response(
    request: Request,
    name: FormName,
    result: FormResult | None = None,
    values: Mapping[str, str] | None = None,
) -> HTTPResponse:
    language = preferred_language(request)
    address, next_address, _ = FORMS[name]
    assets: Assets = request.app.ctx.site_assets
    result = result or FormResult(200)
    page = (
        _environment()
        .get_template("form.html")
        .render(
            language=language,
            title=TEXTS[name][language]["title"],
            texts=TEXTS[name][language],
            site=SITE_NAME,
            theme=assets.address("theme.js"),
            styles=[assets.address(f"styles/{style}.css") for style in STYLES],
            script=assets.address("link-form.js"),
            address=address,
            next_address=next_address,
            fields=_fill_fields(values or {}, name, language, result.problem),
            message=_describe_result(result, language),
            is_done=result.outcome is not None,
        )
    )
    headers = {**HEADERS, "Vary": "Accept-Language"}
    return HTTPResponse(page, result.status, headers, HTML)


def _fill_fields(
    values: Mapping[str, str], name: FormName, language: Language, problem: Problem | None
) -> list[dict[str, Any]]:
    """Return the fields, with what was sent but for passwords, and what is wrong with it."""
    errors = {
        error.pointer: describe_field_error(error.detail, language)
        for error in (problem.errors if problem else None) or ()
    }
    fields = []
    for field in FORMS[name][2]:
        sent = "" if field.type == "password" else values.get(field.name, "")
        fields.append(
            {
                "name": field.name,
                "type": field.type,
                "autocomplete": field.autocomplete,
                "label": FIELD_LABELS[field.name][language],
                "value": sent,
                "error": errors.get(f"/{field.name}"),
            }
        )
    return fields


def _describe_result(result: FormResult, language: Language) -> str | None:
    if result.outcome is not None:
        return OUTCOMES[result.outcome][language]
    return describe_error(result.problem, language) if result.problem else None


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
