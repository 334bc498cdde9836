"""Render reviews: Markdown in, HTML out that no author can use against a reader.

Markdown's own HTML is off, and what it renders is sanitized again: only the tags of a text remain,
links are marked as those of users, and pictures come from this service or become links. Reference
links are off: one definition that a thousand links repeat would make megabytes of a page of text.
"""

import re
from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

RENDERER_VERSION = 2  # raise it with every change of what is rendered; older HTML is made anew
MAX_HTML_LENGTH = 100_000  # characters; ten for each of the longest text, which few have
HEADING_SHIFT = 2  # a page has headings of its own above a review
LINK_RELATION = "nofollow noopener ugc"
OWN_PICTURE = re.compile(r"/api/v1/posters/[0-9a-f]{64}/w[0-9]{3}\.jpg")
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "img"),
    *("li", "ol", "p", "pre", "s", "strong", "ul"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"alt", "src"}, "ol": {"start"}}
SCHEMES = {"http", "https"}


def render_markdown(source: str) -> str:
    """Return the HTML of a text in Markdown. It takes milliseconds, for any text of a review.

    A text that becomes far longer as HTML is shown as it was typed.
    """
    html = _render(source)
    return html if len(html) <= MAX_HTML_LENGTH else f"<pre>{escapeHtml(source)}</pre>"


def _render(source: str) -> str:
    tokens = _PARSER.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + HEADING_SHIFT)}"
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_keep_attribute,
        url_schemes=SCHEMES,
        link_rel=LINK_RELATION,
    ).strip()


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Return the picture, or a link to it if it is somebody else's."""
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    text = renderer.renderInlineAsText(token.children, options, env)
    if OWN_PICTURE.fullmatch(source):
        return f'<img src="{source}" alt="{escapeHtml(text)}">'
    return f'<a href="{escapeHtml(source)}">{escapeHtml(text or source)}</a>'


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    is_foreign = (tag, name) == ("img", "src") and not OWN_PICTURE.fullmatch(value)
    return None if is_foreign else value


def _create_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("reference")
    parser.add_render_rule("image", _render_image)
    return parser


_PARSER = _create_parser()
