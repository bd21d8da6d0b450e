"""How tests log in: through the real pages, with real codes."""

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from conftest import PASSWORD
from people.models import Notice, User

STEP_SECONDS = 30


def totp_code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP_SECONDS))


def log_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    """Log in with address and password on the login page."""
    return client.post("/accounts/login/", {"login": user.email, "password": password})


def confirm_password(client: Client) -> None:
    """Type the password again, as pages ask that change how one logs in."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def set_up_totp(client: Client) -> str:
    """Add an authenticator app by its page; return the secret it shares."""
    confirm_password(client)
    client.get("/accounts/2fa/totp/activate/")
    secret = str(client.session["mfa.totp.secret"])
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})
    assert answer.status_code == 302, answer.content.decode()
    return secret


def give_totp(user: User) -> str:
    """Give somebody an authenticator app that was set up long ago; return its secret."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def recovery_codes(user: User) -> list[str]:
    """Return the recovery codes somebody printed."""
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return list(row.wrap().get_unused_codes())


def last_mail(address: str) -> Notice:
    """Return the newest notice to an address."""
    return Notice.objects.filter(address=address).latest("pk")


def code_in(notice: Notice) -> str:
    """Return the code that a mail carries on a line of its own."""
    found = re.search(r"^([A-Z0-9]{3,}(?:-[A-Z0-9]+)*)$", notice.body_text, re.MULTILINE)
    assert found, notice.body_text
    return found.group(1)


def link_in(notice: Notice) -> str:
    """Return the path of the first link to us that a mail carries."""
    found = re.search(r"http://localhost:8000(/\S+)", notice.body_text)
    assert found, notice.body_text
    return found.group(1)
