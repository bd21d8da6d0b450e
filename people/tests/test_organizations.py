"""Organizations, their domains, and the vendor's people named to them."""

from datetime import timedelta

import pytest

from conftest import TUESDAY
from people.actions import (
    add_domain,
    create_organization,
    create_user,
    name_account_team_member,
    remove_domain,
    set_joining,
    set_suspended,
    verify_domain,
)
from people.models import AccountTeamMember, Membership, Organization, OrganizationDomain, User
from portal.kit.refused import InvalidInput, NotPermitted, Refused

pytestmark = pytest.mark.django_db


def test_an_organization_has_a_name_and_an_id_nobody_guesses() -> None:
    one, other = create_organization(name=" Acme "), create_organization(name="Acme")
    assert one.name == "Acme"
    assert len(one.public_id) == 12
    assert one.public_id != other.public_id
    with pytest.raises(InvalidInput):
        create_organization(name="  ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.com", "example.com"),
        (" @Example.COM. ", "example.com"),
        ("mail.example.co.uk", "mail.example.co.uk"),
        ("müller.example", "müller.example"),
    ],
)
def test_a_domain_is_kept_in_one_spelling(enterprise: Organization, typed: str, kept: str) -> None:
    assert add_domain(organization=enterprise, domain=typed).domain == kept
    add_domain(organization=enterprise, domain=kept)
    assert enterprise.domains.count() == 1


@pytest.mark.parametrize(
    "typed",
    ["", "com", "a b.example", "x@y.example", "-a.example", "a..example", "http://a.example",
     "a.example/b", "a" * 64 + ".example", ".example", "a.example\nb", "%.example"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(enterprise: Organization, typed: str) -> None:
    with pytest.raises(InvalidInput):
        add_domain(organization=enterprise, domain=typed)


def test_a_domain_of_everybody_belongs_to_nobody(enterprise: Organization) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_domain(organization=enterprise, domain="GMail.com")
    assert refused.value.code == "domain_public"


def test_an_organization_has_twenty_domains_at_most(enterprise: Organization) -> None:
    for number in range(20):
        add_domain(organization=enterprise, domain=f"d{number}.example")
    with pytest.raises(Refused):
        add_domain(organization=enterprise, domain="d20.example")


@pytest.mark.parametrize("who", ["ada", "colin", "agnes", "lena", "olga"])
def test_only_ops_verify_a_domain(
    who: str, enterprise: Organization, request: pytest.FixtureRequest
) -> None:
    domain = add_domain(organization=enterprise, domain="analytical.example")
    with pytest.raises(NotPermitted):
        verify_domain(domain=domain, by=request.getfixturevalue(who), now=TUESDAY)


def test_a_domain_is_verified_for_one_organization(
    enterprise: Organization, professional: Organization, oscar: User
) -> None:
    first = add_domain(organization=enterprise, domain="shared.example")
    second = add_domain(organization=professional, domain="shared.example")
    verify_domain(domain=first, by=oscar, now=TUESDAY)
    verify_domain(domain=first, by=oscar, now=TUESDAY + timedelta(days=1))
    with pytest.raises(Refused) as refused:
        verify_domain(domain=second, by=oscar, now=TUESDAY)
    assert refused.value.code == "domain_taken"
    first.refresh_from_db()
    assert (first.verified_at, first.verified_by) == (TUESDAY, oscar)


def test_verifying_brings_in_who_proved_an_address_before(
    enterprise: Organization, oscar: User
) -> None:
    early = create_user(email="early@analytical.example", email_is_verified=True)
    create_user(email="unproved@analytical.example")
    create_user(email="x@evilanalytical.example", email_is_verified=True)
    create_user(email="x@sub.analytical.example", email_is_verified=True)
    domain = add_domain(organization=enterprise, domain="analytical.example")
    verify_domain(domain=domain, by=oscar, now=TUESDAY)
    assert [row.user for row in Membership.objects.filter(status="waiting")] == [early]


def test_managers_name_and_remove_domains_others_do_not(
    enterprise: Organization, ada: User, colin: User, olga: User
) -> None:
    for stranger in (colin, olga):
        with pytest.raises(NotPermitted):
            add_domain(organization=enterprise, domain="a.example", by=stranger)
    domain = add_domain(organization=enterprise, domain="a.example", by=ada)
    for stranger in (colin, olga):
        with pytest.raises(NotPermitted):
            remove_domain(domain=domain, by=stranger)
    remove_domain(domain=domain, by=ada)
    assert not OrganizationDomain.objects.exists()


def test_managers_choose_how_people_join(enterprise: Organization, ada: User, colin: User) -> None:
    with pytest.raises(NotPermitted):
        set_joining(organization=enterprise, joins_by_domain=True, by=colin)
    assert set_joining(organization=enterprise, joins_by_domain=True, by=ada).joins_by_domain


def test_ops_suspend_and_managers_do_not(enterprise: Organization, ada: User, oscar: User) -> None:
    with pytest.raises(NotPermitted):
        set_suspended(organization=enterprise, is_suspended=True, by=ada)
    set_suspended(organization=enterprise, is_suspended=True, by=oscar)
    assert Organization.objects.get(pk=enterprise.pk).is_suspended


def test_naming_somebody_closes_who_held_the_duty(
    enterprise: Organization, agnes: User, lena: User
) -> None:
    name_account_team_member(organization=enterprise, user=agnes, duty="tam", now=TUESDAY)
    name_account_team_member(organization=enterprise, user=agnes, duty="tam", now=TUESDAY)
    later = TUESDAY + timedelta(days=30)
    name_account_team_member(organization=enterprise, user=lena, duty="tam", now=later)
    rows = AccountTeamMember.objects.order_by("pk").values_list("user", "valid_from", "valid_to")
    assert list(rows) == [(agnes.pk, TUESDAY, later), (lena.pk, later, None)]
    before = AccountTeamMember.objects.serving_at(TUESDAY + timedelta(days=1)).get()
    assert before.user == agnes


def test_customers_are_not_named_to_customers(enterprise: Organization, ada: User) -> None:
    with pytest.raises(InvalidInput):
        name_account_team_member(organization=enterprise, user=ada, duty="tam", now=TUESDAY)
