"""The words of the plain forms, in every language of mails."""

from typing import Literal

from service.http.openapi import Problem
from service.mail.base import Language

FormName = Literal["verify_email", "reset_password", "forgot_password"]

TEXTS: dict[FormName, dict[Language, dict[str, str]]] = {
    "verify_email": {
        "en": {
            "title": "Confirm your e-mail address",
            "intro": "Press the button to confirm that the address is yours.",
            "button": "Confirm the address",
            "next": "Log in",
        },
        "de": {
            "title": "E-Mail-Adresse bestätigen",
            "intro": "Bestätigen Sie mit dem Knopf, dass die Adresse Ihnen gehört.",
            "button": "Adresse bestätigen",
            "next": "Anmelden",
        },
    },
    "reset_password": {
        "en": {
            "title": "Set a new password",
            "intro": "All your sessions will end, and you can log in with the new password.",
            "button": "Set the password",
            "next": "Log in",
        },
        "de": {
            "title": "Neues Passwort setzen",
            "intro": "Alle Ihre Sitzungen enden; melden Sie sich mit dem neuen Passwort an.",
            "button": "Passwort setzen",
            "next": "Anmelden",
        },
    },
    "forgot_password": {
        "en": {
            "title": "Forgot your password?",
            "intro": "You get a mail with a link to set a new one.",
            "button": "Send the mail",
            "next": "Search films",
        },
        "de": {
            "title": "Passwort vergessen?",
            "intro": "Sie bekommen eine Mail mit einem Link, um ein neues zu setzen.",
            "button": "Mail senden",
            "next": "Filme suchen",
        },
    },
}

FIELD_LABELS: dict[str, dict[Language, str]] = {
    "token": {"en": "The link from the mail", "de": "Der Link aus der Mail"},
    "password": {"en": "New password", "de": "Neues Passwort"},
    "email": {"en": "E-mail address", "de": "E-Mail-Adresse"},
}

OUTCOMES: dict[str, dict[Language, str]] = {
    "confirmed": {"en": "The address is confirmed.", "de": "Die Adresse ist bestätigt."},
    "already_confirmed": {
        "en": "The address was already confirmed.",
        "de": "Die Adresse war schon bestätigt.",
    },
    "password_reset": {
        "en": "The new password is set. Log in with it.",
        "de": "Das neue Passwort ist gesetzt. Melden Sie sich damit an.",
    },
    "mail_requested": {
        "en": "If the address has an account, a mail is on its way.",
        "de": "Wenn die Adresse ein Konto hat, ist eine Mail unterwegs.",
    },
}

ERRORS: dict[str, dict[Language, str]] = {
    "link_expired": {
        "en": "This link has expired. Request another one.",
        "de": "Dieser Link ist abgelaufen. Fordern Sie einen neuen an.",
    },
    "link_invalid": {
        "en": "This link does not work. Request another one.",
        "de": "Dieser Link funktioniert nicht. Fordern Sie einen neuen an.",
    },
    "link_used": {
        "en": "This link was used before. Request another one.",
        "de": "Dieser Link wurde schon benutzt. Fordern Sie einen neuen an.",
    },
    "email_taken": {
        "en": "Another account has this address by now.",
        "de": "Diese Adresse gehört inzwischen zu einem anderen Konto.",
    },
    "invalid": {"en": "Please correct the form.", "de": "Bitte korrigieren Sie die Eingabe."},
    "too_many_requests": {
        "en": "Too many requests. Please wait a while.",
        "de": "Zu viele Anfragen. Bitte warten Sie eine Weile.",
    },
}

FIELD_ERRORS: dict[str, dict[Language, str]] = {
    "must have at least 8 characters": {"de": "Muss mindestens 8 Zeichen haben."},
    "is easy to guess": {
        "de": "Ist leicht zu erraten. Nehmen Sie ein längeres, mit Wörtern, die nicht "
        "zusammengehören."
    },
    "must be an e-mail address": {"de": "Muss eine E-Mail-Adresse sein."},
}
"""Translations of what is wrong with a field, by the beginning of the English text."""


def describe_error(problem: Problem, language: Language) -> str:
    """Return what is wrong, in words for people."""
    texts = ERRORS.get(problem.code)
    return texts[language] if texts else problem.detail


def describe_field_error(detail: str, language: Language) -> str:
    """Return what is wrong with a field; in English if there is no translation."""
    translations = (texts for start, texts in FIELD_ERRORS.items() if detail.startswith(start))
    return next(translations, {}).get(language, detail)
