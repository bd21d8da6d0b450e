"""Addresses of the tickets room's ops pages, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, path

from tickets.views.ops import explaining, queues, repairs, triggers

urlpatterns: list[URLPattern | URLResolver] = [
    path("queues/", queues.queues, name="ops_queues"),
    path("new-queue/", queues.queue_new, name="ops_queue_new"),
    path("queues/<slug:key>/", queues.queue, name="ops_queue"),
    path("queues/<slug:key>/members/", queues.queue_members, name="ops_queue_members"),
    path("triggers/", triggers.triggers, name="ops_triggers"),
    path("triggers/new/", triggers.trigger_new, name="ops_trigger_new"),
    path("triggers/explain/", explaining.triggers_explain, name="ops_triggers_explain"),
    path("triggers/<int:pk>/", triggers.trigger, name="ops_trigger"),
    path("triggers/<int:pk>/switch/", triggers.trigger_switch, name="ops_trigger_switch"),
    path("triggers/<int:pk>/move/", triggers.trigger_move, name="ops_trigger_move"),
    path("triggers/<int:pk>/remove/", triggers.trigger_remove, name="ops_trigger_remove"),
    path("repairs/", repairs.repairs, name="ops_repairs"),
    path("repairs/notices/retry/", repairs.notices_retry, name="ops_notices_retry"),
    path("repairs/notices/<int:pk>/retry/", repairs.notice_retry, name="ops_notice_retry"),
    path(
        "repairs/clocks/<str:reference>/recompute/",
        repairs.clocks_recompute,
        name="ops_clocks_recompute",
    ),
]
