"""The setting `MAIL_URL`."""

import pytest

from service.mail_url import SmtpServer, parse_mail_url
from service.settings import SettingsError, load_settings
from tests.unit.test_settings import GOOD_SECRET, NO_FILE


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("console://", None),
        ("smtp://mail.example", SmtpServer("mail.example", 587, "starttls")),
        ("smtp://mail.example:465", SmtpServer("mail.example", 465, "tls")),
        ("smtp://mail.example?tls=tls", SmtpServer("mail.example", 465, "tls")),
        ("smtp://mail.example:25?tls=none", SmtpServer("mail.example", 25, "none")),
        (
            "smtp://ada%40films.example:p%3Aw%2F%3F@mail.example:587?tls=starttls&timeout=7.5",
            SmtpServer(
                "mail.example",
                587,
                "starttls",
                username="ada@films.example",
                password="p:w/?",
                sender="ada@films.example",
                timeout=7.5,
            ),
        ),
        (
            "smtp://user:pw@[::1]:2525?tls=none&from=films@films.example&ca=ca.pem",
            SmtpServer(
                "::1",
                2525,
                "none",
                username="user",
                password="pw",
                sender="films@films.example",
                ca_file="ca.pem",
            ),
        ),
    ],
)
def test_a_mail_url_is_parsed(url: str, server: SmtpServer | None) -> None:
    assert parse_mail_url(url) == server


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("imap://mail.example", "smtp://"),
        ("smtp://", "no host"),
        ("smtp://mail.example?tls=ssl", "tls must be one of none, starttls, tls"),
        ("smtp://mail.example?starttls=1", "'starttls'"),
        ("smtp://mail.example?timeout=0", "timeout"),
        ("smtp://mail.example?timeout=1000", "timeout"),
        ("smtp://mail.example?from=a%0d%0aBcc:b@c.example", "from must be an e-mail address"),
        ("smtp://mail.example:many", "port"),
    ],
)
def test_a_wrong_mail_url_is_reported_by_name(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"MAIL_URL: .*{reason}"):
        load_settings({"MAIL_URL": url, "PUBLIC_URL": "https://films.example"}, NO_FILE)


def test_sending_mail_requires_the_address_that_links_begin_with() -> None:
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        load_settings({"MAIL_URL": "smtp://mail.example", "JWT_SECRET": GOOD_SECRET}, NO_FILE)
