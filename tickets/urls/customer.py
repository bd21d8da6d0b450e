"""Addresses of the customer pages."""

from django.urls import path

from tickets.views.customer import (
    attachment,
    home,
    my_tickets,
    new_ticket,
    promises,
    rating,
    ticket,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("tickets/", my_tickets.ticket_list, name="ticket_list"),
    path("tickets/new/", new_ticket.ticket_new, name="ticket_new"),
    path("tickets/<str:reference>/", ticket.ticket_page, name="ticket"),
    path("tickets/<str:reference>/reply/", ticket.ticket_reply, name="ticket_reply"),
    path("tickets/<str:reference>/solve/", ticket.ticket_solve, name="ticket_solve"),
    path("tickets/<str:reference>/reopen/", ticket.ticket_reopen, name="ticket_reopen"),
    path("tickets/<str:reference>/follow/", ticket.ticket_follow, name="ticket_follow"),
    path("tickets/<str:reference>/unfollow/", ticket.ticket_unfollow, name="ticket_unfollow"),
    path("tickets/<str:reference>/rate/", rating.ticket_rate, name="ticket_rate"),
    path("tickets/<str:reference>/promises/", promises.ticket_promises, name="ticket_promises"),
    path(
        "tickets/<str:reference>/promises/csv/",
        promises.ticket_promises_csv,
        name="ticket_promises_csv",
    ),
    path("rate/<str:token>/", rating.rate_by_link, name="rate_by_link"),
    path("files/<str:public_id>/", attachment.attachment, name="attachment"),
]
