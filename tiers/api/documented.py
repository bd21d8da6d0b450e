"""How the doors about accounts are described in the schema."""

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from portal.kit.strict_inputs import ErrorOutput
from tiers.api.inputs import FactsInput
from tiers.api.outputs import AccountOutput, ReportOutput

EXTERNAL_ID = OpenApiParameter(
    "external_id", str, OpenApiParameter.PATH, description="The account's id in the CRM."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 100 visible ASCII characters: the same key with the same content gets the "
    "first answer again for 24 hours.",
)
REFUSALS = {
    401: OpenApiResponse(ErrorOutput, "No token, or one that is not valid."),
    403: OpenApiResponse(ErrorOutput, "The token is not of somebody who runs operations."),
    404: OpenApiResponse(ErrorOutput, "No organization has this id."),
}

get_facts = extend_schema(
    operation_id="get_facts",
    tags=["accounts"],
    summary="What is known about an account, its tier and why",
    description="For tokens of operations.",
    parameters=[EXTERNAL_ID],
    responses={200: AccountOutput, **REFUSALS},
)
put_facts = extend_schema(
    operation_id="put_facts",
    tags=["accounts"],
    summary="Report facts about an account",
    description="For tokens of operations. All of it is recorded or, with an error for each "
    "field, nothing; facts that are not named stay as they are. A fact that is known from a "
    "later observation is ignored, and so is the same report again: ignored says which and "
    "why. The tier is judged at once. Nobody is moved down because a value became null. "
    "Facts: acv, seats, usage_criticality (1 to 5), strategic, region, contract_start, "
    "contract_renewal, contract_floor (a tier), severity_mix_90d (0 to 1), health (0 to 100).",
    parameters=[EXTERNAL_ID, IDEMPOTENCY_KEY],
    request=FactsInput,
    responses={
        200: ReportOutput,
        400: OpenApiResponse(ErrorOutput, "Not understood; fields says what is wrong."),
        **REFUSALS,
        409: OpenApiResponse(ErrorOutput, "The request with this key is still being worked on."),
        413: OpenApiResponse(ErrorOutput, "The body is too large."),
        415: OpenApiResponse(ErrorOutput, "Send application/json."),
        422: OpenApiResponse(ErrorOutput, "The idempotency key was used with other content."),
    },
)
