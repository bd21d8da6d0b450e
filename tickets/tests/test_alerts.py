"""Warnings and breaches on their way to people: roles, quiet hours, acknowledgement."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from conftest import TUESDAY
from people.actions import name_account_team_member, set_active
from people.models import Notice, User
from people.viewers import viewer_of
from portal.kit.refused import NotPermitted, Refused
from tickets import actions
from tickets.actions import alerting, telling
from tickets.actions.recipients import Roster
from tickets.models import ClockAlert, ClockEvent, PromiseTerms, Queue, QueueMember, Ticket, Trigger
from tickets.tests.alert_kit import mails_to, outcomes, ring

pytestmark = pytest.mark.django_db

Opened = Callable[..., Ticket]


def after(minutes: float) -> datetime:
    return TUESDAY + timedelta(minutes=minutes)


def night(user: User, **changes: object) -> None:
    """Give somebody quiet hours that it is in, on Tuesday from 10:30 to 13:00 in Berlin."""
    values = {"quiet_from": time(10, 30), "quiet_until": time(13), **changes}
    User.objects.filter(pk=user.pk).update(**values)


def promised(ticket: Ticket, tell: dict[str, list[str]], warn_at: list[int]) -> None:
    """Change what the terms of a ticket say about its first reply, as a new policy would."""
    content = PromiseTerms.objects.get(pk=ticket.terms_id).content
    targets = [
        {**target, "tell": tell, "warn_at": warn_at}
        if target["metric"] == "first_reply"
        else target
        for target in content["targets"]
    ]
    digest = f"ladder-{ticket.pk}"
    terms = PromiseTerms.objects.create(
        digest=digest, policy_version=1, tier=ticket.tier,
        content={**content, "key": digest, "targets": targets},
    )  # fmt: skip
    ticket.events.filter(kind="opened").update(terms=terms)
    ticket.clocks.all().delete()
    Ticket.objects.filter(pk=ticket.pk).update(terms=terms)
    ticket.refresh_from_db()
    actions.reclock(ticket, TUESDAY)
    ticket.save()


# --- Who ----------------------------------------------------------------------


def test_each_step_reaches_the_roles_that_the_promise_names(
    ada: User, agnes: User, lena: User, root: User, open_for: Opened
) -> None:
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    ticket = open_for(ada, severity=1)
    name_account_team_member(
        organization=ticket.organization, user=root, duty="backup", now=TUESDAY
    )
    actions.assign(ticket=ticket, agent=agnes, by=lena, now=TUESDAY)
    for minutes in (31, 46, 55, 61):
        ring(after(minutes))
    assert outcomes() == {
        ("Agnes", 75): "told", ("Agnes", 90): "told", ("Lena", 90): "told",
        ("Agnes", 100): "told", ("Lena", 100): "told", ("Ruth", 100): "told",
    }  # fmt: skip
    roles = ClockAlert.objects.filter(event__step=100).values_list("recipient__name", "role")
    assert set(roles) == {
        ("Agnes Agent", "assignee"), ("Lena Lead", "lead"), ("Ruth Root", "account_team"),
    }  # fmt: skip


def test_a_step_that_nobody_would_hear_goes_up_to_the_leads_and_then_to_the_admins(
    ada: User, lena: User, root: User, open_for: Opened
) -> None:
    open_for(ada, severity=1)
    ring(after(46))
    assert outcomes() == {("Lena", 75): "told"}
    set_active(user=lena, is_active=False, by=root)
    ring(after(55))
    assert outcomes() == {("Lena", 75): "told", ("Ruth", 90): "told"}


def test_a_lead_who_serves_the_queue_hears_instead_of_all_leads(
    ada: User, lena: User, open_for: Opened
) -> None:
    other = User.objects.create(email="luis@tidewater.example", name="Luis", staff_role="lead")
    ticket = open_for(ada, severity=1)
    QueueMember.objects.create(queue=ticket.queue, agent=other)
    ring(after(55))
    assert outcomes() == {("Luis", 90): "told", ("Luis", 75): "not_needed"}


def test_nobody_is_told_of_a_ticket_they_may_not_see(
    ada: User, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1)  # waits in Enterprise Support; Agnes serves General
    name_account_team_member(organization=ticket.organization, user=agnes, duty="tam", now=TUESDAY)
    ring(after(61))
    assert {name for name, _step in outcomes()} == {"Lena"}
    roster = Roster.of([ticket], after(61))
    for user in (agnes, lena):
        visible = Ticket.objects.visible_to(viewer_of(user)).filter(pk=ticket.pk).exists()
        assert roster.may_see(user, ticket) is visible


def test_a_step_before_the_end_rings_and_one_that_is_not_named_does_not(
    ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1)
    promised(ticket, {"-15": ["lead"], "100": ["lead"]}, [-15, 50])
    ring(after(46))
    [mail] = mails_to(lena)
    assert mail.subject.startswith(f"[{ticket.reference}] First reply 15 min before the end, due")
    assert f"{ticket.reference}: “First reply”, 15 min before the end" in mail.body_text
    assert set(ClockEvent.objects.values_list("step", flat=True)) == {50, -15}


def test_a_trigger_adds_to_the_ladder_and_who_is_named_twice_is_told_once(
    ada: User, lena: User, root: User, open_for: Opened
) -> None:
    Trigger.objects.create(
        name="Half time", event="sla_warning", position=10,
        conditions={"all": [{"field": "step", "op": "at_most", "value": 75}]},
        actions=[{"do": "notify", "value": "lead"}, {"do": "add_tag", "value": "slow"}],
    )  # fmt: skip
    ticket = open_for(ada, severity=1)
    ring(after(31))
    ring(after(46))
    assert outcomes() == {("Lena", 50): "told", ("Lena", 75): "told"}
    ticket.refresh_from_db()
    assert ticket.tags == ["slow"]


def test_a_trigger_that_makes_it_more_severe_moves_the_clocks_at_once(
    stella: User, lena: User, open_for: Opened
) -> None:
    Trigger.objects.create(
        name="Worse", event="sla_warning", position=10, conditions={},
        actions=[{"do": "set_severity", "value": 1}],
    )  # fmt: skip
    ticket = open_for(stella, severity=2)
    first = ticket.clocks.get(metric="first_reply")
    ring(after(4 * 60 + 1))
    first.refresh_from_db()
    assert (first.severity, first.target_seconds) == (1, 4 * 3600)
    assert first.status == "breached"


# --- When ---------------------------------------------------------------------


def test_a_warning_waits_for_the_end_of_quiet_hours_and_is_dropped_when_answered(
    paul: User, agnes: User, lena: User, open_for: Opened
) -> None:
    night(lena, quiet_from=time(9), quiet_until=time(16))
    answered, waiting = open_for(paul, severity=2), open_for(paul, severity=2)
    ring(after(3 * 60 + 37))  # 90 % of four hours
    assert not mails_to(lena)
    actions.reply_as_agent(ticket=answered, author=lena, body="Here", now=after(220))
    actions.send_alerts(now=datetime(2026, 3, 10, 15, 0, tzinfo=UTC))
    # The one that nobody answered is broken since, and said as what it is now.
    [mail] = mails_to(lena)
    assert waiting.reference in mail.subject
    assert answered.reference not in mail.subject


def test_what_was_broken_in_quiet_hours_is_in_one_mail_when_they_end(
    paul: User, lena: User, root: User, open_for: Opened
) -> None:
    night(lena, quiet_from=time(9), quiet_until=time(20))
    tickets = [open_for(paul, severity=3) for _number in range(2)]
    for minutes in (6 * 60, 24 * 60 + 120):
        ring(after(minutes))
    assert not mails_to(lena)
    seen = ClockEvent.objects.filter(ticket=tickets[0]).order_by("at").last()
    assert seen
    actions.acknowledge(ticket=tickets[0], event=seen, by=root, now=after(25 * 60))
    actions.send_alerts(now=datetime(2026, 3, 11, 19, 0, tzinfo=UTC))
    [mail] = mails_to(lena)
    assert mail.kind == "clock_digest"
    assert "2 promises at risk or broken" in mail.subject
    for ticket in tickets:
        assert f"http://localhost:8000/desk/tickets/{ticket.reference}/" in mail.body_text
    assert "Ruth Root takes care of it" in mail.body_text


def test_what_is_critical_rings_in_quiet_hours_unless_the_person_wants_none(
    ada: User, lena: User, open_for: Opened
) -> None:
    night(lena)
    open_for(ada, severity=1)
    ring(after(55))
    assert len(mails_to(lena)) == 1
    night(lena, critical_when_quiet=False)
    ring(after(61))
    assert len(mails_to(lena)) == 1
    actions.send_alerts(now=datetime(2026, 3, 10, 12, 0, tzinfo=UTC))
    assert [mail.kind for mail in mails_to(lena)] == ["clock_warning", "clock_breach"]


def test_who_switched_them_off_hears_of_a_critical_breach_alone(
    ada: User, paul: User, lena: User, open_for: Opened
) -> None:
    User.objects.filter(pk=lena.pk).update(mail_on_clock=False)
    open_for(ada, severity=1)
    ring(after(55))
    assert outcomes() == {("Lena", 75): "not_wanted", ("Lena", 90): "not_wanted"}
    ring(after(61))
    assert [mail.kind for mail in mails_to(lena)] == ["clock_breach"]


def test_an_alert_that_cannot_be_written_does_not_hold_up_the_persons_others(
    ada: User, lena: User, open_for: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = open_for(ada, severity=1), open_for(ada, severity=1)
    real = telling.tell_clock_event

    def broken(event: ClockEvent, user: User, now: datetime) -> None:
        if event.ticket_id == bad.pk:
            raise RuntimeError("no such template")
        real(event, user, now)

    monkeypatch.setattr(alerting, "tell_clock_event", broken)
    ring(after(46))
    assert [mail.about for mail in mails_to(lena)] == [f"ticket:{good.pk}"]
    monkeypatch.undo()
    assert actions.send_alerts(now=after(48)) == 0
    assert actions.send_alerts(now=after(54)) == 1
    assert len(mails_to(lena)) == 2


# --- Acknowledging ------------------------------------------------------------


@pytest.fixture
def warned(ada: User, agnes: User, lena: User, root: User, open_for: Opened) -> Ticket:
    """A critical ticket of Agnes's, of which 75 % were announced and not yet told."""
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    ticket = open_for(ada, severity=1)
    actions.assign(ticket=ticket, agent=agnes, by=lena, now=TUESDAY)
    actions.sweep_clocks(now=after(46))
    actions.announce_clock_events(now=after(46))
    return ticket


