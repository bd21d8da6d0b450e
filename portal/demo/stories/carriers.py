"""Carriers: labels by interface, manifests, tracking, rates."""

from portal.demo.stories.model import Story

CARRIERS = (
    Story(
        "carrier-rejects-address", "carriers", "integration", (3, 3, 2),
        subjects=(
            "{carrier} refuses addresses with a house number suffix",
            "Postcode not accepted by {carrier}",
            "Label for {order} fails: “address invalid”",
        ),
        questions=(
            """For {order} we get “address invalid” from {carrier}. The address is right, we
            called the customer. It happens with all house numbers like 12a.""",
            """Since yesterday {carrier} rejects about one in twenty labels with “postcode not
            found”. The parcels stand at {station} and wait.""",
        ),
        ask="""Could you give me one or two more order numbers that failed? I would like to
        compare what we sent with what {carrier} expects.""",
        detail="""{order} and the two after it. All of them have a letter behind the number.""",
        answers=(
            """{carrier} wants the letter in a field of its own since their change on Monday.
            We have adapted the connection for all customers; {order} has a label now, the
            others can be printed again from Carrier Desk > Failed.""",
            """The address check of {carrier} uses a postcode list of last year. They have put
            in the new one. For the parcels that wait I set “accept without check”, so
            {station} can go on; it ends by itself tonight.""",
        ),
        note="Carrier changed the schema without notice. Mail to their integration desk sent.",
        hold="""The list of postcodes is with {carrier}, and only they can change it. I have a
        case with them and they promised an answer today. Until then “accept without check” is
        on for you.""",
        again="We have three more rejected today, this time with a slash in the number.",
        fix="""The slash is covered now as well, with a test for every form of house number
        that we have ever seen. The three have their labels.""",
        praise="Fixed for everybody on the same day. Impressive.",
        blame="Our parcels missed a day because of this.",
    ),
    Story(
        "manifest-cutoff", "carriers", "integration", (1, 2, 2),
        subjects=(
            "Manifest for {carrier} cannot be closed",
            "“Manifest already transmitted” but {carrier} has nothing",
            "End-of-day for {carrier} fails, truck is waiting",
        ),
        questions=(
            """We cannot close the manifest for {carrier}: “timeout, try again”. The driver is
            here and takes nothing without it. {count} parcels.""",
            """Tidewater says that the manifest of {site} is transmitted, {carrier} says they
            received nothing. They will pick up in an hour and need the list.""",
        ),
        ask="""I see the attempts. May I send the manifest again from here? It could double the
        entries at {carrier}, which they would clean up tomorrow.""",
        detail="""Yes please, do it. Double is better than none.""",
        answers=(
            """The manifest with {count} parcels is at {carrier}, they confirmed it with number
            {lot}. The driver can scan it now.

            The cause was a very long list: their interface stops at 250 parcels. From now on
            we send it in parts when there are more.""",
            """{carrier} had an outage of their interface until a few minutes ago. All
            manifests that waited have gone out, yours first. The driver should see it on the
            device after a refresh.""",
        ),
        note="Carrier interface limit 250, undocumented. Split deployed for this customer first.",
        praise="The truck left with everything on it. Thank you so much.",
        blame="The truck left without our parcels before we heard anything useful.",
    ),
    Story(
        "tracking-missing", "carriers", "integration", (3, 4, 3),
        subjects=(
            "Order {order} shipped, but {shop} shows “processing”",
            "No tracking mails since yesterday",
            "Tracking numbers do not arrive in {shop}",
        ),
        questions=(
            """Our customers ask where their parcels are. {shop} shows the orders as
            “processing” although they left, for example {order}. The tracking numbers are in
            Tidewater.""",
            """Since yesterday around {clock} no tracking number is handed over to {shop}.
            Before that it took a minute.""",
        ),
        ask="""Could you check in {shop} whether the access key for Tidewater is still valid?
        They expire after a year and our log says “401”.""",
        detail="""It expired yesterday, indeed. {colleague} made a new one, where do we enter
        it?""",
        answers=(
            """Connect > Connections > {shop} > Access key. After saving, press “Send again”:
            it delivers everything since the key expired, {count} shipments in your case.
            {order} was among the first.""",
            """The access key for {shop} had expired at exactly that time. I renewed the
            connection with you on the phone just now, and all tracking numbers since yesterday
            have been sent. So that it does not surprise you next year, there is a reminder:
            Connect > Connections > {shop} > “Warn before expiry”.""",
        ),
        note="Key expiry again. The banner in Connect exists but only admins see it.",
        praise="Quick, and now we get a warning in time.",
    ),
    Story(
        "new-carrier", "carriers", "question", (4, 4, 3),
        subjects=(
            "We want to ship with {carrier} as well",
            "Rules for choosing between carriers",
            "Set up {carrier} for {site}",
        ),
        questions=(
            """We signed with {carrier} and would like to start next month. What do you need
            from us?""",
            """Can Tidewater choose the carrier by weight and country? Under 2 kg {carrier},
            the rest as before.""",
        ),
        ask="""Gladly. Do you have the customer number and the interface access from {carrier}
        already? Test access is enough to begin with.""",
        detail="""Customer number yes, the access they will send on Thursday.""",
        answers=(
            """With the access data go to Carrier Desk > Add carrier > {carrier}. It prints a
            test label per service; send those to {carrier} for approval, which takes two to
            three days. Afterwards switch it to “live”. The first twenty labels we watch
            together with you.""",
            """Rules like yours take two lines: “weight up to 2 kg and country in list:
            {carrier}”, then “everything else: as before”. With “try on last week” you see what
            would have gone where.""",
        ),
        note="",
        hold="""The rules are prepared. What is missing is the approval of your test labels by
        {carrier}, which takes them two to three working days; I put this on hold until we hear
        from them.""",
        praise="Very patient with all my questions.",
    ),
)  # fmt: skip
