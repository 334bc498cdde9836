"""HTTP routes of e-mail addresses: confirm them, and reset a password through one.

Only `POST` changes anything: programs that scan mails open every link in them.
"""

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.accounts.emails.schemas import AddressRequest, Confirmation, PasswordReset
from service.accounts.responses import AcceptedView, ConfirmationView
from service.http.dependencies import get_container
from service.http.languages import preferred_language
from service.http.openapi import operation
from service.http.requests import read_body
from service.http.responses import NO_STORE, json_response

bp = Blueprint("account_emails", url_prefix="/api/v1/auth")


@bp.post("/verify-email", name="verify_email")
@operation(
    "Confirm an e-mail address with the token of a mail; a second time changes nothing",
    body=Confirmation,
    returns={200: ConfirmationView},
    errors=(409, 429),
    key="refused",
)
async def verify_email(request: Request) -> HTTPResponse:
    token = read_body(request, Confirmation).token.get_secret_value()
    confirmed = await get_container(request).accounts.emails.confirm(token)
    return json_response(confirmed, headers=NO_STORE)


@bp.post("/verify-email/resend", name="resend_confirmation")
@operation(
    "Send the mail again that asks to confirm an address; the answer does not tell whether it is "
    "needed",
    body=AddressRequest,
    returns={202: AcceptedView},
    errors=(429,),
    key="refused",
)
async def resend_confirmation(request: Request) -> HTTPResponse:
    email = read_body(request, AddressRequest).email
    emails = get_container(request).accounts.emails
    await emails.request_confirmation(email, preferred_language(request))
    return json_response(AcceptedView(), 202, NO_STORE)


@bp.post("/password/forgot", name="forgot_password")
@operation(
    "Send a mail with a link to set a new password; the answer does not tell whether there is an "
    "account",
    body=AddressRequest,
    returns={202: AcceptedView},
    errors=(429,),
    key="refused",
)
async def forgot_password(request: Request) -> HTTPResponse:
    email = read_body(request, AddressRequest).email
    emails = get_container(request).accounts.emails
    await emails.request_reset(email, preferred_language(request))
    return json_response(AcceptedView(), 202, NO_STORE)


@bp.post("/password/reset", name="reset_password")
@operation(
    "Set a new password with the token of a mail, which works once; this ends all sessions and "
    "deletes all API keys",
    body=PasswordReset,
    returns={204: None},
    errors=(429,),
    key="refused",
)
async def reset_password(request: Request) -> HTTPResponse:
    reset = read_body(request, PasswordReset)
    emails = get_container(request).accounts.emails
    await emails.reset_password(reset, preferred_language(request))
    return HTTPResponse(status=204, headers=NO_STORE)
