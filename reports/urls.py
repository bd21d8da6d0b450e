"""Addresses of the reports room, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, path

from reports.views import tiers

urlpatterns: list[URLPattern | URLResolver] = [
    path("reports/tiers/", tiers.tier_report, name="ops_tier_report"),
    path("reports/tiers/csv/", tiers.tier_report_csv, name="ops_tier_report_csv"),
]
