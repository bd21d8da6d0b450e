"""Who one can be in the demo. Shown on the login page and in the terminal, in the demo alone."""

from typing import TypedDict

from django.utils.translation import gettext_noop as _

DEMO_PASSWORD = "harbour-demo-2026"  # noqa: S105  (public on purpose: it opens the demo alone)


class DemoLogin(TypedDict):
    """One login: ``role`` in words, ``who`` with the name, ``door`` as the terminal calls it."""

    label: str
    email: str
    password: str
    role: str
    door: str
    who: str


def _login(label: str, email: str, role: str, door: str) -> DemoLogin:
    return {
        "label": label,
        "email": email,
        "password": DEMO_PASSWORD,
        "role": role,
        "door": door,
        "who": f"{label} · {role}",
    }


ENTERPRISE_MANAGER = "solveig.halvorsen@halvorsen.example"
ENTERPRISE_COLLEAGUE = "mats.eriksen@halvorsen.example"
PROFESSIONAL = "freja.lund@cobaltcycles.example"
STARTER = "hazel.whitlock@sparrowcandles.example"
AGENT_OF_ALL = "mira.novak@tidewater.example"
AGENT_OF_GENERAL = "jonas.lindqvist@tidewater.example"
LEAD = "helen.marsh@tidewater.example"
OPS = "petra.vogel@tidewater.example"
ADMIN = "sam.whitaker@tidewater.example"

DEMO_LOGINS: tuple[DemoLogin, ...] = (
    _login("Solveig Halvorsen", ENTERPRISE_MANAGER, _("Enterprise customer, manager"), "Customers"),
    _login(
        "Mats Eriksen", ENTERPRISE_COLLEAGUE, _("Enterprise customer, her colleague"), "Customers"
    ),
    _login("Freja Lund", PROFESSIONAL, _("Professional customer"), "Customers"),
    _login("Hazel Whitlock", STARTER, _("Starter customer"), "Customers"),
    _login("Mira Novak", AGENT_OF_ALL, _("Agent, serves every queue"), "Agents"),
    _login("Jonas Lindqvist", AGENT_OF_GENERAL, _("Agent, serves General alone"), "Agents"),
    _login("Helen Marsh", LEAD, _("Lead, sees every queue"), "Agents"),
    _login("Petra Vogel", OPS, _("Ops: tiers, promises, reports"), "Ops"),
    _login("Sam Whitaker", ADMIN, _("Admin"), "Ops"),
)
