"""Tables of the tickets room. Callers import from here, not from the modules."""

from tickets.models.alert import ClockAlert
from tickets.models.clock import NO_PROMISE_RUNNING, Clock, ClockEvent, PromiseTerms
from tickets.models.conversation import Attachment, Message
from tickets.models.queue import Queue, QueueMember, Trigger
from tickets.models.rating import HandleTime, SatisfactionRating
from tickets.models.recompute import ClockDiscrepancy, RecomputeRun
from tickets.models.routing_change import RoutingChange
from tickets.models.ticket import Ticket, TicketEvent, TicketFollower, TicketQuerySet

__all__ = [
    "NO_PROMISE_RUNNING",
    "Attachment",
    "Clock",
    "ClockAlert",
    "ClockDiscrepancy",
    "ClockEvent",
    "HandleTime",
    "Message",
    "PromiseTerms",
    "Queue",
    "QueueMember",
    "RecomputeRun",
    "RoutingChange",
    "SatisfactionRating",
    "Ticket",
    "TicketEvent",
    "TicketFollower",
    "TicketQuerySet",
    "Trigger",
]
