"""How people of a story come in: by the pages, with what they know and have."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from conftest import PASSWORD
from people.models import User
from portal.tests.browser.visitor import Visitor

EMAIL = re.compile("^E-?mail")
CODE = re.compile("code", re.IGNORECASE)
STEP_SECONDS = 30


def signs_in(visitor: Visitor, person: User, *, at: str = "/") -> None:
    """Come to an address and sign in with e-mail address and password."""
    visitor.opens(at)
    gives_password(visitor, person)


def gives_password(visitor: Visitor, person: User) -> None:
    """Sign in on the page that asked for it."""
    visitor.arrives("Sign in")
    visitor.writes(EMAIL, person.email)
    visitor.writes("Password", PASSWORD)
    visitor.presses("Sign in")


def signs_in_by_two_steps(visitor: Visitor, person: User, secret: str) -> None:
    """Sign in where one was stopped, with the password and the app's code."""
    gives_password(visitor, person)
    visitor.arrives("Your second step")
    visitor.writes(CODE, shown_by_app(secret))
    visitor.presses("Sign in")


def sets_up_an_app(visitor: Visitor) -> str:
    """Follow the set-up of an authenticator app to its end; return the key it keeps."""
    visitor.arrives("Two-step sign-in")
    visitor.sees("Staff need a second factor.")
    visitor.presses("Set up")
    visitor.arrives("Is it still you?")
    visitor.writes("Password", PASSWORD)
    visitor.presses("Confirm")
    visitor.arrives("Set up an authenticator app")
    secret = visitor.page.get_by_label("Type this key into the app").input_value()
    visitor.writes(CODE, shown_by_app(secret))
    visitor.presses("Turn on")
    visitor.arrives("Recovery codes")
    return secret


def shown_by_app(secret: str) -> str:
    """Return the six digits that an authenticator app shows now (RFC 6238)."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP_SECONDS))


def signs_out(visitor: Visitor, person: User) -> None:
    """Sign out by the menu under one's own picture."""
    visitor.unfolds(f"Menu of {person}")
    visitor.presses("Sign out")
    expect(visitor.page).to_have_url(re.compile("/accounts/login/"))
