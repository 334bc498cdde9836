"""The page's messages: the same in every language, and there for every key that the page names."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import get_args

import pytest

from service.audit.actor import ActorKind
from service.audit.log import AuditAction, SubjectKind
from service.community.discovery.similarity import SimilarityReason
from service.community.moderation.schemas import (
    ReportAction,
    ReportOutcome,
    ReportReason,
    ReportState,
)
from service.community.reviews.schemas import ReviewSort
from service.mail.admin import MailState
from service.mail.base import MailKind
from service.search.highlights import MatchKind
from service.site.assets import STATIC_FOLDER

MESSAGES = STATIC_FOLDER / "i18n"
LANGUAGES = sorted(path.name for path in MESSAGES.iterdir())
SECTIONS = sorted(path.name for path in (MESSAGES / "en").iterdir())
PLACEHOLDER = re.compile(r"\{\w+\}")
TRAILING_COMMA = re.compile(r",(?=\s*})")
KEY = re.compile(r"""\bt(?:Parts)?\(\s*(?:"([\w.-]+)"|`([\w.-]*)\$\{)""")
CHOICE = re.compile(r"""\bt\([^()`"]+\? "([\w.-]+)" : "([\w.-]+)""")


def read_messages(language: str, section: str) -> dict[str, str | dict[str, str]]:
    text = (MESSAGES / language / section).read_text()
    body = text.removeprefix("export default ").rstrip().removesuffix(";")
    messages: dict[str, str | dict[str, str]] = json.loads(TRAILING_COMMA.sub("", body))
    return messages


def find_placeholders(message: str | dict[str, str]) -> set[str]:
    texts = [message] if isinstance(message, str) else message.values()
    return {name for text in texts for name in PLACEHOLDER.findall(text)}


def modules() -> list[Path]:
    paths = STATIC_FOLDER.rglob("*.js")
    return [p for p in paths if p.parent.name != "vendor" and MESSAGES not in p.parents]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_messages_have_the_keys_and_values_of_the_english_ones(language: str, section: str) -> None:
    english, other = read_messages("en", section), read_messages(language, section)
    assert other.keys() == english.keys()
    for key, message in english.items():
        assert find_placeholders(other[key]) == find_placeholders(message), key


@pytest.mark.parametrize(
    ("section", "prefix", "names"),
    [
        ("audit.js", "audit.action.", get_args(AuditAction)),
        ("audit.js", "audit.subject_kind.", get_args(SubjectKind)),
        ("audit.js", "audit.actor_kind.", get_args(ActorKind)),
        ("accounts.js", "accounts.mail_kind.", get_args(MailKind)),
        ("accounts.js", "accounts.mail.", get_args(MailState)),
        ("film.js", "film.similar.", get_args(SimilarityReason)),
        ("reviews.js", "review.reason.", get_args(ReportReason)),
        ("reports.js", "reports.", get_args(ReportAction)),
        ("reports.js", "reports.state.", get_args(ReportState)),
        ("reports.js", "reports.outcome.", get_args(ReportOutcome)),
        ("reviews.js", "review.sort.", get_args(ReviewSort)),
        ("film.js", "film.why.kind.", set(get_args(MatchKind)) - {"exact"}),
    ],
)
def test_each_value_of_the_api_that_the_page_shows_has_a_message(
    section: str, prefix: str, names: Collection[str]
) -> None:
    keys = read_messages("en", section).keys()
    assert [name for name in names if prefix + name not in keys] == []


def test_no_language_has_a_section_of_its_own() -> None:
    for language in LANGUAGES:
        assert sorted(path.name for path in (MESSAGES / language).iterdir()) == SECTIONS


def test_no_two_sections_have_the_same_key() -> None:
    keys = [key for section in SECTIONS for key in read_messages("en", section)]
    assert len(keys) == len(set(keys))


def test_every_key_that_the_page_names_has_a_message() -> None:
    keys = {key for section in SECTIONS for key in read_messages("en", section)}
    named, prefixes = set(), set()
    for path in modules():
        text = path.read_text()
        for key, prefix in KEY.findall(text):
            named.add(key) if key else prefixes.add(prefix)
        named.update(key for pair in CHOICE.findall(text) for key in pair)
    assert len(named) > 50
    assert named - keys == set()
    assert {p for p in prefixes if not any(key.startswith(p) for key in keys)} == set()
