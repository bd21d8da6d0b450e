"""The only writers of the tiers room. Callers import from here."""

from tiers.actions.applying import continue_applying
from tiers.actions.calendars import (
    create_calendar,
    discard_calendar_draft,
    draft_calendar_version,
    publish_calendar_version,
    rename_calendar,
    save_calendar_draft,
)
from tiers.actions.criteria import save_criteria
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
from tiers.actions.override_days import overrides_to_tend, tend_override
from tiers.actions.overriding import (
    approve_override,
    extend_override,
    give_override,
    refuse_override,
    request_override,
    withdraw_override,
    withdraw_request,
)
from tiers.actions.policies import (
    discard_draft,
    draft_from_live,
    draft_from_version,
    rename_draft,
)
from tiers.actions.promises import set_promise
from tiers.actions.publishing import publish_policy
from tiers.actions.rebasing import rebase_draft
from tiers.actions.reporting_facts import report_facts
from tiers.actions.reviewing import (
    ask_for_changes,
    ask_for_review,
    comment_on_policy,
    sign_off,
    take_back,
)
from tiers.actions.scheduling import cancel_schedule, schedule_policy
from tiers.actions.standings import check_standings
from tiers.actions.targets import set_target, withdraw_target

__all__ = [
    "agree_custom_target",
    "apply_import",
    "approve_override",
    "ask_for_changes",
    "ask_for_review",
    "cancel_import",
    "cancel_schedule",
    "check_standings",
    "choose_columns",
    "comment_on_policy",
    "confirm_facts",
    "continue_applying",
    "continue_fact_imports",
    "create_calendar",
    "discard_calendar_draft",
    "discard_draft",
    "draft_calendar_version",
    "draft_from_live",
    "draft_from_version",
    "end_custom_target",
    "evaluate_organization",
    "extend_override",
    "feeds_to_look_at",
    "give_override",
    "look_at_holiday_feed",
    "organizations_to_evaluate",
    "overrides_to_tend",
    "publish_calendar_version",
    "publish_policy",
    "rebase_draft",
    "record_facts",
    "refuse_override",
    "rename_calendar",
    "rename_draft",
    "report_facts",
    "request_override",
    "save_calendar_draft",
    "save_criteria",
    "schedule_policy",
    "set_holiday_feed",
    "set_promise",
    "set_target",
    "sign_off",
    "take_back",
    "tend_override",
    "upload_facts",
    "warn_of_last_holidays",
    "withdraw_override",
    "withdraw_request",
    "withdraw_target",
]
