"""System checks: refuse to start on a configuration that would be wrong to run.

Each message names the setting and says what to do.
"""

import os
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.http.request import validate_host

from portal.kit.secrets import wrong_keys

NEW_KEY = (
    "Generate one: python -c "
    "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
)


def refuse_wrong_configuration() -> None:
    """Raise ImproperlyConfigured naming what is wrong.

    For processes that are no management command: a web server runs no system
    checks, and Celery runs them without looking at what they say.
    """
    problems = [str(problem) for problem in run_checks() if problem.is_serious()]
    if problems:
        raise ImproperlyConfigured("\n".join(["refusing to start:", *problems]))


@register()
def check_urls_and_zone(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The base address must be absolute and time inside must be UTC."""
    problems: list[CheckMessage] = []
    base = urlsplit(settings.BASE_URL)
    if base.scheme not in {"http", "https"} or not base.hostname or base.path:
        problems.append(
            Error(
                f"BASE_URL={settings.BASE_URL!r} is not an address like https://support.example.com",
                hint="Set BASE_URL to scheme and host, without a path: links in mails use it.",
                id="portal.E001",
            )
        )
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        problems.append(
            Error(
                "TIME_ZONE must be UTC and USE_TZ true: the promise engine counts in UTC.",
                id="portal.E002",
            )
        )
    return problems


@register()
def check_data_dir(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The data folder must be there, or be creatable, and be writable."""
    folder = Path(settings.DATA_DIR)
    try:
        queues = settings.BROKER_DIR
        for path in (folder, settings.STATIC_ROOT, queues / "queue", queues / "control"):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return [Error(f"DATA_DIR={folder} cannot be created: {error}", id="portal.E003")]
    if not os.access(folder, os.W_OK):
        return [Error(f"DATA_DIR={folder} is not writable by this process.", id="portal.E003")]
    return []


@register()
def check_secret_key(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A guessable key signs everything and protects nothing."""
    if settings.DEBUG or len(settings.SECRET_KEY) >= 32:
        return []
    return [
        Error(
            "SECRET_KEY is shorter than 32 characters.",
            hint="Generate one: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="portal.E004",
        )
    ]


@register()
def check_encryption_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A key that is none would fail when the first secret is stored, or read."""
    return [
        Error(
            f"ENCRYPTION_KEYS: key {place} is not a Fernet key (44 characters of URL-safe base64).",
            hint=NEW_KEY,
            id="portal.E008",
        )
        for place in wrong_keys(settings.ENCRYPTION_KEYS)
    ]


@register()
def check_hosts(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Our own address must be among the hosts we answer for."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    if validate_host(host, settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            f"ALLOWED_HOSTS does not contain {host!r}, the host of BASE_URL.",
            hint="Every request to it would be refused. Add it to ALLOWED_HOSTS.",
            id="portal.E006",
        )
    ]


@register()
def check_sender(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Mails need a sender's address that servers take."""
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    try:
        validate_email(sender)
    except ValidationError:
        return [
            Error(
                f"DEFAULT_FROM_EMAIL={settings.DEFAULT_FROM_EMAIL!r} has no e-mail address.",
                hint="Write it like: Example Support <support@example.com>",
                id="portal.E007",
            )
        ]
    return []


@register()
def check_notice_transports(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every transport's dotted path must lead to something callable."""
    from django.utils.module_loading import import_string

    problems: list[CheckMessage] = []
    for name, path in settings.NOTICE_TRANSPORTS.items():
        try:
            found = import_string(path)
        except ImportError as error:
            problems.append(
                Error(f"NOTICE_TRANSPORTS[{name!r}]={path!r}: {error}", id="portal.E005")
            )
            continue
        if not callable(found):
            problems.append(
                Error(f"NOTICE_TRANSPORTS[{name!r}]={path!r} is not callable.", id="portal.E005")
            )
    return problems


@register(Tags.security, deploy=True)
def check_production(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """What the demo may do and production must not."""
    problems: list[CheckMessage] = []
    wrong = [
        (settings.DEMO, "DEMO", "DEMO=true opens the demo's doors.", "portal.E010"),
        (
            not settings.MFA_REQUIRED_FOR_STAFF,
            "MFA_REQUIRED_FOR_STAFF",
            "MFA_REQUIRED_FOR_STAFF=false lets staff in with a password alone.",
            "portal.E011",
        ),
        (
            settings.MAILBOX_DIR is not None,
            "MAILBOX_DIR",
            "MAILBOX_DIR is set: mails would go to files instead of to people.",
            "portal.E012",
        ),
        (
            not settings.SERVED_OVER_TLS,
            "BASE_URL",
            "BASE_URL is not https: session cookies would travel in the clear.",
            "portal.E013",
        ),
        (
            settings.USES_SQLITE,
            "DATABASE_URL",
            "DATABASE_URL is SQLite: production needs PostgreSQL.",
            "portal.E014",
        ),
        (
            "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS",
            "ALLOWED_HOSTS contains '*': name the hosts.",
            "portal.E015",
        ),
        (
            not settings.ENCRYPTION_KEYS,
            "ENCRYPTION_KEYS",
            "ENCRYPTION_KEYS is empty: credentials of CRMs would be only as safe as SECRET_KEY.",
            "portal.E017",
        ),
        (
            not settings.METRICS_TOKEN,
            "METRICS_TOKEN",
            "METRICS_TOKEN is empty: /metrics could not be read by anybody.",
            "portal.E016",
        ),
        (
            bool(settings.SALESFORCE_CONTRACT_URL),
            "SALESFORCE_CONTRACT_URL",
            "SALESFORCE_CONTRACT_URL is set: a stand-in would be asked instead of Salesforce.",
            "portal.E018",
        ),
        (
            not settings.HUBSPOT_API_URL.startswith("https://"),
            "HUBSPOT_API_URL",
            "HUBSPOT_API_URL is not https: HubSpot's tokens would travel in the clear.",
            "portal.E019",
        ),
    ]
    for is_wrong, name, sentence, check_id in wrong:
        if is_wrong:
            problems.append(Error(sentence, hint=f"Correct {name}.", id=check_id))
    return problems
