"""The work of the commands that manage accounts."""

from service.server.container import open_container
from service.settings import Settings


async def create_admin(settings: Settings, name: str, password: str) -> None:
    """Create an admin account."""
    async with open_container(settings) as container:
        await container.accounts.create_admin(name, password)
