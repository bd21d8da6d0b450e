"""Addresses of the ticket API, each with and without a slash at its end."""

from portal.kit.api_addresses import both
from tickets.api import clocks, reshaping, views, warning_views

urlpatterns = [
    *both("tickets", views.TicketsView, "api_tickets"),
    *both("tickets/<str:reference>", views.TicketView, "api_ticket"),
    *both("tickets/<str:reference>/clocks", clocks.ClocksView, "api_ticket_clocks"),
    *both("tickets/<str:reference>/replies", views.RepliesView, "api_ticket_replies"),
    *both("tickets/<str:reference>/status", views.StatusView, "api_ticket_status"),
    *both("tickets/<str:reference>/warnings", warning_views.WarningsView, "api_ticket_warnings"),
    *both(
        "tickets/<str:reference>/warnings/<int:pk>/acknowledge",
        warning_views.AcknowledgeView,
        "api_acknowledge",
    ),
    *both(
        "tickets/<str:reference>/no-reply-needed",
        reshaping.NoReplyNeededView,
        "api_ticket_no_reply_needed",
    ),
    *both("tickets/<str:reference>/merge", reshaping.MergeView, "api_ticket_merge"),
    *both("tickets/<str:reference>/split", reshaping.SplitView, "api_ticket_split"),
    *both("attachments/<str:public_id>", views.AttachmentView, "api_attachment"),
]
