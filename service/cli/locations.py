"""Where each part is, for people: host and port, or a path, without passwords."""

from urllib.parse import parse_qs, urlsplit

from service.database.fault_descriptions import locate_database
from service.mail_url import parse_mail_url
from service.settings import Settings, home_folder, resolve_path

URL_BY_PART = {
    "search": "search_url",
    "index": "search_url",
    "cache": "cache_url",
    "posters": "posters_url",
}
"""The setting that says where a part is."""


def locate_part(settings: Settings, part: str) -> str:
    """Return host and port, or the path, of a part; never a password."""
    match part:
        case "api" | "proxy":
            return api_address(settings)
        case "database" | "indexer":
            return locate_database(settings.database_url)
        case "mail":
            server = parse_mail_url(settings.mail_url)
            return f"{server.host}:{server.port}" if server else "the log"
        case "disk":
            return str(home_folder())
        case "omdb":
            return urlsplit(settings.omdb_url).netloc
        case _:
            return locate_url(getattr(settings, URL_BY_PART[part]))


def locate_url(url: str) -> str:
    """Return the hosts and ports that `url` names, or its folder; never a password."""
    if url.startswith(("tantivy:", "file:")):
        return str(resolve_path(url))
    if url.startswith("memory:"):
        return "memory"
    if url.startswith("s3:") and "endpoint_url=" in url:
        return parse_qs(urlsplit(url).query)["endpoint_url"][0]
    hosts = (urlsplit(node.strip()) for node in url.split(","))
    return ",".join(f"{host.scheme}://{host.netloc.rpartition('@')[2]}" for host in hosts)


def api_address(settings: Settings) -> str:
    """Return the address at which this machine reaches the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
