"""The page's HTML document, the same for every address but for its head.

Scripts draw everything in it. What robots and link previews read, title and Open Graph, is here
already; so is a text for browsers without scripts.
"""

from dataclasses import dataclass
from html import escape

from service.film_fields import FilmRow
from service.films.models import Film
from service.films.poster_response import displayed_key, poster_path
from service.site.assets import Assets

SITE_NAME = "Movies"
SITE_DESCRIPTION = "Finds films, however their titles are misspelt."
SITE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": SITE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STYLES = ("styles/tokens.css", "styles/base.css")
EARLY_SCRIPT = "theme.js"  # applies the chosen colours before anything is drawn
ENTRY_MODULE = "app.js"
PREVIEW_SIZE = "w780"
MAX_DESCRIPTION_LENGTH = 300
THEME_COLORS = {"light": "#ffffff", "dark": "#1b1d21"}


@dataclass(frozen=True, slots=True)
class Page:
    """What the document of one address says of it."""

    view: str | None
    """The name of its module in `views/`; None for an address that no view has."""

    title: str = SITE_NAME
    description: str = SITE_DESCRIPTION
    kind: str = "website"
    path: str | None = None
    """The address that it is known by, if that is stable."""

    image: str | None = None

    @property
    def heading(self) -> str:
        """The title without the name of the site."""
        return self.title.removesuffix(f" · {SITE_NAME}")


def describe_film_page(film: Film | FilmRow) -> Page:
    """Return what the page of a film says of it to robots and link previews."""
    year = f" ({film.year})" if film.year else ""
    facts = [", ".join(film.directors[:3]), ", ".join(film.genres[:3]), film.plot or ""]
    key = displayed_key(film)
    return Page(
        view="film",
        title=f"{film.title}{year} · {SITE_NAME}",
        description=_shorten(" · ".join(filter(None, facts))) or SITE_DESCRIPTION,
        kind="video.episode" if film.type == "episode" else f"video.{_OPEN_GRAPH[film.type]}",
        path=f"/film/{film.imdb_id or film.id}",
        image=poster_path(key, PREVIEW_SIZE) if key else None,
    )


def describe_list_page(list_id: str, name: str, description: str | None) -> Page:
    """Return what the page of a list says of it to link previews."""
    return Page(
        view="list",
        title=f"{name} · {SITE_NAME}",
        description=_shorten(" ".join((description or "").split())) or SITE_DESCRIPTION,
        path=f"/list/{list_id}",
    )


_OPEN_GRAPH = {"movie": "movie", "series": "tv_show"}
"""Open Graph's words for the types of films."""


def _shorten(text: str) -> str:
    if len(text) <= MAX_DESCRIPTION_LENGTH:
        return text
    return text[:MAX_DESCRIPTION_LENGTH].rpartition(" ")[0] + " …"


def render_document(page: Page, assets: Assets, base_url: str) -> bytes:
    """Return the document of `page`.

    Args:
        base_url: scheme and host under which people reach the service; Open Graph wants them.
    """
    head = "\n".join([*_head_tags(page, base_url), *_file_tags(page, assets)])
    return f"""<!doctype html>
<html lang="en">
<head>
{head}
</head>
<body>
<div id="app"></div>
<noscript>
<main class="main main-narrow no-script">
<a class="brand" href="/">movies<span>.</span></a>
<h1>{escape(page.heading)}</h1>
<p>{escape(page.description)}</p>
<form class="card" action="/api/v1/search" method="get" role="search">
<p>This page needs JavaScript. Without it, the service answers as JSON:</p>
<div class="field">
<label for="no-script-q">Title, director, year</label>
<input id="no-script-q" class="input" type="search" name="q" required maxlength="200">
</div>
<button class="button button-primary" type="submit">Search</button>
</form>
<p><a href="/docs">The documentation of the API</a></p>
</main>
</noscript>
</body>
</html>
""".encode()


def _head_tags(page: Page, base_url: str) -> list[str]:
    """Return the tags about the content."""
    properties = {
        "og:site_name": SITE_NAME,
        "og:title": page.heading,
        "og:description": page.description,
        "og:type": page.kind,
        "og:url": page.path and base_url + page.path,
        "og:image": page.image and base_url + page.image,
    }
    names = {
        "viewport": "width=device-width, initial-scale=1",
        "color-scheme": "light dark",
        "description": page.description,
        "twitter:card": "summary",
    }
    return [
        '<meta charset="utf-8">',
        f"<title>{escape(page.title)}</title>",
        *(f'<meta name="{name}" content="{escape(value)}">' for name, value in names.items()),
        *(
            f'<meta name="theme-color" media="(prefers-color-scheme: {scheme})" content="{color}">'
            for scheme, color in THEME_COLORS.items()
        ),
        *(
            f'<meta property="{name}" content="{escape(value)}">'
            for name, value in properties.items()
            if value
        ),
        *([f'<link rel="canonical" href="{escape(base_url + page.path)}">'] if page.path else []),
    ]


def _file_tags(page: Page, assets: Assets) -> list[str]:
    """Return the tags that load the files of the page, all in one round."""
    view_module, view_style = f"views/{page.view}.js", f"styles/{page.view}.css"
    modules = assets.list_modules(ENTRY_MODULE, view_module)
    styles = [path for path in (*STYLES, view_style) if assets.get(path)]
    early = [EARLY_SCRIPT] if assets.get(EARLY_SCRIPT) else []
    return [
        *(f'<script src="{assets.address(path)}"></script>' for path in early),
        *(f'<link rel="stylesheet" href="{assets.address(path)}">' for path in styles),
        *(f'<link rel="modulepreload" href="{assets.address(path)}">' for path in modules),
        f'<script type="module" src="{assets.address(ENTRY_MODULE)}"></script>',
        '<link rel="icon" href="/favicon.ico" sizes="32x32">',
        '<link rel="icon" href="/favicon.svg" type="image/svg+xml">',
        '<link rel="search" type="application/opensearchdescription+xml" '
        f'title="{SITE_NAME}" href="/opensearch.xml">',
    ]


def render_opensearch(base_url: str) -> str:
    """Return the description that lets a browser search here from its address bar."""
    base = escape(base_url)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
<ShortName>{SITE_NAME}</ShortName>
<Description>{SITE_DESCRIPTION}</Description>
<InputEncoding>UTF-8</InputEncoding>
<Image width="32" height="32" type="image/x-icon">{base}/favicon.ico</Image>
<Url type="text/html" template="{base}/?q={{searchTerms}}"/>
<Url type="application/opensearchdescription+xml" rel="self" template="{base}/opensearch.xml"/>
</OpenSearchDescription>
"""
