"""Bring in the vendor's people, the customers, and how their tiers came about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from people.actions import (
    PastOrganization,
    PastPerson,
    import_organizations,
    import_people,
    name_account_team_member,
)
from people.models import AccountTeamMember, Membership, Organization, User
from portal.demo import staff
from portal.demo.accounts import ACCOUNTS, PROFESSIONAL, Account
from portal.demo.calendars import NEW_YORK_KEY, bring_in_calendars
from portal.demo.logins import DEMO_PASSWORD
from tickets.actions import set_queues
from tickets.models import Queue
from tiers.actions import (
    agree_custom_target,
    evaluate_organization,
    give_override,
    record_facts,
)
from tiers.default_program import AROUND_THE_CLOCK, HOUR

Duty = AccountTeamMember.Duty
# The portal has been in use for so long; before that there is no history of tiers.
IN_USE_FOR = timedelta(days=200)
STAFF_SINCE = timedelta(days=900)
MINUTE = 60

# account -> (severity, metric, target, floor, calendar, reason)
CUSTOM_TARGETS = {
    "kestrel": (
        (1, "first_reply", 30 * MINUTE, HOUR, AROUND_THE_CLOCK,
         "Contract K-2024-07, annex 3: validated cold chain, answer within 30 minutes"),
        (1, "resolution", 4 * HOUR, 8 * HOUR, AROUND_THE_CLOCK,
         "Contract K-2024-07, annex 3: critical incidents solved within 4 hours"),
    ),
    "greatbasin": (
        (2, "first_reply", 2 * HOUR, 4 * HOUR, AROUND_THE_CLOCK,
         "Renewal 2026: faster first answer, agreed instead of a discount"),
        (3, "first_reply", 3 * HOUR, 6 * HOUR, NEW_YORK_KEY,
         "Renewal 2026: faster first answer, agreed instead of a discount"),
    ),
}  # fmt: skip
OVERRIDDEN = "orchardlane"
OVERRIDE_REASON = (
    "Cold store in Joliet goes live this quarter; Enterprise cover until the peak is over. "
    "Renewal at 30,000 is being signed."
)


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody in the demo as they are stored."""

    organizations: Mapping[str, Organization]
    people: Mapping[str, User]
    queues: Mapping[str, Queue]
    account_team: Mapping[str, Mapping[str, User]]

    def contacts(self, account: Account) -> list[User]:
        """Return the people of a customer, the manager first."""
        return [self.people[contact.email(account.domain)] for contact in account.contacts]

    def colleague(self, name: str) -> User:
        """Return one of the vendor's people."""
        return next(self.people[person.email] for person in staff.STAFF if person.name == name)

    def agents_of(self, queue_key: str) -> list[User]:
        """Return the agents who serve a queue."""
        return [self.people[agent.email] for agent in staff.AGENTS if queue_key in agent.queues]


def bring_in_company(now: datetime) -> Company:
    """Store staff, customers, contacts, account teams and facts; return them."""
    people = import_people(
        pasts=[
            PastPerson(
                person.email,
                person.name,
                now - STAFF_SINCE,
                job_title=person.job_title,
                time_zone=person.zone,
                staff_role=person.role,
            )
            for person in staff.STAFF
        ],
        password=DEMO_PASSWORD,
    )
    ops = people[staff.OPS.email]
    found = import_organizations(
        pasts=[
            PastOrganization(
                account.name,
                account.external_id,
                now - timedelta(days=account.customer_for),
                domains=[account.domain],
                joins_by_domain=account.seats > 150,
            )
            for account in ACCOUNTS
        ],
        by=ops,
    )
    organizations = {account.key: found[account.external_id] for account in ACCOUNTS}
    people |= _bring_in_contacts(organizations, now)
    queues = {queue.key: queue for queue in Queue.objects.all()}
    for agent in staff.AGENTS:
        set_queues(
            agent=people[agent.email],
            queues=[queues[key] for key in agent.queues],
            by=ops,
            now=now - STAFF_SINCE,
        )
    company = Company(organizations, people, queues, {key: {} for key in organizations})
    _name_account_teams(company, now)
    return company


