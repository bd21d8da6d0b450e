"""The demo's customers, by the tier they have today."""

from portal.demo.accounts.enterprise import ENTERPRISE
from portal.demo.accounts.model import DEMO_PREFIX, Account, Contact
from portal.demo.accounts.professional import PROFESSIONAL
from portal.demo.accounts.starter import STARTER

ACCOUNTS = (*ENTERPRISE, *PROFESSIONAL, *STARTER)

__all__ = [
    "ACCOUNTS",
    "DEMO_PREFIX",
    "ENTERPRISE",
    "PROFESSIONAL",
    "STARTER",
    "Account",
    "Contact",
]
