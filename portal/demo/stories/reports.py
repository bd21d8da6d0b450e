"""Insights: reports, dashboards, exports."""

from portal.demo.stories.model import Story

REPORTS = (
    Story(
        "report-numbers", "reports", "defect", (3, 3, 4),
        subjects=(
            "Picks per hour in Insights are too low",
            "Report and dashboard show different numbers",
            "Productivity report wrong for {site}",
        ),
        questions=(
            """The report “Picks per hour” shows 38 for last week, our own list says about
            twice as much. What does it count?""",
            """Dashboard and report disagree for {site}: shipped lines of yesterday, {count} in
            one and fewer in the other.""",
        ),
        ask="""Which time zone is set in the report (small print at the bottom), and do you
        work in two shifts across midnight?""",
        detail="""It says UTC. And yes, the late shift ends at one.""",
        answers=(
            """The report cut the day at midnight UTC, right through your late shift, and the
            hours after it counted for nobody. I set it to the time zone of {site}; the numbers
            of last week are now the same as in your list.""",
            """The report counts confirmed picks, the dashboard also those that were corrected
            afterwards. Since {version} both use confirmed ones. I ran it again for last week:
            they agree.""",
        ),
        note="Third one with UTC in reports made by the old designer. A migration would help.",
        again="For the weekend the numbers are still different.",
        fix="""On Saturday there was a shift without an end (somebody forgot to log out). I
        ended it at the time of the last pick, since then both agree.""",
        praise="Finally I trust these numbers.",
        blame="We have steered by wrong numbers for months.",
    ),
    Story(
        "report-slow", "reports", "performance", (3, 3, 4),
        subjects=(
            "Stock report takes minutes to open",
            "Report “Movements” runs into a timeout",
            "Insights very slow since {version}",
        ),
        questions=(
            """The stock report of {site} takes four to five minutes since last week and often
            ends with a timeout. Before it was a few seconds.""",
            """“Movements” for one month cannot be opened any more, it stops after 60 seconds.
            We need it for the month's end.""",
        ),
        ask="""Could you tell me which filters you set, and whether the column “Value” is
        shown? It is the expensive one.""",
        detail="""No filter but the site. And yes, “Value” is there, since our controller wants
        it.""",
        answers=(
            """With “Value” the report looked up a price for each movement of two years. We
            made it read the daily prices at once: for {site} it opens in 3 seconds now. You
            need not change anything.""",
            """I made a nightly copy of the report for you: it is ready at 6:00 and opens at
            once. For the live one please set a period of a week or less, until the faster
            version comes with the next release.""",
        ),
        note="Query plan attached. Fix by the Insights team went out as a hotfix.",
        again="It was fast for three days, now it is slow again.",
        fix="""The hotfix had been lost with the update of yesterday. It is in again, and part
        of the release this time.""",
        praise="From five minutes to three seconds!",
        blame="We lost a day at the month's end.",
    ),
    Story(
        "report-schedule", "reports", "question", (4, 4, 3),
        subjects=(
            "Scheduled report stopped",
            "Send a report by mail every Monday",
            "Automatic export of the stock list",
        ),
        questions=(
            """The weekly mail with the report has not come for two weeks. It used to be on
            Mondays.""",
            """Can Insights send the stock list to our purchasing every Monday at 7, as a
            table?""",
        ),
        ask="""Who had set it up? Schedules belong to a user and stop when the user is switched
        off.""",
        detail="""That was {colleague}, who left in spring. Could it belong to me now?""",
        answers=(
            """I made you the owner, it goes out again next Monday at 7:00 your time.
            Recipients and format can be changed under Insights > Schedules.""",
            """Yes: open the report, set the filters, then “Schedule”. Choose Monday 7:00,
            format table, and enter the addresses. You can send yourself a test at once.""",
        ),
        note="",
        praise="Exactly what I needed, in three sentences.",
    ),
    Story(
        "report-export", "reports", "defect", (4, 3, 3),
        subjects=(
            "Export to table breaks umlauts and accents",
            "Leading zeros disappear in the export",
            "Export opens wrong in the spreadsheet",
        ),
        questions=(
            """In the export of the stock report all special letters are broken (“MÃ¼ller”). It
            is the same on three computers.""",
            """Item numbers with leading zeros lose them when we open the export, so our macro
            does not find them.""",
        ),
        ask="""Do you open the file by double click or by “import data”? And do you use the
        format CSV or XLSX?""",
        detail="""CSV with a double click, as always.""",
        answers=(
            """The file is right, the spreadsheet guesses wrong when a CSV is opened by double
            click. Please choose XLSX in the export: letters, dates and leading zeros stay as
            they are. Your macro reads it as well.""",
            """The zeros are in the file; the spreadsheet takes such a column for numbers and
            drops them. Choose XLSX in the export, there it is marked as text, or switch on
            Insights > Export > “For spreadsheets”, which does the same for CSV. I set it for
            your organization.""",
        ),
        note="",
        praise="Small thing, big relief.",
    ),
)  # fmt: skip
