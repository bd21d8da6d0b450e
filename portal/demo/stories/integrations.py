"""Integrations: the API, webhooks, shop and ERP connections."""

from portal.demo.stories.model import Story

INTEGRATIONS = (
    Story(
        "api-503", "integrations", "integration", (1, 2, 2),
        subjects=(
            "API answers 503 for all requests",
            "Order import down since {clock} (HTTP 503)",
            "Connect API: timeouts and 503",
        ),
        questions=(
            """Since {clock} every call to `POST /v2/orders` returns 503. {count} orders are
            waiting on our side. We retry with back-off, no success.

            ```
            HTTP/1.1 503 Service Unavailable
            retry-after: 30
            ```""",
            """Our order import into Tidewater has stopped, all requests time out or give 503.
            The status page is green. Orders of today are not in the warehouse.""",
        ),
        ask="""We see it and are working on it. Could you send us the `x-request-id` of one
        failed call? It tells us which of the gateways you reach.""",
        detail="""x-request-id: 7f3c{count}a1, the one before was 7f3c{few}9e.""",
        answers=(
            """The API answers normally again since a few minutes. One of two gateways had run
            out of connections after the deployment and the check did not notice. It is out, and
            the check has been corrected.

            Your retries have brought the waiting orders in; I count no gap. The incident
            report follows.""",
            """Resolved: your key had been limited after a burst of {count} calls in a minute,
            and our limit answered 503 where it should say 429. We raised the limit for you and
            corrected the answer.""",
        ),
        note="Gateway B: connection pool exhausted. Post-mortem is scheduled.",
        praise="Honest about the cause. That builds trust.",
        blame="The status page was green all the time. We look like fools to our customers.",
        least_seats=25,
    ),
    Story(
        "webhook-twice", "integrations", "integration", (3, 3, 4),
        subjects=(
            "Webhook shipment.sent arrives twice",
            "How to tell a repeated webhook from a new one?",
            "Duplicate webhooks",
        ),
        questions=(
            """We receive `shipment.sent` for {order} two times, about 40 seconds apart, with
            the same content. {shop} then sends two mails to the customer.""",
            """Are webhooks delivered exactly once? We see duplicates now and then and have to
            decide what to do about them.""",
        ),
        ask="""Could you tell me how long your endpoint takes to answer? We wait ten seconds
        and try again when there is none.""",
        detail="""Sometimes 12 to 15 seconds, because we write to {erp} before answering.""",
        answers=(
            """Then we cannot know whether you have it and send it again: at least once is what
            we promise. Two things help:

            - answer 200 at once and do the work afterwards,
            - keep the header `Tidewater-Event-Id` and ignore an id you have seen.

            The id is the same for every repetition.""",
            """Each event has an id in the header `Tidewater-Event-Id` which never changes. A
            small table with the ids of the last week is enough. I added an example to the
            developer guide.""",
        ),
        note="The guide did not say it clearly. Pull request for the docs is open.",
        praise="An answer from somebody who knows what they are talking about.",
        least_seats=12,
    ),
    Story(
        "erp-stock-sync", "integrations", "integration", (2, 3, 3),
        subjects=(
            "{erp}: {few} items not updated",
            "Stock in {erp} differs from Tidewater",
            "Nightly stock sync to {erp} incomplete",
        ),
        questions=(
            """The nightly stock file for {erp} lacks items since the weekend. {few} items have
            the value of last week, {sku} is one of them. No error in the log of {erp}.""",
            """{erp} and Tidewater disagree about {sku} and some others. We sell things that we
            do not have. Which of the two is right?""",
        ),
        ask="""Tidewater's own number comes from movements, so I would start from it. Have the
        items that are missing anything in common, a new group, a changed unit?""",
        detail="""They are all in the new group “Season” which {colleague} made last week.""",
        answers=(
            """The export has a list of item groups, and a new group is not in it by itself. I
            added “Season” and started the export; {erp} has the right stock since a few
            minutes. With “all groups” in Connect > {erp} > Scope you will not have to think of
            it again.""",
            """The file was cut off at {count} lines, since {erp} closed the connection. We now
            send it in parts and compare the totals at the end. Tonight's run was complete.""",
        ),
        note="Scope lists should warn about new groups. Told the Connect team.",
        hold="""The file leaves us complete; {erp} takes over only the first part of it. Their
        support has confirmed it and works on it under a case of their own. I keep this on hold
        and send the missing items by hand each evening.""",
        again="Tonight {sku} was missing again.",
        fix="""{sku} has a packaging unit that {erp} does not know (“display”). I mapped it to
        “piece” and added a check that names such items in the morning mail.""",
        praise="They even sent the missing items by hand every evening.",
        blame="We oversold for two days until it was taken seriously.",
        least_seats=12,
    ),
    Story(
        "api-rate-limit", "integrations", "question", (4, 3, 4),
        subjects=(
            "429 Too Many Requests during import",
            "Best way to load {count} items",
            "Rate limit of the API?",
        ),
        questions=(
            """We want to load {count} items over the API and get 429 after a while. What is
            the limit and how do we do it properly?""",
            """Is there a bulk call for items? One request per item takes hours.""",
        ),
        ask="""There is. Do you create new items or update existing ones, and is it once or
        every day?""",
        detail="""Once at the beginning, then about {few} changes a day.""",
        answers=(
            """Use `POST /v2/items/batch` with up to 500 items per request; {count} items are
            through in a few minutes. For the daily changes single calls are fine: the limit is
            600 a minute and `RateLimit-Remaining` tells you where you are.""",
            """For the first load take the file import (Connect > Import > Items), it knows no
            limit. Afterwards use the API with the header `Idempotency-Key`, then a repeated
            call does no harm.""",
        ),
        note="",
        praise="With example code, perfect.",
        least_seats=25,
    ),
    Story(
        "orders-duplicated", "integrations", "integration", (2, 2, 3),
        subjects=(
            "{order} was shipped two times",
            "Duplicate orders after the update of {shop}",
            "Orders from {shop} arrive twice",
        ),
        questions=(
            """{few} orders of today exist twice in Tidewater, {order} was even shipped twice.
            It began after {shop} had updated their plug-in. We have stopped the import for
            now.""",
            """We found duplicates from {shop}: same customer, same items, order number with
            “-1” at the end. What happened, and how do we get rid of them?""",
        ),
        ask="""Good that you stopped it. Could you tell me the version of the plug-in and send
        the two numbers as {shop} shows them?""",
        detail="""Plug-in 4.2. In {shop} there is only one, {order}. The second one with “-1”
        exists in Tidewater alone.""",
        answers=(
            """Plug-in 4.2 sends each order when it is placed and again when it is paid, and
            the second time with another number. We recognise that now and merge the two. The
            duplicates that were not picked yet are cancelled, {few} in all; the list is in
            Connect > {shop} > Cleaned up. You can switch the import on again.""",
            """I cancelled the duplicates that were still open and put a rule in place: same
            shop, same customer, same items within ten minutes is one order, and the second one
            waits for a person. The import can stay on.""",
        ),
        note="Plug-in 4.2 of the shop: also seen at two others. Fix is in Connect 118.",
        praise="Careful: asked before switching anything on again.",
        blame="We paid for the double shipment ourselves.",
    ),
)  # fmt: skip
