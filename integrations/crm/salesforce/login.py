"""Logging in to Salesforce: client credentials or JWT bearer, and the session that results.

Neither flow gives a refresh token. The session is kept with the credentials, so that
hundreds of small pieces of work share one login; a hash of what it was made with stays
beside it, so that it is never used after somebody entered other credentials.
"""

import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils.translation import gettext as _
from simple_salesforce.login import SalesforceLogin

from integrations.crm.salesforce.errors import translated
from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.salesforce.transport import SalesforceSession, is_salesforce_host
from integrations.crm.vendor import Revoked, Unavailable

API_VERSION = "66.0"
CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "jwt_bearer"
# What a login adds to the credentials.
TOKEN, INSTANCE, MADE_WITH = "session_token", "session_instance", "session_made_with"
_MY_DOMAIN = re.compile(
    r"(?:https://)?(?P<host>[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.my\.salesforce\.com)/?"
)


def my_domain_host(text: str) -> str:
    """Return the host of a My Domain address, or an empty string when it is none."""
    found = _MY_DOMAIN.fullmatch(text.strip().lower())
    return found["host"] if found else ""


def kept_session(
    credentials: Mapping[str, str], settings: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return token and host of the session that is kept, when it was made with these."""
    token, host = credentials.get(TOKEN, ""), credentials.get(INSTANCE, "")
    if not token or credentials.get(MADE_WITH) != _made_with(credentials, settings):
        return None
    return (token, host) if is_salesforce_host(host) else None


def org_of(token: str) -> str:
    """Return the org that a session belongs to; empty when the token does not tell.

    Salesforce's tokens begin with the id of their org (``00D...!...``).
    """
    return canonical_id(token.partition("!")[0])


def logged_in(
    credentials: Mapping[str, str], settings: Mapping[str, str], session: SalesforceSession
) -> dict[str, str]:
    """Log in and return the credentials with the new session. Raises CrmError."""
    host = my_domain_host(settings.get("my_domain", ""))
    if not host:
        raise Revoked(_("Enter the My Domain address of the org."))
    prefix = host.removesuffix(".salesforce.com")
    with translated():
        if settings.get("login_flow") == JWT_BEARER:
            token, instance = _by_jwt(credentials, settings, session, prefix)
        else:
            token, instance = SalesforceLogin(
                session=session,
                domain=prefix,
                consumer_key=credentials.get("consumer_key", ""),
                consumer_secret=credentials.get("consumer_secret", ""),
            )
        instance = str(instance).rstrip("/").lower()
    if not isinstance(token, str) or not token or not is_salesforce_host(instance):
        raise Unavailable(_("Salesforce answered something that is not its usual answer."))
    return {
        **credentials,
        TOKEN: token,
        INSTANCE: instance,
        MADE_WITH: _made_with(credentials, settings),
    }


def _by_jwt(
    credentials: Mapping[str, str],
    settings: Mapping[str, str],
    session: SalesforceSession,
    prefix: str,
) -> tuple[str, str]:
    # Sandboxes and scratch orgs are addressed as "test", whatever their own name is.
    is_test = ".sandbox.my" in prefix or ".scratch.my" in prefix
    return SalesforceLogin(
        session=session,
        domain="test" if is_test else "login",
        instance_url=prefix,
        username=settings.get("username", ""),
        consumer_key=credentials.get("consumer_key", ""),
        privatekey=_private_key(credentials.get("private_key", "")),
    )


def _private_key(pem: str) -> str:
    pem = pem.replace("\r\n", "\n").strip() + "\n"
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Revoked(
            _(
                "The private key cannot be read. Paste an RSA key without a password, "
                "with its BEGIN and END lines."
            )
        )
    return pem


def _made_with(credentials: Mapping[str, str], settings: Mapping[str, str]) -> str:
    parts = [
        my_domain_host(settings.get("my_domain", "")),
        settings.get("login_flow", ""),
        settings.get("username", ""),
        *(credentials.get(n, "") for n in ("consumer_key", "consumer_secret", "private_key")),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
