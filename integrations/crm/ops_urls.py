"""Addresses of the ops pages about CRMs, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, include, path

from integrations.crm.views import connections, inbox, ledger, mapping

_connection: list[URLPattern | URLResolver] = [
    path("", connections.connection, name="ops_crm_connection"),
    path("edit/", connections.connection_edit, name="ops_crm_edit"),
    path("address/", connections.connection_address, name="ops_crm_address"),
    path("do/<slug:act>/", connections.connection_act, name="ops_crm_act"),
    path("fields/", mapping.fields, name="ops_crm_fields"),
    path("fields/load/", mapping.fields_load, name="ops_crm_fields_load"),
    path("fields/try/", mapping.fields_try, name="ops_crm_try"),
    path("fields/rate/", mapping.rate_set, name="ops_crm_rate"),
    path("fields/tier/", mapping.write_back, name="ops_crm_write_back"),
    path("fields/of/<slug:fact>/", mapping.field_map, name="ops_crm_map"),
    path("companies/", inbox.inbox, name="ops_crm_inbox"),
    path("companies/<int:pk>/", inbox.record, name="ops_crm_record"),
    path("companies/<int:pk>/<slug:act>/", inbox.record_act, name="ops_crm_record_act"),
    path("drift/", ledger.drift, name="ops_crm_drift"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("crm/", connections.connections, name="ops_crm"),
    path("crm/ledger/", ledger.ledger, name="ops_crm_ledger"),
    path("crm/new/<slug:vendor>/", connections.connection_new, name="ops_crm_new"),
    path("crm/<slug:public_id>/", include(_connection)),
]
