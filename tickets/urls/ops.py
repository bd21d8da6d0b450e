"""Addresses of the tickets room's ops pages, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, path

from tickets.views.ops import (
    custom_slas,
    explaining,
    previewing,
    publishing,
    queues,
    recomputing,
    repairs,
    routing_history,
    triggers,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("queues/", queues.queues, name="ops_queues"),
    path("new-queue/", queues.queue_new, name="ops_queue_new"),
    path("queues/<slug:key>/", queues.queue, name="ops_queue"),
    path("queues/<slug:key>/members/", queues.queue_members, name="ops_queue_members"),
    path("queues/<slug:key>/move/", queues.queue_move, name="ops_queue_move"),
    path("queues/<slug:key>/archive/", queues.queue_archive, name="ops_queue_archive"),
    path("queues/<slug:key>/revive/", queues.queue_revive, name="ops_queue_revive"),
    path("queues/<slug:key>/history/", routing_history.queue_history, name="ops_queue_history"),
    path("routing-history/", routing_history.routing_history, name="ops_routing_history"),
    path(
        "routing-history/<int:pk>/restore/",
        routing_history.routing_restore,
        name="ops_routing_restore",
    ),
    path("triggers/<int:pk>/history/", routing_history.trigger_history, name="ops_trigger_history"),
    path("triggers/", triggers.triggers, name="ops_triggers"),
    path("triggers/new/", triggers.trigger_new, name="ops_trigger_new"),
    path("triggers/explain/", explaining.triggers_explain, name="ops_triggers_explain"),
    path("triggers/<int:pk>/", triggers.trigger, name="ops_trigger"),
    path("triggers/<int:pk>/switch/", triggers.trigger_switch, name="ops_trigger_switch"),
    path("triggers/<int:pk>/move/", triggers.trigger_move, name="ops_trigger_move"),
    path("triggers/<int:pk>/remove/", triggers.trigger_remove, name="ops_trigger_remove"),
    path("policy/<int:version>/preview/", previewing.policy_preview, name="ops_policy_preview"),
    path(
        "policy/<int:version>/preview/accounts/",
        previewing.preview_accounts,
        name="ops_preview_accounts",
    ),
    path(
        "policy/<int:version>/preview/accounts.csv",
        previewing.preview_csv,
        name="ops_preview_csv",
    ),
    path("policy/<int:version>/publish/", publishing.policy_publish, name="ops_publish_policy"),
    path(
        "organizations/<slug:public_id>/contract/new/",
        custom_slas.custom_sla_new,
        name="ops_custom_sla_new",
    ),
    path(
        "organizations/<slug:public_id>/contract/<int:pk>/end/",
        custom_slas.custom_sla_end,
        name="ops_custom_sla_end",
    ),
    path("calendars/<slug:key>/publish/", publishing.calendar_publish, name="ops_publish_calendar"),
    path("recomputing/<int:pk>/", recomputing.recompute_run, name="ops_recompute_run"),
    path("repairs/", repairs.repairs, name="ops_repairs"),
    path("repairs/check/", repairs.clocks_check, name="ops_clocks_check"),
    path(
        "repairs/discrepancies/<int:pk>/settle/",
        repairs.discrepancy_settle,
        name="ops_discrepancy_settle",
    ),
    path("repairs/notices/retry/", repairs.notices_retry, name="ops_notices_retry"),
    path("repairs/notices/<int:pk>/retry/", repairs.notice_retry, name="ops_notice_retry"),
    path(
        "repairs/clocks/<str:reference>/recompute/",
        repairs.clocks_recompute,
        name="ops_clocks_recompute",
    ),
]
