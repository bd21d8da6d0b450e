"""Addresses of the tiers room: its ops pages, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, include, path

from tiers.views.ops import accounts, facts, organization, organizations, overrides, policy

_organization: list[URLPattern | URLResolver] = [
    path("", organization.organization, name="ops_organization"),
    path("evaluate/", organization.evaluate, name="ops_evaluate"),
    path("facts/", facts.facts, name="ops_facts"),
    path("override/", overrides.override, name="ops_override"),
    path("override/<int:pk>/withdraw/", overrides.withdraw, name="ops_override_withdraw"),
    path("domains/", accounts.domain_add, name="ops_domain_add"),
    path("domains/<int:pk>/verify/", accounts.domain_verify, name="ops_domain_verify"),
    path("domains/<int:pk>/remove/", accounts.domain_remove, name="ops_domain_remove"),
    path("team/", accounts.team_name, name="ops_team_name"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("organizations/", organizations.organizations, name="ops_organizations"),
    path("organizations/new/", organizations.organization_new, name="ops_organization_new"),
    path("organizations/<slug:public_id>/", include(_organization)),
    path("policy/", policy.policy, name="ops_policy"),
    path("policy/<int:version>/", policy.policy_version, name="ops_policy_version"),
]
