"""Addresses of the API about accounts."""

from portal.kit.api_addresses import both
from tiers.api import views

urlpatterns = both("organizations/<str:external_id>/facts", views.FactsView, "api_facts")