def _bring_in_contacts(organizations: Mapping[str, Organization], now: datetime) -> dict[str, User]:
    return import_people(
        pasts=[
            PastPerson(
                contact.email(account.domain),
                contact.name,
                now - timedelta(days=account.customer_for),
                job_title=contact.title,
                time_zone=contact.zone or account.zone,
                organization=organizations[account.key],
                membership_role=Membership.Role.MEMBER if place else Membership.Role.MANAGER,
            )
            for account in ACCOUNTS
            for place, contact in enumerate(account.contacts)
        ],
        password=DEMO_PASSWORD,
    )


def _name_account_teams(company: Company, now: datetime) -> None:
    duties = [
        (key, duty, name)
        for key, names in staff.ACCOUNT_MANAGERS.items()
        for duty, name in zip((Duty.TAM, Duty.BACKUP), names, strict=True)
    ]
    duties += [
        (account.key, Duty.SUCCESS, staff.SUCCESS_MANAGERS[place % len(staff.SUCCESS_MANAGERS)])
        for place, account in enumerate(PROFESSIONAL)
    ]
    for key, duty, name in duties:
        user = company.colleague(name)
        name_account_team_member(
            organization=company.organizations[key], user=user, duty=duty, now=now - IN_USE_FOR
        )
        company.account_team[key][duty] = user  # type: ignore[index]  # filled here alone


def tell_tiers(company: Company, now: datetime, *, until: datetime) -> None:
    """Record the facts that became known before an instant, and what follows from them."""
    _tell(company, now, now - IN_USE_FOR, until)


def tell_later_tiers(company: Company, now: datetime, *, since: datetime) -> None:
    """Record what became known from an instant on, and what contracts and people decided."""
    _tell(company, now, since, now + timedelta(seconds=1))
    bring_in_calendars(ops=company.people[staff.OPS.email], since=now - IN_USE_FOR, now=now)
    _agree_custom_targets(company, now)
    _give_override(company, now)


def _tell(company: Company, now: datetime, since: datetime, until: datetime) -> None:
    for account in ACCOUNTS:
        organization = company.organizations[account.key]
        told = [
            (max(now - timedelta(days=days_ago), now - IN_USE_FOR), place, acv)
            for place, (days_ago, acv) in enumerate(account.acv)
        ]
        # Days on which the nightly run came by: it judges, and nobody has said anything.
        looked_at = [(now - timedelta(days=days_ago), -1, 0) for days_ago in account.looked_at]
        for at, place, acv in sorted([*told, *looked_at]):
            if not since <= at < until:
                continue
            if place < 0:
                evaluate_organization(organization=organization, now=at)
                continue
            record_facts(
                organization=organization,
                values=_facts(account, acv, now) if place == 0 else {"acv": acv},
                source="ops",
                now=at,
                by=company.people[staff.OPS.email],
                note="" if place == 0 else "Renewal signed",
            )


def _facts(account: Account, acv: int, now: datetime) -> dict[str, object]:
    started = (now - timedelta(days=account.customer_for)).date()
    return {
        "acv": acv,
        "seats": account.seats,
        "usage_criticality": account.criticality,
        "strategic": "yes" if account.strategic else "no",
        "region": account.region,
        "contract_start": started.isoformat(),
        "contract_renewal": _anniversary(started, now.date()).isoformat(),
        **({"contract_floor": account.contract_floor} if account.contract_floor else {}),
    }


def _anniversary(started: date, today: date) -> date:
    """Return the first day after today on which the contract has run for whole years."""
    years = today.year - started.year
    while True:
        day = min(started.day, 28) if started.month == 2 else started.day
        found = date(started.year + years, started.month, day)
        if found > today:
            return found
        years += 1


def _agree_custom_targets(company: Company, now: datetime) -> None:
    for key, targets in CUSTOM_TARGETS.items():
        for severity, metric, target, floor, calendar, reason in targets:
            agree_custom_target(
                organization=company.organizations[key],
                severity=severity,
                metric=metric,
                target_seconds=target,
                floor_seconds=floor,
                calendar_key=calendar,
                reason=reason,
                approved_by=company.people[staff.OPS.email],
                valid_from=now - IN_USE_FOR,
                now=now,
            )


def _give_override(company: Company, now: datetime) -> None:
    starts = (now - timedelta(days=24)).date()
    give_override(
        organization=company.organizations[OVERRIDDEN],
        tier="enterprise",
        reason=OVERRIDE_REASON,
        requested_by=company.colleague("Daniel Brooks"),
        approved_by=company.people[staff.OPS.email],
        starts=starts,
        expires=starts + timedelta(days=75),
        now=datetime.combine(starts, time(14, 20), tzinfo=UTC),
    )
