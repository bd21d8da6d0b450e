"""The only writers of the tiers room. Callers import from here."""

from tiers.actions.calendars import (
    create_calendar,
    discard_calendar_draft,
    draft_calendar_version,
    publish_calendar_version,
    rename_calendar,
    save_calendar_draft,
)
from tiers.actions.custom_targets import agree_custom_target, end_custom_target
from tiers.actions.evaluating import evaluate_organization, organizations_to_evaluate
from tiers.actions.facts import confirm_facts, record_facts
from tiers.actions.holiday_feeds import (
    feeds_to_look_at,
    look_at_holiday_feed,
    set_holiday_feed,
    warn_of_last_holidays,
)
from tiers.actions.importing import (
    apply_import,
    cancel_import,
    choose_columns,
    continue_fact_imports,
    upload_facts,
)
from tiers.actions.overriding import give_override, withdraw_override
from tiers.actions.policies import (
    discard_draft,
    draft_from_live,
    draft_from_version,
    rename_draft,
)
from tiers.actions.publishing import publish_policy
from tiers.actions.rebasing import rebase_draft
from tiers.actions.reporting_facts import report_facts
from tiers.actions.targets import set_target, withdraw_target

__all__ = [
    "agree_custom_target",
    "apply_import",
    "cancel_import",
    "choose_columns",
    "confirm_facts",
    "continue_fact_imports",
    "create_calendar",
    "discard_calendar_draft",
    "discard_draft",
    "draft_calendar_version",
    "draft_from_live",
    "draft_from_version",
    "end_custom_target",
    "evaluate_organization",
    "feeds_to_look_at",
    "give_override",
    "look_at_holiday_feed",
    "organizations_to_evaluate",
    "publish_calendar_version",
    "publish_policy",
    "rebase_draft",
    "record_facts",
    "rename_calendar",
    "rename_draft",
    "report_facts",
    "save_calendar_draft",
    "set_holiday_feed",
    "set_target",
    "upload_facts",
    "warn_of_last_holidays",
    "withdraw_override",
    "withdraw_target",
]
