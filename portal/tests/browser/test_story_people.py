"""Who comes in: by invitation, by the domain of their address, by a passkey."""

from collections.abc import Callable

import pytest

from conftest import PASSWORD, TUESDAY
from people.actions import add_domain, verify_domain
from people.models import User
from portal.tests.browser.doors import EMAIL, signs_in, signs_out
from portal.tests.browser.mails import code_in, html_of, newest_mail
from portal.tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

NORA = "nora@partner.example"
CLARA = "clara@analytical.example"


def signs_up(visitor: Visitor, name: str, address: str) -> None:
    """Make an account and prove the address with the code from the mail."""
    visitor.arrives("Create your account")
    visitor.writes("Your name", name)
    visitor.writes(EMAIL, address)
    visitor.writes("Password", PASSWORD)
    visitor.writes("Password (again)", PASSWORD)
    visitor.presses("Create account")
    visitor.arrives("Confirm your address")
    visitor.writes("Code", code_in(newest_mail(address, about="confirm")))
    visitor.presses("Confirm")


def test_a_manager_invites_a_colleague_who_comes_in_by_the_link(
    comes: Callable[..., Visitor], ada: User
) -> None:
    hers = comes()
    signs_in(hers, ada)
    hers.arrives("Good morning, Ada")
    hers.presses("Organization")
    hers.arrives("Analytical Engines")
    hers.presses("Invite somebody")
    hers.arrives("Invite somebody to Analytical Engines")
    hers.writes("E-mail address", NORA)
    hers.presses("Send the invitation")
    hers.sees(f"An invitation is on its way to {NORA}.")
    hers.arrives("Analytical Engines")

    # Nora has no account yet: her address is filled in, and she proves it by a code.
    nora = comes()
    nora.reads_mail(html_of(newest_mail(NORA)))
    nora.presses("See the invitation")
    nora.arrives("Join Analytical Engines")
    nora.presses("Create an account")
    assert nora.page.get_by_label(EMAIL).input_value() == NORA
    signs_up(nora, "Nora Newcomer", NORA)
    nora.arrives("You are invited")
    nora.presses("Join Analytical Engines")
    nora.arrives("Good morning, Nora")
    nora.sees("You now belong to Analytical Engines.", "Enterprise")

    hers.presses("Organization")
    hers.sees("Nora Newcomer")
    hers.misses("Invited")


def test_somebody_with_an_address_of_the_house_waits_until_a_manager_opens(
    comes: Callable[..., Visitor], ada: User, oscar: User
) -> None:
    domain = add_domain(
        organization=ada.memberships.get().organization, domain="analytical.example", by=ada
    )
    verify_domain(domain=domain, by=oscar, now=TUESDAY)
    clara = comes()
    clara.opens("/")
    clara.arrives("Sign in")
    clara.presses("Create an account")
    signs_up(clara, "Clara Cautious", CLARA)
    clara.arrives("Almost there")
    clara.sees("Analytical Engines has been told that you are here")

    # The manager is told by mail, and decides.
    hers = comes()
    hers.reads_mail(html_of(newest_mail(ada, about=CLARA)))
    hers.sees("Clara Cautious")
    hers.presses("Decide")
    hers.arrives("Sign in")
    hers.writes(EMAIL, ada.email)
    hers.writes("Password", PASSWORD)
    hers.presses("Sign in")
    hers.arrives("Analytical Engines")
    hers.sees("Waiting to be let in")
    hers.presses("Let in Clara Cautious")
    hers.arrives("Let Clara Cautious into Analytical Engines?")
    hers.presses("Let in")
    hers.sees("Clara Cautious now belongs to Analytical Engines.")
    hers.arrives("Analytical Engines")

    clara.reads_mail(html_of(newest_mail(CLARA, about="You now belong")))
    clara.presses("Go to the portal")
    clara.arrives("Good morning, Clara")


def test_a_passkey_opens_the_door_without_password_or_code(
    comes: Callable[..., Visitor], ada: User
) -> None:
    her = comes()
    device = her.context.new_cdp_session(her.page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    signs_in(her, ada)
    her.arrives("Good morning, Ada")
    her.unfolds("Menu of Ada Byron")
    her.presses("Sign-in and security")
    her.arrives("Two-step sign-in")
    her.presses("Add")
    her.arrives("Is it still you?")
    her.writes("Password", PASSWORD)
    her.presses("Confirm")
    her.arrives("Add a passkey or security key")
    her.writes("Name", "My notebook")
    her.chooses("Passwordless")
    her.presses("Add")
    her.arrives("Recovery codes")

    signs_out(her, ada)
    her.arrives("Sign in")
    her.presses("Use a passkey")
    her.arrives("Good morning, Ada")
