"""Why a ticket's clocks say what they say: THE reading that every door shows.

`explain(ticket, now)` evaluates the clocks from the ticket's events and gives each a ledger that
adds up to the second, with who caused what, which calendar version counted and whose promise it
was. The pages of the desk and of the customer, the API, the CSV and `manage.py explain_ticket`
all read this one object, so that nobody is told another number than anybody else.
"""

from tickets.explaining.account import (
    Cause,
    ClockAccount,
    Correction,
    Segment,
    Step,
    TargetFacts,
    TicketAccount,
)
from tickets.explaining.reading import explain

__all__ = [
    "Cause",
    "ClockAccount",
    "Correction",
    "Segment",
    "Step",
    "TargetFacts",
    "TicketAccount",
    "explain",
]
