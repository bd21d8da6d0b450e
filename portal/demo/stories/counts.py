"""Stock counts: cycle counts, differences, inventories."""

from portal.demo.stories.model import Story

COUNTS = (
    Story(
        "count-difference", "stock counts", "defect", (3, 3, 2),
        subjects=(
            "Count of {aisle} shows a difference that is not there",
            "{sku}: {few} pieces too many after the cycle count",
            "Stock of {sku} wrong after the count",
        ),
        questions=(
            """We counted {aisle} yesterday. The count was right, we did it twice, but after
            posting the stock of {sku} is {few} too high. Where do they come from?""",
            """After the cycle count {sku} has a stock of {count}. On the shelf are fewer. In
            the history I see the count and, seconds later, another movement.""",
        ),
        ask="""Were picks confirmed in {aisle} while the count was open? I see one by
        {colleague} at {clock} and would like to be sure.""",
        detail="""Yes, that was a rush order, {order}. We should not have done that, should we?""",
        answers=(
            """It is allowed, but then the order of things matters: the picker took {few} pieces
            before they were counted and confirmed after the count was posted, so they were taken
            off twice and put back once. I corrected {sku} with reason “count overlap”.

            With “lock bins while counting” (Counts > Options) this cannot happen.""",
            """The movement seconds later is the confirmation of {order}, which belongs before
            the count. I have put the two in the right order and the stock of {sku} is what you
            counted. There is nothing to count again.""",
        ),
        note="Classic overlap. Lock option is off by default for older customers.",
        again="And today the same with another item in {aisle}.",
        fix="""That one was still open from before the lock. I went through all bins of the
        aisle and found {few} more, all corrected; the list is in your reports as “Count
        overlap”.""",
        praise="A clear explanation of something that had puzzled us for weeks.",
        blame="Right in the end, but we had to count twice.",
    ),
    Story(
        "annual-inventory", "stock counts", "question", (3, 4, 3),
        subjects=(
            "Can we count while shipping goes on?",
            "Inventory lists for the auditor",
            "Preparing our annual inventory in {site}",
        ),
        questions=(
            """We plan our yearly inventory and would like to keep shipping on the first day.
            Is this possible, and what should we set up before?""",
            """Our auditor wants the inventory lists with counter, time and differences, per
            zone. Is there a report for it?""",
        ),
        ask="""Yes to both. How many bins is it about, and would you count everything at once
        or zone by zone?""",
        detail="""About {count} bins, zone by zone over two days.""",
        answers=(
            """Zone by zone you can go on shipping from the others. Steps:

            1. Counts > Inventories > New, one part per zone.
            2. “Lock bins while counting” on.
            3. Start a zone when its last wave is confirmed.
            4. Differences above your limit go to a second count by somebody else.

            The protocol for the auditor is in Insights > Inventory protocol, as PDF and as
            table.""",
            """The report is called “Inventory protocol” and has exactly this: bin, item,
            expected, counted, by whom, when, second count, posted difference. It can be signed
            by two people in the system.""",
        ),
        note="Offer them the checklist and somebody on call on the day.",
        praise="The checklist was worth gold, we finished half a day early.",
        least_seats=10,
    ),
    Story(
        "negative-stock", "stock counts", "defect", (2, 3, 3),
        subjects=(
            "Negative stock for {sku}",
            "{sku} at -{few} pieces",
            "How can stock be negative?",
        ),
        questions=(
            """{sku} has a stock of minus {few}. I thought this was impossible. Orders are
            still accepted for it, {order} for example.""",
            """Our stock list for {erp} has {few} items below zero and the import there refuses
            the whole file.""",
        ),
        ask="""May I look at the movements of {sku}? I suspect a kit that is built while its
        parts are being picked.""",
        detail="""Go ahead. It is part of a kit, yes, since the spring set came out.""",
        answers=(
            """It is the kit: when it is built at the packing station, its parts are taken off
            at that moment, even if a picker has just reserved the last one. I set the kit to
            “reserve parts first” and corrected {sku} to 0. The file for {erp} is complete
            again.""",
            """The bookings were right but came in the wrong order, since one handheld was
            offline for an hour. After it had sent everything, the stock is {few} again. No
            correction was needed.""",
        ),
        note="Kits without reservation. There are nine more in their catalogue, told them.",
        again="{sku} is below zero again.",
        fix="""This time it was a return booked to the kit and not to the part. I corrected it
        and changed the reason code for returns so that it asks.""",
        praise="Found the real cause and did not only correct the number.",
        blame="The export to our ERP was broken all day.",
    ),
    Story(
        "count-plan", "stock counts", "wish", (4, 4, 3),
        subjects=(
            "Cycle count plan by ABC class",
            "Random bins for the cycle count",
            "Our cycle count plan",
        ),
        questions=(
            """We would like to count A items every month, B every quarter and C once a year.
            Can the plan do that by itself?""",
            """At the moment the list is always in the same order and people know what comes.
            Could it be random?""",
        ),
        ask="""Do your items have an ABC class in Tidewater, or should it be computed from the
        picks?""",
        detail="""Please compute it, ours is from three years ago.""",
        answers=(
            """Counts > Plan > “By class”: choose “computed, last 90 days”, then the interval
            for A, B and C. Each morning it makes a list that fits into the time you allow, for
            example 40 minutes.""",
            """Since {version} there is “shuffle within the zone”: the route stays short and
            the order changes each day. It is off by default.""",
        ),
        note="",
        praise="Did not know this existed. Exactly what we needed.",
    ),
)  # fmt: skip
