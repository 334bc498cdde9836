"""The HTML of a review's Markdown, hostile Markdown included."""

import re
import time
from html.parser import HTMLParser

import pytest

from service.community.reviews.markdown import ATTRIBUTES, LINK_RELATION, TAGS, render_markdown
from service.community.reviews.schemas import MAX_BODY_LENGTH

PICTURE = f"/api/v1/posters/{'a' * 64}/w342.jpg"
LINK = 'rel="nofollow noopener ugc"'


class TagParser(HTMLParser):
    """Collects the tags of a text with their attributes, as a browser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def parse_tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = TagParser()
    parser.feed(html)
    return parser.tags


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("One *two* **three** `four` ~~five~~", "<p>One <em>two</em> <strong>three</strong> "
         "<code>four</code> <s>five</s></p>"),
        ("# Big\n\n## Less", "<h3>Big</h3>\n<h4>Less</h4>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("2. a", '<ol start="2">\n<li>a</li>\n</ol>'),
        ("[x](https://films.example/?a=1&b=2)",
         f'<p><a href="https://films.example/?a=1&amp;b=2" {LINK}>x</a></p>'),
        ("[film](/film/tt0073195)", f'<p><a href="/film/tt0073195" {LINK}>film</a></p>'),
        (f"![poster]({PICTURE})", f'<p><img src="{PICTURE}" alt="poster"></p>'),
        ("![pixel](https://evil.example/p.png)",
         f'<p><a href="https://evil.example/p.png" {LINK}>pixel</a></p>'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>"),
    ],
    ids=["emphasis", "headings", "quote", "list", "numbers", "link", "own link", "own picture",
         "foreign picture", "script", "tag"],
)  # fmt: skip
def test_markdown_becomes_the_tags_of_a_text(source: str, html: str) -> None:
    rendered = render_markdown(source)
    assert rendered == html or rendered == f"<p>{html}</p>"


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '![x"onerror="alert(1)](https://e.example/a.png"onerror="alert(1))',
        '[x](https://e.example "title\\" onmouseover=\\"alert(1)")',
        f'![x]({PICTURE}?"onload="x)',
        "![x](//evil.example/p.png)",
        "![x](/api/v1/posters/../auth/logout)",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<iframe src=https://evil.example></iframe>",
        "<style>*{display:none}</style>",
        "<a href=x style=position:fixed>x</a>",
        "[x]: javascript:alert(1)\n\n[x]",
        "```<script>\n<script>alert(1)</script>\n```",
    ],
)
def test_nothing_in_a_review_runs_or_is_fetched_from_others(source: str) -> None:
    for tag, attributes in parse_tags(render_markdown(source)):
        assert tag in TAGS
        assert attributes.keys() <= {*ATTRIBUTES.get(tag, ()), *(["rel"] if tag == "a" else [])}
        if tag == "a":
            assert attributes["rel"] == LINK_RELATION
            assert re.match(r"https?://|/|$", attributes.get("href") or ""), attributes
        if tag == "img":
            assert attributes.get("src") in (None, PICTURE)


@pytest.mark.parametrize(
    "unit", ["[", "![[", "*a ", "> ", "[a](", "`*_<", "a\n", "<", "*_", "![a](b)", "- ", "&#x;"]
)
def test_no_text_of_a_review_takes_long(unit: str) -> None:
    source = (unit * MAX_BODY_LENGTH)[:MAX_BODY_LENGTH]
    started_at = time.process_time()
    render_markdown(source)
    assert time.process_time() - started_at < 10  # it is some tenths of a second


@pytest.mark.parametrize(
    "source",
    [
        "[x]: a '" + '"' * 4_900 + "'\n\n" + "[x] " * 1_260,
        "[x]: http://films.example/" + "y" * 4_900 + "\n\n" + "![][x] " * 700,
        (">" * 20 + "a\n\n") * 430,
        "[](http://films.example/" + "😀" * 9_900 + ")",
        "&" * MAX_BODY_LENGTH,
    ],
)
def test_the_html_of_a_text_is_no_more_than_ten_times_the_longest_text(source: str) -> None:
    html = render_markdown(source[:MAX_BODY_LENGTH])
    assert len(html) <= 10 * MAX_BODY_LENGTH + len("<pre></pre>")
    assert "<script" not in html


def test_a_text_that_becomes_far_longer_as_html_is_shown_as_it_was_typed() -> None:
    source = (">" * 20 + "<b>a&\n\n") * 350
    html = render_markdown(source)
    assert (
        html
        == f"<pre>{source.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</pre>"
    )


def test_a_reference_is_no_link() -> None:
    assert parse_tags(render_markdown("[x]\n\n[x]: http://films.example/")) == [("p", {})] * 2
