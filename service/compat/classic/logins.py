"""A login with the fields that an older service calls its own, as the native one does it."""

from pydantic import BaseModel
from sanic.request import Request

from service.accounts.responses import SessionView
from service.accounts.schemas import Credentials
from service.http.client_address import get_client_address, read_user_agent
from service.http.dependencies import get_container
from service.http.requests import validate


async def open_session(request: Request, login: BaseModel) -> SessionView:
    """Start a session for the name or address, and the password, in `login`.

    Raises:
        Invalid: they cannot be credentials.
        NotAuthenticated: they are wrong.
        NotAllowed: the account may not log in.
    """
    credentials = validate(Credentials, login.model_dump(), prefix="/")
    address, user_agent = get_client_address(request), read_user_agent(request)
    return await get_container(request).accounts.login(credentials, address, user_agent)
