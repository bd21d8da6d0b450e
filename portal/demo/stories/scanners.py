"""Scanners: handhelds, ring scanners, their network."""

from portal.demo.stories.model import Story

SCANNERS = (
    Story(
        "scanner-e42", "scanners", "defect", (3, 3, 2),
        subjects=(
            "Scanner {scanner} shows E42",
            "E42 on {few} handhelds since this morning",
            "What does error E42 mean?",
        ),
        questions=(
            """Since this morning {scanner} beeps twice and shows E42 on every barcode. A
            restart helps for two or three scans. What does E42 mean?""",
            """{few} of our handhelds in {site} show E42 after the update to {version}. The
            others are fine. We have swapped batteries, no change.""",
        ),
        ask="""E42 means that the code was read but the profile does not allow its type. Which
        barcode do you scan, the one of the supplier or ours? And which profile is shown under
        Settings > About on {scanner}?""",
        detail="""The supplier's, a square one. The profile is “default-2023”, on the good ones
        it says “{site}-picking”.""",
        answers=(
            """That explains it: after the update {scanner} fell back to the default profile,
            which knows no square codes (Data Matrix). I have assigned “{site}-picking” again.
            Please put the device into its cradle for a minute, it loads the profile there.""",
            """I have put the handhelds concerned back on your own profile and pinned it, so
            that the next update leaves it alone. They need to be in the cradle once.""",
        ),
        note="Profile lost on update when the device was offline for more than 30 days.",
        again="{scanner} is back on E42 after the weekend.",
        fix="""The device had two entries in our list, and the old one won each night. I
        removed it. {scanner} kept its profile over the night, I just checked.""",
        praise="Answer understood at first reading, even by me.",
        blame="Three messages for one setting.",
    ),
    Story(
        "handhelds-offline", "scanners", "defect", (1, 2, 2),
        subjects=(
            "All scanners offline in {site}",
            "Handhelds lose the connection in {aisle}",
            "Scanners disconnect every few minutes",
        ),
        questions=(
            """All handhelds in {site} went offline at {clock}. They show the spinning anchor
            and come back after some minutes, then again. Nobody can confirm picks. The Wi-Fi
            itself works on phones.""",
            """Scanners drop out when people go through {aisle}, and since today also
            elsewhere. Confirmations are lost and have to be scanned again. It slows us down
            massively.""",
        ),
        ask="""We see the disconnects too. Has anything changed on the network, a new access
        point, a new certificate, a firewall rule? And do all devices use the same network
        name?""",
        detail="""Our provider replaced {few} access points yesterday evening. Same name, they
        said.""",
        answers=(
            """The new access points answer on 5 GHz channels that the handhelds do not use, so
            each change from one to the next takes up to a minute. With your provider we limited
            them to channels 36 to 48; since then there is no drop-out in {site}.

            No confirmation was lost: the devices had kept them and sent them afterwards.""",
            """The devices are back. Our gateway for your region refused connections for 12
            minutes after a failed certificate renewal. It is renewed, and an alarm now rings two
            weeks before and not on the day.

            I am sorry for the disruption. You will get the incident report by tomorrow.""",
        ),
        note="Roaming issue on 5 GHz DFS channels. Their provider cooperated quickly.",
        hold="""This is in the access points, and your provider wants to change the channel
        plan tonight when nobody works. I have sent them the list of channels that the
        handhelds support and keep this open until it is done.""",
        praise="Brought our provider and us together and did not stop before it worked.",
        blame="We lost most of a shift.",
        least_seats=10,
    ),
    Story(
        "ring-scanner-pairing", "scanners", "question", (4, 3, 4),
        subjects=(
            "Ring scanner connects to the wrong handheld",
            "No pairing code on {scanner}",
            "How to pair the new ring scanners",
        ),
        questions=(
            """We bought {few} ring scanners. The first one paired at once, the others connect
            to the handheld of the first. How do we tell them apart?""",
            """Where is the pairing barcode? The manual says “scan the code on the screen” but
            there is none on {scanner}.""",
        ),
        ask="""Which model are they, and does {scanner} run app version {version} or an older
        one?""",
        detail="""Model RS-30, and the app says {old_version}.""",
        answers=(
            """The screen with the pairing code came with {version}. Update the app (cradle,
            then “check for updates”), afterwards: Settings > Accessories > Pair. Each handheld
            shows its own code, so nothing gets mixed up.""",
            """It is under Settings > Accessories > Pair, since {version}; the manual is older
            than that, sorry. If {scanner} has no such entry, put it into the cradle once and
            let it update. Each handheld shows a code of its own.""",
        ),
        note="",
        praise="Worked at once for all of them.",
    ),
    Story(
        "scanner-battery", "scanners", "question", (4, 4, 3),
        subjects=(
            "Handhelds empty before the end of the shift",
            "Battery of {scanner} lasts two hours only",
            "Battery health of our handhelds",
        ),
        questions=(
            """Several handhelds do not last the shift any more since {version}. Is the app
            using more power than before, or are the batteries old?""",
            """{scanner} is empty after two hours. The others last all day. Is there a way to
            see the health of the batteries?""",
        ),
        ask="""Devices > Handhelds > Battery shows the cycles of each. Could you tell me the
        value of {scanner} and whether its screen is set to “always on”?""",
        detail="""640 cycles. And yes, always on, the team wanted it like that.""",
        answers=(
            """Both add up: after about 500 cycles a battery holds little more than half, and
            the screen doubles the use. I would replace the battery of {scanner} and set the
            screen to “on while moving” for all. That costs nobody a click.""",
            """Devices > Handhelds > Battery shows the cycles and the remaining capacity of
            each. {scanner} is at 41 %, the others are above 80 %, so a new battery will do.
            “Warn below 60 %” on the same page sends you a mail in time.""",
        ),
        note="",
        praise="Good tip with “on while moving”.",
        blame="Would have expected a warning before the batteries die.",
    ),
)  # fmt: skip