def event_at(ticket: Ticket, step: int) -> ClockEvent:
    return ClockEvent.objects.get(ticket=ticket, clock__metric="first_reply", step=step)


def test_acknowledging_silences_this_step_and_earlier_ones_and_is_on_record(
    warned: Ticket, agnes: User, lena: User
) -> None:
    actions.acknowledge(ticket=warned, event=event_at(warned, 75), by=lena, now=after(47))
    actions.send_alerts(now=after(48))
    assert outcomes() == {("Agnes", 75): "not_needed"}
    assert event_at(warned, 50).acknowledged_by == lena
    told = warned.events.get(kind="acknowledged")
    assert (told.actor, told.old, told.new) == (lena, "75", "first_reply")
    assert not told.is_public


def test_whoever_acknowledged_first_stays_and_nothing_is_recorded_twice(
    warned: Ticket, agnes: User, lena: User
) -> None:
    for by in (agnes, lena, agnes):
        seen = actions.acknowledge(ticket=warned, event=event_at(warned, 75), by=by, now=after(47))
        assert seen.acknowledged_by == agnes
    assert warned.events.filter(kind="acknowledged").count() == 1


def test_after_somebody_elses_acknowledgement_the_next_step_still_rings(
    warned: Ticket, agnes: User, lena: User, root: User
) -> None:
    actions.acknowledge(ticket=warned, event=event_at(warned, 75), by=root, now=after(47))
    ring(after(55))
    assert outcomes()[("Agnes", 90)] == "told"


