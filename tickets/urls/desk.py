"""Addresses of the desk."""

from django.urls import path

from tickets.views.desk import (
    changing,
    clocks,
    composing,
    merging,
    overriding,
    queue,
    searching,
    splitting,
    ticket,
    warnings,
)

urlpatterns = [
    path("", queue.desk, name="desk"),
    path("views/<str:key>/", queue.desk_view, name="desk_view"),
    path("next/", queue.desk_take_next, name="desk_take_next"),
    path("warnings/", warnings.desk_warnings, name="desk_warnings"),
    path("search/", searching.desk_search, name="desk_search"),
    path("tickets/<str:reference>/", ticket.desk_ticket, name="desk_ticket"),
    path("tickets/<str:reference>/reply/", composing.desk_reply, name="desk_reply"),
    path("tickets/<str:reference>/assign/", changing.desk_assign, name="desk_assign"),
    path("tickets/<str:reference>/status/", changing.desk_status, name="desk_status"),
    path("tickets/<str:reference>/severity/", changing.desk_severity, name="desk_severity"),
    path("tickets/<str:reference>/clocks/", clocks.desk_clocks, name="desk_clocks"),
    path("tickets/<str:reference>/clocks/csv/", clocks.desk_clocks_csv, name="desk_clocks_csv"),
    path("tickets/<str:reference>/queue/", changing.desk_queue, name="desk_queue"),
    path(
        "tickets/<str:reference>/acknowledge/", warnings.desk_acknowledge, name="desk_acknowledge"
    ),
    path(
        "tickets/<str:reference>/no-reply-needed/",
        changing.desk_no_reply_needed,
        name="desk_no_reply_needed",
    ),
    path("tickets/<str:reference>/override/", overriding.desk_override, name="desk_override"),
    path(
        "tickets/<str:reference>/override/<int:pk>/withdraw/",
        overriding.desk_override_withdraw,
        name="desk_override_withdraw",
    ),
    path("tickets/<str:reference>/merge/", merging.desk_merge, name="desk_merge"),
    path("tickets/<str:reference>/split/<int:message>/", splitting.desk_split, name="desk_split"),
]
