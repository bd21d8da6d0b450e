"""Billing and licences."""

from portal.demo.stories.model import Story

BILLING = (
    Story(
        "invoice-seats", "billing", "contract", (4, 3, 4),
        subjects=(
            "We are charged for {few} seats too many",
            "Question about {invoice}",
            "Invoice {invoice}: number of seats",
        ),
        questions=(
            """Invoice {invoice} lists more seats than we use. {few} colleagues left last
            quarter and their users are off. Could you check?""",
            """Could you explain the position “additional seats” on {invoice}? We did not order
            any.""",
        ),
        ask="""I have looked at your people list. There are {few} users that were active in the
        period and are switched off now. Do you know when they left?""",
        detail="""All of them by the end of the month before. Their users were only switched
        off two weeks later, our fault.""",
        answers=(
            """Since they did not work any more I have asked our accounting to credit the
            difference. You will get a corrected invoice within two working days; please do not
            pay {invoice}.""",
            """Additional seats are counted by the highest number of users active on one day,
            and that was on the day of your stocktaking, with {few} helpers. For such days
            there are guest badges, which cost nothing. I have noted it as a courtesy credit
            this time.""",
        ),
        note="Credit approved by success manager. Accounting informed.",
        hold="""I have passed this to our accounting for the credit note. They answer within
        two working days and I come back to you with it.""",
        praise="Fair and uncomplicated.",
        blame="It is the second wrong invoice this year.",
    ),
    Story(
        "more-licences", "billing", "contract", (4, 4, 3),
        subjects=(
            "{few} more seats for the season",
            "Upgrade of our plan for {site}?",
            "{few} more licences from next month",
        ),
        questions=(
            """For the season we take on {few} helpers for eight weeks. Can we have temporary
            seats, and how fast?""",
            """We are growing and think about the next plan. What would change for us, and what
            does it cost?""",
        ),
        ask="""Gladly. From when to when, and should they use handhelds only or also the
        computer?""",
        detail="""From the first of next month, eight weeks, handhelds only.""",
        answers=(
            """Seasonal seats for handhelds are possible from one week on. I have added {few}
            from the first of the month; they end by themselves after eight weeks. You will
            find them on the next invoice with the reduced price.""",
            """The comparison for your case: the next plan has faster answers, a named contact
            and an onboarding for the new hall. I asked {colleague_vendor} from customer
            success to call you with a calculation, with no obligation.""",
        ),
        note="Upsell signal: second season with helpers. Passed on to success.",
        praise="Seats were there the same afternoon.",
    ),
    Story(
        "licence-limit", "billing", "access", (2, 3, 2),
        subjects=(
            "“Licence limit reached”, early shift cannot log in",
            "No free seats in {site}",
            "Seat limit in {site} although people are logged out",
        ),
        questions=(
            """“Licence limit reached”: {few} people of the early shift cannot log in. The late
            shift went home, so there must be free seats. Please help quickly.""",
            """We have {seats} seats and about half as many people in the hall, and still
            nobody else can log in.""",
        ),
        ask="""I see {seats} sessions open, many from last night. Do people put the devices
        into the cradle without logging out?""",
        detail="""Yes, always. Until last week that was no problem.""",
        answers=(
            """Sessions used to end in the cradle. In {version} this became a setting, and it
            is off unless one switches it on, which was not a good choice. I switched it on for
            {site} and ended the old sessions: the early shift can log in.""",
            """I ended the sessions of the night and raised your limit by ten until tomorrow
            evening at no cost, so that you can work. Please set Mobile > Sessions > “end in
            cradle”, then it will not come back.""",
        ),
        note="Default of the new setting hurts shift customers. Product will flip it.",
        praise="Unblocked in minutes, the explanation came afterwards. Right order!",
        blame="An update should not lock us out of our own warehouse.",
        least_seats=14,
    ),
    Story(
        "invoice-address", "billing", "contract", (4,),
        subjects=(
            "New address for {invoice} and later",
            "PO number on {invoice}",
            "Invoice details, {invoice}",
        ),
        questions=(
            """We moved. Could you change the address on our invoices from the next one on?""",
            """Our accounting needs our PO number on each invoice and wants them by e-mail. Is
            this possible?""",
        ),
        ask="""Of course. Please send me the new address as it should be printed, and from
        which invoice on.""",
        detail="""Same company name, new street, I attach it to the contract page as well. From
        {invoice} on, please.""",
        answers=(
            """Done: the new address is on file and {invoice} has been issued again with it.
            You can change it yourselves under Account > Billing, the role is called “Billing
            contact”.""",
            """Invoices now go to your accounting as PDF, with the PO number in the subject and
            on the first page. The next one will show it.""",
        ),
        note="",
        praise="Done the same day. Thanks!",
    ),
)  # fmt: skip
