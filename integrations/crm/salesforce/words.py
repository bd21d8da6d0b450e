"""What ops read and enter when they connect Salesforce."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from integrations.crm.salesforce.login import CLIENT_CREDENTIALS, JWT_BEARER
from integrations.crm.vendor import Input, Words

CREDENTIALS: Sequence[Input] = (
    Input(
        name="consumer_key",
        label=_("Consumer key"),
        help=_(
            "From the connected app: App Manager, View, Manage Consumer Details. "
            "Newer orgs call it an external client app."
        ),
        is_secret=True,
    ),
    Input(
        name="consumer_secret",
        label=_("Consumer secret"),
        help=_("Beside the consumer key. Only for the client credentials flow."),
        is_secret=True,
        is_required=False,
    ),
    Input(
        name="private_key",
        label=_("Private key"),
        help=_(
            "Only for the JWT bearer flow: the RSA key whose certificate was uploaded to the "
            "connected app, in PEM form, without a password."
        ),
        is_secret=True,
        is_required=False,
        is_multiline=True,
    ),
)

SETTINGS: Sequence[Input] = (
    Input(
        name="my_domain",
        label=_("My Domain address"),
        help=_(
            "Like https://example.my.salesforce.com, or "
            "https://example--test.sandbox.my.salesforce.com for a sandbox. "
            "In Salesforce: Setup, My Domain, Current My Domain URL."
        ),
    ),
    Input(
        name="login_flow",
        label=_("How to log in"),
        default=CLIENT_CREDENTIALS,
        choices=(
            (CLIENT_CREDENTIALS, _("Client credentials: consumer key and secret")),
            (JWT_BEARER, _("JWT bearer: consumer key and private key")),
        ),
    ),
    Input(
        name="username",
        label=_("Run-as user"),
        help=_(
            "Only for the JWT bearer flow: the user name, like portal@example.com. The client "
            "credentials flow takes the user that is chosen in the connected app."
        ),
        is_required=False,
    ),
    Input(
        name="currency",
        label=_("Currency of amounts"),
        help=_(
            "Three letters, like EUR. Salesforce does not tell the currency of an org that has "
            "only one; leave this empty for an org with several."
        ),
        is_required=False,
    ),
    Input(
        name="poll_share",
        label=_("Share of the daily API calls, in percent"),
        help=_(
            "Above this share of the calls that Salesforce allows the whole org in 24 hours, "
            "the regular look for changes rests. Changes that Salesforce reports itself are "
            "still read."
        ),
        default="80",
        is_required=False,
    ),
)

STEPS: Sequence[Words] = (
    _(
        "Create a user for the portal (Setup, Users; the licence Salesforce Integration is "
        "enough). Give it a permission set with the system permission API Enabled, the object "
        "permissions Read and View All on Account, and the field permission Read on every field "
        "that will be a fact. Add Edit on the field that will get the tier, if you want that."
    ),
    _(
        "Create a connected app (Setup, App Manager, New Connected App; newer orgs: New External "
        "Client App). Enable OAuth with the scope Manage user data via APIs (api). Any callback "
        "address will do, it is never called."
    ),
    _(
        "For the client credentials flow: tick Enable Client Credentials Flow, save, then choose "
        "the user of the first step as Run As in the policies of the app. For the JWT bearer "
        "flow: upload a certificate under Use digital signatures, set Permitted Users to "
        "admin-approved, and add the permission set of the first step to the app."
    ),
    _(
        "Wait up to ten minutes until Salesforce knows the new app, enter its consumer key and "
        "secret (or private key) here, save, and press Test the connection. From then on changes "
        "are found within minutes; the next steps make it seconds."
    ),
    _(
        "Create an outbound message (Setup, Outbound Messages, New) for the object Account. "
        "Endpoint URL: the address that this page shows once. User to send as: the user of the "
        "first step. Leave Send Session ID unticked. Fields: the ones that are facts, and "
        "LastModifiedDate."
    ),
    _(
        "Create a record-triggered flow (Setup, Flows) on Account: when a record is created or "
        "updated, optimised for actions and related records, with a condition that one of those "
        "fields is changed. Its only action is the outbound message. Activate it."
    ),
    _(
        "Change a fact of an account in Salesforce: the event appears in the ledger of this "
        "connection within seconds. If it does not, Setup, Outbound Messages, View Message "
        "Delivery Status shows what Salesforce got as an answer."
    ),
)
