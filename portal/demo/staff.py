"""Tidewater's own people: who they are, which queues they serve, whom they are named to."""

from dataclasses import dataclass

from portal.demo import logins

ENTERPRISE, PROFESSIONAL, GENERAL = "enterprise", "professional", "general"


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the vendor's people. Signs mails with the first name."""

    name: str
    email: str
    role: str
    job_title: str
    zone: str
    queues: tuple[str, ...] = ()


def _agent(name: str, job_title: str, zone: str, *queues: str, email: str = "") -> Colleague:
    address = email or f"{name.lower().replace(' ', '.')}@tidewater.example"
    return Colleague(name, address, "agent", job_title, zone, queues)


AGENTS = (
    _agent(
        "Mira Novak", "Senior Support Engineer", "Europe/Berlin",
        ENTERPRISE, PROFESSIONAL, GENERAL, email=logins.AGENT_OF_ALL,
    ),
    _agent(
        "Tomás Herrera", "Technical Account Manager", "Europe/Madrid", ENTERPRISE,
        email="tomas.herrera@tidewater.example",
    ),
    _agent("Aisha Rahman", "Technical Account Manager", "Europe/London", ENTERPRISE),
    _agent("Kenji Watanabe", "Technical Account Manager", "Asia/Tokyo", ENTERPRISE),
    _agent("Grace Okafor", "Senior Support Engineer", "Africa/Lagos", ENTERPRISE, PROFESSIONAL),
    _agent(
        "Daniel Brooks", "Technical Account Manager", "America/New_York", ENTERPRISE, PROFESSIONAL
    ),
    _agent("Clara Baumann", "Customer Success Manager", "Europe/Berlin", PROFESSIONAL, GENERAL),
    _agent("Luca Marchetti", "Customer Success Manager", "Europe/Rome", PROFESSIONAL),
    _agent("Ewa Kowalczyk", "Customer Success Manager", "Europe/Warsaw", PROFESSIONAL, GENERAL),
    _agent(
        "Jonas Lindqvist", "Support Engineer", "Europe/Stockholm", GENERAL,
        email=logins.AGENT_OF_GENERAL,
    ),
    _agent("Nadia Haddad", "Support Engineer", "Africa/Casablanca", GENERAL),
    _agent("Pieter de Vries", "Support Engineer", "Europe/Amsterdam", GENERAL,
           email="pieter.devries@tidewater.example"),
)  # fmt: skip
LEADS = (
    Colleague("Helen Marsh", logins.LEAD, "lead", "Head of Support", "Europe/London"),
    Colleague(
        "Rashid Karim", "rashid.karim@tidewater.example", "lead", "Support Team Lead",
        "Europe/Berlin",
    ),
)  # fmt: skip
OPS = Colleague("Petra Vogel", logins.OPS, "ops", "Support Operations Manager", "Europe/Berlin")
ADMIN = Colleague("Sam Whitaker", logins.ADMIN, "admin", "IT Administrator", "Europe/London")
STAFF = (*AGENTS, *LEADS, OPS, ADMIN)

# Enterprise account -> (Technical Account Manager, backup)
ACCOUNT_MANAGERS = {
    "halvorsen": ("Aisha Rahman", "Mira Novak"),
    "kestrel": ("Tomás Herrera", "Aisha Rahman"),
    "bramblefinch": ("Aisha Rahman", "Grace Okafor"),
    "sakuraparts": ("Kenji Watanabe", "Daniel Brooks"),
    "greatbasin": ("Daniel Brooks", "Grace Okafor"),
    "rheintal": ("Tomás Herrera", "Mira Novak"),
    "banksia": ("Kenji Watanabe", "Tomás Herrera"),
    "orchardlane": ("Daniel Brooks", "Aisha Rahman"),
}
# Professional accounts are shared out among these, in order.
SUCCESS_MANAGERS = ("Clara Baumann", "Luca Marchetti", "Ewa Kowalczyk", "Grace Okafor")
