"""The work of `movies samples`."""

from service.server.container import open_container
from service.settings import Settings


async def remove_samples(settings: Settings) -> int:
    """Delete the sample films; return their number."""
    async with open_container(settings) as container:
        return await container.catalogue.remove_samples()
