"""The only writers of the tickets room. Callers import from here."""

from tickets.actions.alerting import acknowledge, send_alerts
from tickets.actions.announcing import announce_clock_events
from tickets.actions.archiving_queues import empty_archived_queues
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
from tickets.actions.custom_slas import agree_custom_sla, end_custom_sla
from tickets.actions.following import follow, may_share, unfollow
from tickets.actions.following_tiers import follow_tiers, reconcile_tiers
from tickets.actions.importing import PastEvent, PastTicket, import_tickets
from tickets.actions.merging import merge_tickets
from tickets.actions.nightly import check_now, settle_discrepancy, start_nightly_check
from tickets.actions.no_reply_needed import mark_no_reply_needed
from tickets.actions.opening import open_ticket
from tickets.actions.publishing import (
    publish_calendar_version,
    publish_policy,
    retarget_organization,
)
from tickets.actions.rating import ask_for_ratings, rate, rating_link, read_rating_token
from tickets.actions.recomputing import advance_run, continue_runs, start_run
from tickets.actions.scheduled_publishing import publish_scheduled_policies
from tickets.actions.splitting import split_ticket
from tickets.actions.staffing import set_queues
from tickets.actions.sweeping import sweep_batch, sweep_clocks

__all__ = [
    "PastEvent",
    "PastTicket",
    "acknowledge",
    "advance_run",
    "agree_custom_sla",
    "announce_clock_events",
    "ask_for_ratings",
    "assign",
    "change_queue",
    "check_now",
    "close_solved_tickets",
    "continue_runs",
    "empty_archived_queues",
    "end_custom_sla",
    "follow",
    "follow_tiers",
    "import_tickets",
    "mark_no_reply_needed",
    "may_share",
    "merge_tickets",
    "open_ticket",
    "publish_calendar_version",
    "publish_policy",
    "publish_scheduled_policies",
    "rate",
    "rating_link",
    "read_rating_token",
    "readings_of",
    "reclock",
    "reconcile_tiers",
    "remove_orphans",
    "reply_as_agent",
    "reply_as_customer",
    "retarget_organization",
    "send_alerts",
    "set_queues",
    "set_severity",
    "set_status",
    "settle_discrepancy",
    "split_ticket",
    "start_nightly_check",
    "start_run",
    "sweep_batch",
    "sweep_clocks",
    "take_next",
    "unfollow",
]
