"""The door by which programs report facts about an account, and read them."""

from typing import Any, cast

from django.http import Http404
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from people import answering_once as once
from people.models import Organization, User
from people.permissions import RunsOperations
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.json_bodies import JSONObjectParser
from tiers.actions import report_facts
from tiers.actions.evaluating import open_assignment
from tiers.api import documented, outputs
from tiers.api.inputs import FactsInput
from tiers.models import AccountFact


class FactsView(GenericAPIView[Any]):
    """The facts about one organization, by its id in the CRM."""

    access = "ops"
    permission_classes = [RunsOperations]
    parser_classes = [JSONObjectParser]
    pagination_class = None
    metadata_class = None
    queryset = Organization.objects.none()
    serializer_class = FactsInput

    def organization(self) -> Organization:
        """Return the organization of the address, or 404."""
        visible = Organization.objects.visible_to(viewer_of_request(self.request))
        asked = self.kwargs["external_id"]
        # A NUL is no text to PostgreSQL, and no id either.
        found = None if "\x00" in asked else visible.filter(external_id=asked).first()
        if found is None:
            raise Http404
        return found

    @documented.get_facts
    def get(self, request: Request, external_id: str) -> Response:
        """Return the facts with source and age, the tier and why."""
        return Response(_account(self.organization()))

    @documented.put_facts
    def put(self, request: Request, external_id: str) -> Response:
        """Report facts; return what that did."""
        organization, now, caller = self.organization(), clock.now(), cast(User, request.user)
        asked = FactsInput(data=request.data)
        asked.is_valid(raise_exception=True)
        facts, told = asked.validated_data["facts"], dict(asked.validated_data)
        del told["facts"]

        def work() -> once.Outcome:
            done = report_facts(organization=organization, values=facts, now=now, by=caller, **told)
            return 200, _account(organization) | outputs.report(done), ""

        return once.answer(request, caller, now=now, work=work)


def _account(organization: Organization) -> dict[str, Any]:
    facts = AccountFact.objects.filter(organization=organization).current().order_by("fact")
    held = open_assignment(organization)
    return outputs.account(organization, held, facts, clock.now())