def test_after_the_assignees_acknowledgement_no_warning_rings_but_the_breach_does(
    warned: Ticket, agnes: User, lena: User
) -> None:
    actions.acknowledge(ticket=warned, event=event_at(warned, 75), by=agnes, now=after(47))
    ring(after(55))
    assert outcomes()[("Lena", 90)] == "not_needed"
    ring(after(61))
    assert outcomes()[("Lena", 100)] == "told"


def test_an_acknowledgement_no_longer_counts_as_the_assignees_once_somebody_else_has_it(
    warned: Ticket, agnes: User, lena: User
) -> None:
    actions.acknowledge(ticket=warned, event=event_at(warned, 75), by=agnes, now=after(47))
    actions.assign(ticket=warned, agent=lena, by=lena, now=after(50))
    ring(after(55))
    assert outcomes()[("Lena", 90)] == "told"


def test_only_who_works_tickets_acknowledges_and_only_what_belongs_to_the_ticket(
    warned: Ticket, ada: User, oscar: User, lena: User, open_for: Opened
) -> None:
    event = event_at(warned, 75)
    for by in (ada, oscar):
        with pytest.raises(NotPermitted):
            actions.acknowledge(ticket=warned, event=event, by=by, now=after(47))
    with pytest.raises(Refused) as refused:
        actions.acknowledge(ticket=open_for(ada), event=event, by=lena, now=after(47))
    assert refused.value.code == "not_of_this_ticket"


def test_a_digest_speaks_its_readers_language_and_zone(
    ada: User, lena: User, open_for: Opened
) -> None:
    User.objects.filter(pk=lena.pk).update(time_zone="America/New_York")
    for _number in range(7):  # three ring, and four come together
        open_for(ada, severity=1)
    ring(after(61))
    actions.send_alerts(now=after(65))
    [digest] = mails_to(lena, "clock_digest")
    assert ", 06:00 EDT" in digest.body_text
    for text in (digest.subject, digest.body_text, digest.body_html):
        for left in ("{{", "{%", "None", "&amp;amp;"):
            assert left not in text
    assert not Notice.objects.filter(kind="clock_digest", about__startswith="ticket").exists()
