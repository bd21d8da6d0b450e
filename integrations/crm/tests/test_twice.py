"""Every task of the sync may run twice with the effect of once."""

import pytest
from django.apps import apps
from django.db.models import Model

from integrations.crm import actions, tasks
from integrations.crm.models import CrmConnection, SyncRun
from tiers.models import AccountFact, TierAssignment

pytestmark = pytest.mark.django_db
TASKS = (
    tasks.follow_crms,
    tasks.poll_crms,
    tasks.compare_crms,
    tasks.write_tiers_back,
    tasks.forget_crm_history,
)


def rows() -> dict[str, int]:
    """Count everything that the sync writes; a run that looked again and found nothing aside."""
    models: list[type[Model]] = [*apps.get_app_config("crm").get_models(), AccountFact]
    models.append(TierAssignment)
    return {model.__name__: model._default_manager.count() for model in models if model != SyncRun}


@pytest.fixture
def busy(crm, customer, oscar):
    """A connection in which every task finds something to do."""
    actions.set_write_back(
        connection=crm.connection, field="support_tier", values={"enterprise": "Platinum"},
        by=oscar, now=crm.now,
    )  # fmt: skip
    company, _organization = customer(acv="4000")
    other, _other = customer("Other", acv="500")
    crm.tick(40 * 86_400)
    crm.change(company, acv="31000")
    crm.deliver()
    crm.change(other, acv="7000")
    crm.account.webhooks.waiting.clear()
    CrmConnection.objects.update(next_poll_at=crm.now, next_reconcile_at=crm.now)
    return crm


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name.rsplit(".")[-1])
def test_a_task_of_the_sync_that_runs_twice_does_its_work_once(busy, task):
    before = rows()
    task()
    after_one = rows()
    assert after_one != before or task is tasks.forget_crm_history
    busy.tick()
    CrmConnection.objects.update(next_poll_at=busy.now, next_reconcile_at=busy.now)
    task()
    assert rows() == after_one


def test_all_tasks_over_and_over_end_in_the_same_state(busy):
    for _round in range(3):
        for task in TASKS:
            busy.tick()
            busy.account.webhooks.deliver()
            CrmConnection.objects.update(next_poll_at=busy.now, next_reconcile_at=busy.now)
            task()
    settled = rows()
    for task in TASKS:
        busy.tick()
        busy.account.webhooks.deliver()
        CrmConnection.objects.update(next_poll_at=busy.now, next_reconcile_at=busy.now)
        task()
    assert rows() == settled
