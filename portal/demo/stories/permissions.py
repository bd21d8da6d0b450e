"""Permissions: roles, single sign-on, people who come and go."""

from portal.demo.stories.model import Story

PERMISSIONS = (
    Story(
        "sso-locked-out", "permissions", "access", (1, 2, 2),
        subjects=(
            "Single sign-on fails: “audience mismatch”",
            "SSO login fails for all users",
            "Whole office locked out since {clock}",
        ),
        questions=(
            """We switched our identity provider this morning and since {clock} nobody gets
            into Tidewater: “audience mismatch”. The handhelds with badges still work, the
            office and the shift leads are out.""",
            """SSO login returns an error for all users. We renewed the signing certificate
            yesterday, as announced. No planner can work.""",
        ),
        ask="""Understood. Could you send me the metadata address of your new identity
        provider? I can load it from here, with your written consent in this ticket.""",
        detail="""https://login.{domain}/metadata.xml, and you have my consent. {colleague}
        from IT is with me.""",
        answers=(
            """The new metadata is loaded, with the new certificate and audience. I had
            {colleague} try it: works. Everybody can log in, no new invitations needed.

            For next time: Account > Single sign-on > “second provider” lets you test a new one
            beside the old one.""",
            """The certificate had been renewed on your side, and ours still checked against
            the old one. Both are accepted for the next 30 days now, the old one then expires
            by itself. Logins come in again, I see {few} in the last two minutes.""",
        ),
        note="Consent in the ticket, metadata fingerprint compared by phone. Done by the book.",
        hold="""Your identity provider sends no address of the user any more, only a number.
        Your IT has asked them to add it, which takes their approval. Until then I have given
        the {few} shift leads a login by code, so that they can work.""",
        praise="Calm and secure: they asked for consent before touching anything.",
        blame="An emergency login should exist without a call to support.",
        least_seats=60,
    ),
    Story(
        "role-missing-right", "permissions", "access", (3, 4, 3),
        subjects=(
            "Which right is needed to release waves?",
            "Right missing for stock corrections",
            "{colleague} lacks a right in {site}",
        ),
        questions=(
            """{colleague} should release waves while I am away but does not see the button. I
            gave the role “Planner”. What is missing?""",
            """After your last update {colleague} cannot post stock corrections any more. The
            role has not changed.""",
        ),
        ask="""Could you tell me which sites {colleague} has? Rights count per site, and the
        menu shows only what can be done in the one chosen at the top.""",
        detail="""Only {site}. And the site chosen is “All sites”. Is that the reason?""",
        answers=(
            """It is: with “All sites” only those see the button who may do it in each of them.
            When {colleague} chooses {site} at the top it appears. You can also set {site} as
            default in the profile.""",
            """The right was split with {version}: “correct stock” and “correct stock above
            limit”. Existing roles got the first one. I have not changed yours; you find it
            under People > Roles > Planner > Stock.""",
        ),
        note="",
        praise="Good explanation, I understand the roles now.",
        blame="That was not obvious at all.",
    ),
    Story(
        "leaver", "permissions", "access", (3, 4, 3),
        subjects=(
            "Remove a user but keep the history",
            "Deactivate {few} users at once",
            "Users who leave us",
        ),
        questions=(
            """{colleague} leaves us on Friday. How do we remove the user without losing the
            movements and the saved reports?""",
            """We have to switch off {few} users of an agency. Is there a list where this can
            be done at once?""",
        ),
        ask="""Nothing gets lost when a user is switched off. Who should get the saved reports?""",
        detail="""I will take them. Friday evening is fine.""",
        answers=(
            """People > {colleague} > Switch off > “Hand over reports and views to”. Movements
            keep the name for ever, that is required in your industry. You can set the date in
            advance, it is done at the end of that day.""",
            """People > filter by company “Agency” > select all > Switch off. Badges stop at
            once, also on devices that are offline, as soon as they see the network.""",
        ),
        note="",
        praise="Quick and complete.",
        least_seats=14,
    ),
    Story(
        "audit-trail", "permissions", "question", (3, 4, 4),
        subjects=(
            "Proof of who released {lot}",
            "Who changed the minimum stock of {sku}?",
            "Audit trail: who changed what?",
        ),
        questions=(
            """For an audit we need proof of who released lot {lot}, with time and reason.
            Where is this kept?""",
            """The minimum stock of {sku} went from {few} to 0 and nobody admits it. Can you
            see who did it and when?""",
        ),
        ask="""It is kept. Is it for you or for an external auditor? In the second case there
        is a signed export.""",
        detail="""For an external audit next week.""",
        answers=(
            """Insights > Audit trail, filter by {lot}: you see the person, the time, the
            device, the value before and after, and the reason. “Signed export” makes a PDF
            with a checksum that the auditor can verify on our site.""",
            """It was the nightly item import from {erp}, not a person: the file had an empty
            column for the minimum stock. In Connect > Import > Options choose “empty means
            unchanged”.""",
        ),
        note="",
        praise="The auditor was satisfied at once.",
        least_seats=25,
    ),
)  # fmt: skip
