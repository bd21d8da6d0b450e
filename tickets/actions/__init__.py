"""The only writers of the tickets room. Callers import from here."""

from tickets.actions.announcing import announce_clock_events
from tickets.actions.attaching import remove_orphans
from tickets.actions.changing import (
    assign,
    change_queue,
    close_solved_tickets,
    set_severity,
    set_status,
    take_next,
)
from tickets.actions.clocks import readings_of, reclock
from tickets.actions.conversing import reply_as_agent, reply_as_customer
from tickets.actions.following import follow, may_share, unfollow
from tickets.actions.importing import PastEvent, PastTicket, import_tickets
from tickets.actions.opening import open_ticket
from tickets.actions.rating import ask_for_ratings, rate, rating_link, read_rating_token
from tickets.actions.staffing import set_queues
from tickets.actions.sweeping import sweep_batch, sweep_clocks

__all__ = [
    "PastEvent",
    "PastTicket",
    "announce_clock_events",
    "ask_for_ratings",
    "assign",
    "change_queue",
    "close_solved_tickets",
    "follow",
    "import_tickets",
    "may_share",
    "open_ticket",
    "rate",
    "rating_link",
    "read_rating_token",
    "readings_of",
    "reclock",
    "remove_orphans",
    "reply_as_agent",
    "reply_as_customer",
    "set_queues",
    "set_severity",
    "set_status",
    "sweep_batch",
    "sweep_clocks",
    "take_next",
    "unfollow",
]
