"""Receiving: deliveries, advance notices, put-away."""

from portal.demo.stories.model import Story

RECEIVING = (
    Story(
        "asn-not-matched", "receiving", "defect", (2, 3, 3),
        subjects=(
            "Delivery {asn} is not found at {dock}",
            "Advance notice {asn} does not match its purchase order",
            "Cannot receive order {po}: “no open delivery”",
        ),
        questions=(
            """A truck has been standing at {dock} in {site} since {clock} and we cannot book it
            in. The handheld says “no open delivery” when we scan {asn}, but the purchase order
            {po} is open, I can see it on the screen in front of me.

            We have {few} pallets on the floor now. How do we get them in?""",
            """The supplier sent {asn} for {po} last night. Tidewater shows the notice as
            “received, not matched” and at {dock} nobody can start receiving. Other deliveries
            of today work.""",
        ),
        ask="""Thank you, that helps. Could you open Receiving > Advance notices > {asn} and
        tell me what stands under “Supplier reference”? I suspect it carries a blank or a
        leading zero that the purchase order does not have.""",
        detail="""It says “0{po}”, with a zero in front. In the purchase order there is none.
        They must have changed something in their system, it was fine until last week.""",
        answers=(
            """The notice names the order as “0{po}”, so it finds nothing to match. I have
            matched this one by hand; {dock} can start right away.

            So that it does not happen with the next truck, I switched on “ignore leading
            zeros” for this supplier (Receiving > Suppliers > Matching). It works from the next
            notice on.""",
            """Found it: the supplier's reference had a leading zero. {asn} is matched now and
            the pallets can be scanned as usual.

            I also added a matching rule for this supplier, so you need not ask us the next
            time.""",
        ),
        note="""Same supplier pattern as with two other customers this month. They changed
        their EDI converter. Worth an article.""",
        hold="""The notice itself arrived damaged: three lines have no item number at all. I
        have asked the supplier's EDI provider to send {asn} again and will match it as soon as
        it is there. You can meanwhile receive against {po} without a notice (Receiving > Blind
        receipt).""",
        again="""The same again with today's delivery, “no open delivery”. The rule does not
        seem to be on.""",
        fix="""You are right, the rule was saved for the supplier's old number. It is on for
        the new one now, I tried it with today's notice and it matched by itself.""",
        praise="The truck was unloaded ten minutes after I wrote. Thank you!",
        blame="The driver had to wait far too long and we paid for it.",
    ),
    Story(
        "putaway-full-bin", "receiving", "defect", (3, 3, 4),
        subjects=(
            "Put-away suggests bins that are full ({aisle})",
            "Wrong put-away location for {sku}",
            "{site}: put-away sends everybody to {aisle}",
        ),
        questions=(
            """For a few days the put-away suggestions for {sku} are wrong. The handheld sends
            us to {aisle}, we drive there, the bin is full. Then we pick “next suggestion”
            three or four times until there is one with room. It costs us about half an hour
            per shift.""",
            """Put-away keeps proposing {aisle} although it is full to the ceiling. We did not
            change any rules. Is this a known thing in {version}?""",
        ),
        ask="""Could you tell me the container type of {sku} (Items > {sku} > Packaging) and
        whether its height was changed lately? The free room of a bin is computed from it.""",
        detail="""Euro pallet, height 80 cm. I asked around: {colleague} corrected it from 120
        to 80 last week because the old value was wrong. So that is where it comes from?""",
        answers=(
            """Yes, exactly. With the new height the system believes that there is room for one
            more pallet, because the pallets that are already there still carry the old one.

            I ran “recalculate contents” for {aisle} and the aisles beside it. Suggestions are
            right again; I checked {sku} and two other items.""",
            """The bins in {aisle} had a wrong fill level after the change of packaging. I
            recalculated it for the whole hall, it took four minutes. From now on you can do it
            yourselves: Locations > Select > Recalculate contents.""",
        ),
        note="""Recalculate should be offered when packaging is edited. Added to the existing
        wish for the put-away team.""",
        again="""It is better, but the top level of {aisle} is still suggested although nothing
        fits there.""",
        fix="""The top level had a clear height of 210 cm on file, measured it is 180 according
        to your plan. I corrected it and recalculated. Thank you for looking so closely.""",
        praise="Clear explanation, and now I can do it myself.",
        blame="It works now, but why does the system not do this by itself?",
    ),
    Story(
        "overdelivery", "receiving", "question", (3, 4, 4),
        subjects=(
            "Overdelivery on {po}: what to do with {few} extra pieces",
            "Tolerance for overdeliveries",
            "How do we receive more than was ordered?",
        ),
        questions=(
            """Our supplier delivered {few} pieces too many on {po} and we want to keep them.
            The handheld refuses the quantity. Is there a way, or does the buyer have to change
            the order first?""",
            """Is it possible to allow, say, 5 % more than ordered when receiving? At the
            moment every extra carton means a phone call to purchasing.""",
        ),
        ask="""It is possible, per supplier or per item group. Which one would you like it for,
        and should somebody approve it or not?""",
        detail="""Per supplier please, and only for consumables. Up to 5 % without approval,
        more than that purchasing should see.""",
        answers=(
            """You will find it under Receiving > Suppliers > Tolerances. Enter 5 % and choose
            the item group “Consumables”. What goes beyond waits in Receiving > To approve, where
            purchasing gets a mail.

            For {po} itself: receive the ordered quantity, then “add line” with reason
            “overdelivery”.""",
            """Yes: Receiving > Suppliers > Tolerances has a percentage and a limit in pieces,
            and whichever is smaller counts. It is valid for deliveries that start after you
            save it.""",
        ),
        note="Asked twice this week. The help article stops before tolerances.",
        praise="Short, complete, with the path to click. This is how I like it.",
    ),
    Story(
        "quality-hold", "receiving", "question", (3, 3, 4),
        subjects=(
            "Goods stuck in quality hold after release ({lot})",
            "Lot {lot} released but still not pickable",
            "Stock of {sku} still on hold",
        ),
        questions=(
            """Quality released lot {lot} this morning, but the stock is still shown as “on
            hold” and orders for {sku} do not get any. What are we missing?""",
            """We have {few} pallets of {sku}, lot {lot}, in the hold area. The inspection is
            complete and green. Why can pickers not see them?""",
        ),
        ask="""Could you look at Stock > Lots > {lot} > History and send me the last two lines?
        I would like to see whether the release was for the lot or for one pallet.""",
        detail="""Last line: “Inspection passed, {colleague}, pallet 2 of {few}”. Before that:
        “Put on hold, whole lot”. Ah. So only one pallet was released?""",
        answers=(
            """Exactly: the hold was put on the whole lot, the release was for a single pallet.
            “Release lot” does all of them at once. I did not do it for you, since it is a
            quality decision.""",
            """A lot stays on hold until each of its pallets is released, or the lot as a
            whole. In the inspection screen tick “apply to lot” before confirming. The rest can
            be released from Stock > Lots > {lot} > Release.""",
        ),
        note="Third ticket on this screen. “Apply to lot” is easy to overlook.",
        praise="Friendly and to the point.",
        least_seats=14,
    ),
)  # fmt: skip
