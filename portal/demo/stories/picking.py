"""Picking: waves, pick lists, replenishment."""

from portal.demo.stories.model import Story

PICKING = (
    Story(
        "waves-stuck", "picking", "defect", (1, 1, 2, 2),
        subjects=(
            "Waves do not release, picking in {site} stands still",
            "URGENT: wave {wave} stuck in “allocating”",
            "No pick lists since {clock}",
        ),
        questions=(
            """Since {clock} no wave gets released in {site}. {wave} has been “allocating” for 40
            minutes and everything behind it waits. {few} pickers are standing around and the
            carrier comes in three hours.

            Please call or write, we are at the desk.""",
            """Wave planning is stuck. {wave} does not finish allocating, we cannot cancel it
            either (“operation in progress”). Nothing can be picked. This is our only site.""",
        ),
        ask="""We are on it. One question meanwhile: was anything imported shortly before, a
        large order or an item update? And may we cancel {wave} from our side?""",
        detail="""Yes, {colleague} uploaded a price and item update at about {clock}, {count}
        items. Please cancel the wave, we will plan it again.""",
        answers=(
            """Waves are running again. The item update held a lock on {sku} and some others that
            {wave} needed, and the two waited for each other. We ended the import, cancelled
            {wave} and released the waves behind it; the first pick lists are on the handhelds.

            The import can be run again any time. With the next release it goes in small steps,
            so that this cannot happen.""",
            """{wave} is cancelled and the queue is moving: I see pick confirmations coming in
            from {site}. The cause was an order line with a quantity of 0, on which the
            allocation went round in circles. We took it out, and a fix for it is in the next
            release.""",
        ),
        note="""Lock between item import and allocation, known as TW-4127. Workaround: end the
        import session first, then the wave. Do not restart the site's worker.""",
        hold="""Picking is running again with a workaround. The cause lies with the database of
        your hosting provider, which reports a slow disk. We have a case open with them and
        keep watching {site}.""",
        again="""It is back: {wave} is “allocating” again since a quarter of an hour.""",
        fix="""Sorry about that. A second import had been scheduled every hour and took the
        same lock. It is switched off and {wave} went through. I shall look again in an hour
        and in the evening.""",
        praise="We were picking again before the coffee was cold. Outstanding.",
        blame="Two hours of standstill in peak season. The fix was fine, the wait was not.",
        least_seats=12,
    ),
    Story(
        "short-picks", "picking", "defect", (2, 3, 3),
        subjects=(
            "Many short picks of {sku} although there is stock",
            "Pickers report “bin empty”, system shows {few}",
            "{site}: allocation goes to empty bins in {aisle}",
        ),
        questions=(
            """Since Monday we have a lot of short picks on {sku}. The system sends the picker
            to {aisle}, where nothing is left, while there are full bins one level up.
            Replenishment comes too late.""",
            """For {sku} the stock in {aisle} is shown as {few}, in reality it is 0. It happens
            with more and more items. Orders such as {order} leave incomplete.""",
        ),
        ask="""May I look at the movements of {sku} in {aisle} of the last two days? And do you
        confirm picks per piece or per line there?""",
        detail="""Please do. Per line. We changed that two weeks ago to be faster.""",
        answers=(
            """With confirmation per line the system books what was ordered and not what was
            taken, unless the picker corrects it. When somebody takes a full inner pack too many,
            the bin is empty before the system knows.

            I suggest “per line, with count on the last bin”: one number more only when the bin
            should be empty afterwards. You find it in Picking > Strategies.""",
            """Two replenishments into {aisle} had been confirmed on the handheld without being
            done, so the system believed that the bins were full. I corrected the stock of
            {sku} there and started the replenishment again; {order} can be completed with the
            next run.""",
        ),
        note="""Their change to per-line confirmation is the root. Suggested the count on last
        bin. Check again with them in two weeks.""",
        again="Better, but there were {few} short picks again this morning in {aisle}.",
        fix="""Those came from bins that were wrong already. I made a count list for {aisle}
        with the {few} bins concerned; once they are counted it should be quiet.""",
        praise="You understood our process, not only the software.",
        blame="Took a few rounds until somebody looked at the actual movements.",
    ),
    Story(
        "pick-path", "picking", "question", (3, 4, 4),
        subjects=(
            "Pick path runs past {aisle} twice",
            "Start of the pick route in {site}",
            "Can we change the picking route in {site}?",
        ),
        questions=(
            """We moved some racks and now the route of the pick list zigzags: {aisle}, then
            the other end of the hall, then back. Where do we change the sequence?""",
            """Is there a way to let the route start at {dock} and not at the office? The new
            colleagues walk a lot.""",
        ),
        ask="""Sure. Do you want to change the sequence of the aisles only, or also the
        direction within an aisle?""",
        detail="""Both: {aisle} should come last and be walked from the back to the front.""",
        answers=(
            """You find it in Locations > Routes > {site}. Drag {aisle} to the end and click
            the arrow beside it to turn the direction. It counts for pick lists that are made
            afterwards, so best do it between two waves.""",
            """The route is a list of aisles with a direction each (Locations > Routes). Make a
            copy, change the copy, and try it with “simulate on yesterday's orders”: it shows
            the metres saved before anybody walks them.""",
        ),
        note="",
        praise="The simulation is great, we saved almost a kilometre per shift.",
        least_seats=10,
    ),
    Story(
        "batch-size", "picking", "wish", (4, 4, 3),
        subjects=(
            "Wish: limit the weight per pick cart",
            "Different batch sizes per zone",
            "Batches on our pick carts",
        ),
        questions=(
            """It would help us a lot if a batch stopped at 25 kg. At the moment {colleague}
            has to split the heavy ones by hand.""",
            """Our carts have 8 totes, but in the small parts zone 16 would fit. Can the number
            of orders per batch depend on the zone?""",
        ),
        ask="""Understood. So that I describe it well to our product team: is the weight known
        for all items, and would you rather have a hard limit or a warning?""",
        detail="""Weights are known for about 90 % of the items. A hard limit, please, with a
        default for the rest.""",
        answers=(
            """The number of orders per zone is possible today: Picking > Strategies > Zones >
            Cart. A limit by weight is not there yet. I have added your case to the wish we
            have for it and you will get a note when it is planned.""",
            """Since {version} carts have a type, and the type knows how many totes it carries.
            Create one for the small parts zone and one for the rest (Picking > Strategies >
            Carts); the batch builder takes the right one for each zone.""",
        ),
        note="Wish TW-3310, now eleven customers.",
        praise="A straight answer about what exists and what does not.",
        blame="Nice reply, but the feature is still missing.",
    ),
    Story(
        "replenishment-night", "picking", "performance", (3, 3, 2),
        subjects=(
            "Replenishment run takes two hours in {site}",
            "Nightly replenishment not finished when the shift starts",
            "Slow replenishment since {version}",
        ),
        questions=(
            """Our nightly replenishment used to finish at 4:30. Since the update to {version}
            it is still running when the early shift comes at 6. They then pick from half-empty
            bins.""",
            """The replenishment run of {site} needs more than two hours since last week,
            before it was 35 minutes. We have about {count} bins.""",
        ),
        ask="""I see the run times going up as well. Did you add many items or bins in the last
        weeks? And is the option “consider open orders of 7 days” meant to be on?""",
        detail="""Around {few} hundred new items for the season. And no, we never needed 7
        days, 2 are enough. I do not know who switched that on.""",
        answers=(
            """With 7 days it looked at more than three times the orders. I set it to 2 as you
            say, and last night's run would have taken 31 minutes. It runs again tonight at
            3:00, I shall check in the morning.""",
            """There was an index missing after the update, which we have added. I started the
            run once on the copy of your data: 28 minutes. Tonight it will be the same in
            {site}.""",
        ),
        note="The last migration dropped an index for customers with more than 50 zones.",
        again="Last night it took 90 minutes again.",
        fix="""The backup window had been moved to 3:00 and the two were in each other's way.
        The replenishment starts at 1:30 now.""",
        praise="Checked the next morning without being asked. Rare.",
        least_seats=40,
    ),
)  # fmt: skip
