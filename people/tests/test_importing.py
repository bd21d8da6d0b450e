"""Customers and people who exist already come in with their dates, and nobody is mailed."""

from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress

from conftest import PASSWORD
from people.actions import PastOrganization, PastPerson, import_organizations, import_people
from people.models import Membership, Notice, Organization, User
from people.viewers import viewer_of
from portal.kit.refused import InvalidInput, NotPermitted

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)


def organizations(by):
    return import_organizations(
        pasts=[
            PastOrganization("Acorn Nuts", "crm-1", LONG_AGO, domains=["Acorn.example"]),
            PastOrganization("Beech Boats", "crm-2", LONG_AGO, joins_by_domain=True),
        ],
        by=by,
    )


def test_organizations_come_with_their_dates_and_verified_domains(oscar):
    acorn = organizations(oscar)["crm-1"]
    acorn.refresh_from_db()
    assert (acorn.name, acorn.created_at, acorn.joins_by_domain) == ("Acorn Nuts", LONG_AGO, False)
    domain = acorn.domains.get()
    assert (domain.domain, domain.verified_at, domain.verified_by) == (
        "acorn.example", LONG_AGO, oscar,
    )  # fmt: skip
    assert Organization.objects.get(external_id="crm-2").joins_by_domain


def test_only_ops_bring_in_organizations(agnes):
    with pytest.raises(NotPermitted):
        organizations(agnes)
    assert not Organization.objects.exists()


def test_people_can_log_in_and_belong_where_they_belong(oscar, client):
    acorn = organizations(oscar)["crm-1"]
    people = import_people(
        pasts=[
            PastPerson(
                "Mia@Acorn.example", "Mia", LONG_AGO, organization=acorn, membership_role="manager"
            ),
            PastPerson("tom@vendor.example", "Tom", LONG_AGO, staff_role="admin"),
        ],
        password=PASSWORD,
    )
    mia, tom = people["mia@acorn.example"], people["tom@vendor.example"]
    assert client.login(email="mia@acorn.example", password=PASSWORD)
    assert viewer_of(mia).managed_organization_ids == {acorn.pk}
    assert (tom.staff_role, tom.is_superuser) == ("admin", True)
    assert EmailAddress.objects.filter(user=mia, verified=True, primary=True).count() == 1
    assert User.objects.get(pk=mia.pk).date_joined == LONG_AGO
    assert Membership.objects.get(user=mia).created_at == LONG_AGO
    assert not Notice.objects.exists()


def test_without_a_password_nobody_can_log_in_with_one(db):
    import_people(pasts=[PastPerson("mia@acorn.example", "Mia", LONG_AGO)])
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("second", ["colin@analytical.example", "MIA@acorn.example"])
def test_an_address_that_is_taken_lets_nobody_in(colin, second):
    before = User.objects.count()
    pasts = [PastPerson(email, "X", LONG_AGO) for email in ("mia@acorn.example", second)]
    with pytest.raises(InvalidInput, match=second.lower()):
        import_people(pasts=pasts)
    assert User.objects.count() == before
