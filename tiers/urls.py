"""Addresses of the tiers room: its ops pages, mounted inside the Wagtail admin."""

from django.urls import URLPattern, URLResolver, include, path

from tiers.views.ops import (
    accounts,
    calendar_draft,
    calendars,
    custom_targets,
    fact_imports,
    facts,
    organization,
    organizations,
    overrides,
    policy,
    policy_criteria,
    policy_history,
    policy_includes,
    policy_promises,
    policy_review,
    policy_run,
    policy_target,
    policy_versions,
)

_organization: list[URLPattern | URLResolver] = [
    path("", organization.organization, name="ops_organization"),
    path("history/", organization.organization_history, name="ops_organization_history"),
    path("evaluate/", organization.evaluate, name="ops_evaluate"),
    path("facts/", facts.facts, name="ops_facts"),
    path("override/", overrides.override, name="ops_override"),
    path("override/<int:pk>/extend/", overrides.extend, name="ops_override_extend"),
    path("override/<int:pk>/withdraw/", overrides.withdraw, name="ops_override_withdraw"),
    path("contract/", custom_targets.custom_targets, name="ops_custom_targets"),
    path("domains/", accounts.domain_add, name="ops_domain_add"),
    path("domains/<int:pk>/verify/", accounts.domain_verify, name="ops_domain_verify"),
    path("domains/<int:pk>/remove/", accounts.domain_remove, name="ops_domain_remove"),
    path("team/", accounts.team_name, name="ops_team_name"),
]

_request: list[URLPattern | URLResolver] = [
    path("", overrides.override_request, name="ops_override_request"),
    path("approve/", overrides.approve, name="ops_override_approve"),
    path("refuse/", overrides.refuse, name="ops_override_refuse"),
    path("withdraw/", overrides.request_withdraw, name="ops_override_request_withdraw"),
]

_calendar: list[URLPattern | URLResolver] = [
    path("", calendars.calendar, name="ops_calendar"),
    path("name/", calendars.calendar_name, name="ops_calendar_name"),
    path("feed/", calendars.calendar_feed, name="ops_calendar_feed"),
    path("draft/", calendar_draft.calendar_draft, name="ops_calendar_draft"),
    path("draft/start/", calendars.calendar_draft_start, name="ops_calendar_draft_start"),
    path("draft/discard/", calendars.calendar_draft_discard, name="ops_calendar_draft_discard"),
    path("draft/preview/", calendar_draft.calendar_preview, name="ops_calendar_preview"),
]

_version: list[URLPattern | URLResolver] = [
    path("", policy.policy_version, name="ops_policy_version"),
    path("draft/", policy_promises.policy_draft, name="ops_policy_draft"),
    path("run/", policy_run.policy_run, name="ops_policy_run"),
    path("rename/", policy_promises.policy_rename, name="ops_policy_rename"),
    path("discard/", policy_promises.policy_discard, name="ops_policy_discard"),
    path("rebase/", policy_promises.policy_rebase, name="ops_policy_rebase"),
    path("criteria/", policy_criteria.policy_criteria, name="ops_policy_criteria"),
    path(
        "criteria/check/", policy_criteria.policy_criteria_check, name="ops_policy_criteria_check"
    ),
    path("includes/<slug:tier>/", policy_includes.policy_includes, name="ops_policy_includes"),
    path("review/", policy_review.policy_review, name="ops_policy_review"),
    path("history/", policy_history.policy_history, name="ops_policy_history"),
    path("promises/", policy_promises.policy_promises, name="ops_policy_promises"),
    path(
        "promises/<slug:tier>/<int:severity>/<slug:metric>/",
        policy_target.policy_target,
        name="ops_policy_target",
    ),
    path(
        "promises/<slug:tier>/<int:severity>/<slug:metric>/withdraw/",
        policy_target.policy_target_withdraw,
        name="ops_policy_target_withdraw",
    ),
]

_import: list[URLPattern | URLResolver] = [
    path("", fact_imports.fact_import, name="ops_import"),
    path("columns/", fact_imports.columns, name="ops_import_columns"),
    path("apply/", fact_imports.apply, name="ops_import_apply"),
    path("cancel/", fact_imports.cancel, name="ops_import_cancel"),
    path("problems.csv", fact_imports.problems, name="ops_import_problems"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("calendars/", calendars.calendars, name="ops_calendars"),
    path("calendars/new/", calendars.calendar_new, name="ops_calendar_new"),
    path("calendars/<slug:key>/", include(_calendar)),
    path("imports/", fact_imports.imports, name="ops_imports"),
    path("imports/sample.csv", fact_imports.sample, name="ops_import_sample"),
    path("imports/<int:pk>/", include(_import)),
    path("organizations/", organizations.organizations, name="ops_organizations"),
    path("organizations/new/", organizations.organization_new, name="ops_organization_new"),
    path("organizations/<slug:public_id>/", include(_organization)),
    path("overrides/", overrides.overrides, name="ops_overrides"),
    path("overrides/<int:pk>/", include(_request)),
    path("policy/", policy.policy, name="ops_policy"),
    path("policy/versions/", policy_versions.policy_versions, name="ops_policy_versions"),
    path("policy/compare/", policy_versions.policy_compare, name="ops_policy_compare"),
    path("policy/<int:version>/", include(_version)),
    path("promises/", policy_promises.promises, name="ops_promises"),
]
