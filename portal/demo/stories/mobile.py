"""Tidewater Mobile: the app on handhelds and phones."""

from portal.demo.stories.model import Story

MOBILE = (
    Story(
        "app-login-loop", "mobile app", "access", (3, 3, 2),
        subjects=(
            "Cannot log in on {scanner} since {version}",
            "Login loop on {few} handhelds",
            "App asks for the password again and again",
        ),
        questions=(
            """After the update to {version} the app on {scanner} asks for the password,
            accepts it and asks again. On the computer the same user works.""",
            """{few} of our people cannot log in on the handhelds since this morning. The
            password is right, the app goes back to the login screen without a message.""",
        ),
        ask="""Could you look at date and time on {scanner}? When it is off by more than five
        minutes the login is not accepted.""",
        detail="""You will laugh, it says the year 2019. The battery was empty over the
        holidays.""",
        answers=(
            """That is it. Set the clock (Settings > System > Date > automatic) and the login
            works. With “time from cradle” on, the devices set it by themselves whenever they
            charge.""",
            """The devices had kept the session of the version before, which is no longer
            valid. I ended all sessions of {site} from here; after one more login it stays.
            Sorry for the detour.""",
        ),
        note="App shows no message when the clock is off. TW-4260.",
        again="Since today it is the same again on {scanner}.",
        fix="""The backup battery of {scanner} is empty, so it forgets the time whenever it is
        off. With “time from cradle” on it finds it again, I switched it on for all of yours.""",
        praise="Solved with one question. Great.",
        blame="A proper error message would have saved us the morning.",
    ),
    Story(
        "app-offline", "mobile app", "question", (4, 3, 3),
        subjects=(
            "Offline mode in the cold store",
            "Confirmations from the yard are late",
            "Does the app work without a network?",
        ),
        questions=(
            """In our cold store there is no Wi-Fi. Can people pick there and sync afterwards?""",
            """Confirmations made in the yard appear only when somebody comes back into the
            hall, sometimes half an hour later. Is this meant to be so?""",
        ),
        ask="""It is possible. How long are people in there, and do two of them ever work on
        the same pick list at once?""",
        detail="""Twenty minutes at most, and never two on the same list.""",
        answers=(
            """Then offline picking fits: Mobile > Zones > cold store > “offline for up to 30
            minutes”. The list is loaded at the door, confirmations are kept on the device and
            sent as soon as there is a network, in the right order.""",
            """Yes, the device keeps them and sends them when it can; they carry the time at
            which they were made. If you want them sooner, a small access point at the gate is
            enough, it need not cover the yard.""",
        ),
        note="",
        praise="Good advice that saved us an expensive Wi-Fi project.",
        least_seats=10,
    ),
    Story(
        "app-crash-photo", "mobile app", "defect", (3, 3, 4),
        subjects=(
            "{scanner} crashes when taking a photo",
            "Photos of damage are not saved",
            "Trouble with damage photos",
        ),
        questions=(
            """When we take a photo of a damaged carton, the app closes and the photo is gone.
            It happens on the older handhelds such as {scanner}.""",
            """Since {version} about every third damage photo is missing. The report is there,
            the picture is not. The insurance wants them.""",
        ),
        ask="""Could you tell me how much memory is free on {scanner} (Settings > Storage) and
        whether the photos are taken in “high” or “standard”?""",
        detail="""Free: 180 MB. Quality: high. The newer ones have several GB free.""",
        answers=(
            """With so little memory the camera pushes the app out. Two things: I set photos to
            “standard” for this model, which is plenty for the insurance, and I emptied the log
            folder from here. {scanner} has 2.1 GB free now.

            In the next version the app keeps the report and asks again for the photo.""",
            """We found the fault in {version}: photos above 8 MB were dropped on the way. The
            fix is in the update of tonight. Photos that are still on the devices will be sent
            then, they are not lost.""",
        ),
        note="TW-4291, fix confirmed on a device of the same model.",
        again="{scanner} has the update and still lost a photo today.",
        fix="""That photo had been taken before the update and was too large for the old limit.
        I fetched it from the device by hand and attached it to the report.""",
        praise="Even rescued the lost photos from the device.",
        blame="Two reports without photos, so no money from the insurance.",
    ),
    Story(
        "app-language", "mobile app", "question", (4, 4),
        subjects=(
            "Language per user, not per device",
            "Polish and Ukrainian on the handhelds?",
            "App in another language for some colleagues",
        ),
        questions=(
            """Some of our new colleagues would do better with the app in their own language.
            Can each user have their own, although the devices are shared?""",
            """Which languages does the app speak, and where do we switch?""",
        ),
        ask="""It is a setting of the user. Do your people log in with their own name, or with
        one login per device?""",
        detail="""With their own badge.""",
        answers=(
            """Then set it under People > {colleague} > Language, or let everybody choose on
            the device: long press on the flag after scanning the badge. There are fourteen
            languages, Polish and Ukrainian among them.""",
            """Fourteen languages at present. The language goes with the badge, so a shared
            device changes when somebody else scans theirs.""",
        ),
        note="",
        praise="My team is happy.",
        least_seats=20,
    ),
)  # fmt: skip
