"""How messages are made of story texts: names and numbers filled in, greeting and close added."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from portal.demo.accounts import Account
from portal.demo.stories import Story, prose

CARRIERS = ("Boreal Parcel", "Meridian Express", "Kite Logistics", "Overland Post", "QuickHaul")
SHOPS = ("Cartwell", "Storefront One", "Lumeo Shop")
ERPS = ("Ledgerline", "Finova ERP", "Orbis One")
COLLEAGUES = (
    "Alex", "Ana", "Chris", "Dana", "Eli", "Farid", "Gina", "Ivo", "Joe", "Kim", "Lea", "Max",
    "Nico", "Olga", "Paula", "Robin", "Sasha", "Toni", "Uma", "Vic",
)  # fmt: skip
FIRST_RELEASE = datetime.fromisoformat("2025-03-03T00:00:00+00:00")
WEEKS_PER_RELEASE = 9

CUSTOMER_OPENINGS = ("Hello,", "Hi,", "Hi team,", "Hello support,", "Good morning,", "Dear team,")
CUSTOMER_CLOSES = ("Thanks", "Thank you", "Best regards", "Kind regards", "Regards", "Cheers")
AGENT_OPENINGS = ("Hello {name},", "Hi {name},", "Hi {name}, thank you for writing.")
AGENT_LATER_OPENINGS = ("Hi {name},", "Hello again {name},", "Hi {name}, thank you.")
AGENT_CLOSES = ("Best regards", "Kind regards", "All the best", "Best")
INVITES = (
    "If anything is still open, just answer here.",
    "Please write if it comes back; this ticket opens again by itself.",
    "I set this to solved. Your answer opens it again.",
    "",
    "",
)
INTERIMS = (
    """I have your ticket and I am looking at it now. I want to see the log of {site} first and
    come back to you with what I found.""",
    """Thank you for the good description, I can reproduce it. I have taken a colleague from the
    {area} team in and write again as soon as we know where it comes from.""",
    """I have read everything and started with the data of {site}. It looks like something we can
    solve from here. I shall write again as soon as it is done.""",
    """Understood, and I see why this is in your way. I am comparing it with another installation
    where it works and come back to you.""",
)
RELEASED = (
    """They have answered: it is corrected on their side, and we have checked it with your data
    of today. Everything goes through again. Thank you for your patience.""",
    """Good news: the other side has put it right. I tried it with a case of {site} just now and it
    works. You need not do anything.""",
    """It is settled. They found the cause, corrected it, and confirmed it to us in writing, which
    I keep with this ticket. I shall look once more tomorrow.""",
)
TRY_IT = "Could you try it and tell me whether it works for you?"
THANKS = (
    "Works. Thank you!",
    "Yes, that did it. Thanks for the quick help.",
    "Tried it with two cases, both fine. You can close this.",
    "Perfect, thank you. I learned something, too.",
    "All good again. Have a nice day!",
)
COMEBACKS = (
    """I am afraid we are back: the same as in our last ticket, this time in {site}. I hoped that
    was done.""",
    """We had this solved some weeks ago and now it has returned, exactly as before. Nothing was
    changed on our side.""",
)
COMEBACK_ANSWERS = (
    """I have read the old ticket, so you need not explain it again. The setting from back then had
    been lost with the update to {version}; I put it back and noted it with your installation, so
    that the next update keeps it.""",
    """Thank you for coming back. It was the same cause at a second place, which we had not looked
    at. Both are corrected now, and I checked the others in {site} while I was there.""",
)


@dataclass(frozen=True, slots=True)
class Wording:
    """The voice of one ticket: its slots and the people in it."""

    slots: dict[str, str]
    customer: str
    rng: Random

    def fill(self, text: str) -> str:
        """Return a text with the names and numbers of this ticket."""
        return prose(text).format_map(self.slots)

    def subject(self, story: Story, way: int) -> str:
        """Return a subject for one of the two ways through a story."""
        text = self.rng.choice((story.subjects[way], *story.subjects[2:]))
        if "{" not in text and story.area != "billing" and self.rng.random() < 0.6:
            text += " ({site})"
        return self.fill(text)

    def from_customer(self, text: str, *, is_first: bool = False) -> str:
        """Return what the customer sends: formal at first, shorter afterwards."""
        parts = [self.fill(text)]
        if is_first or self.rng.random() < 0.25:
            parts.insert(0, self.rng.choice(CUSTOMER_OPENINGS))
        if self.rng.random() < (0.8 if is_first else 0.4):
            parts.append(f"{self.rng.choice(CUSTOMER_CLOSES)},\n{first_name(self.customer)}")
        return "\n\n".join(parts)

    def from_agent(
        self, text: str, agent: str, *, is_first: bool = False, invites: bool = False
    ) -> str:
        """Return what an agent sends in public, signed with the first name."""
        openings = AGENT_OPENINGS if is_first else AGENT_LATER_OPENINGS
        parts = [
            self.rng.choice(openings).format(name=first_name(self.customer)),
            self.fill(text),
        ]
        if invites and (invitation := self.rng.choice(INVITES)):
            parts.append(invitation)
        parts.append(f"{self.rng.choice(AGENT_CLOSES)},\n{first_name(agent)}")
        return "\n\n".join(parts)


def first_name(name: str) -> str:
    """Return what one is called by; families that stand first are kept whole."""
    return name if name.startswith("Tan ") else name.split()[0]


def slots_of(
    account: Account, story: Story, opened_at: datetime, success_manager: str, rng: Random
) -> dict[str, str]:
    """Return the names and numbers that one ticket's texts are filled with."""
    # A customer has one shop, one ERP and few carriers, whatever the ticket.
    own = Random(account.key)  # noqa: S311  (a demo, not a secret)
    shop, erp, carriers = own.choice(SHOPS), own.choice(ERPS), own.sample(CARRIERS, 2)
    seen = opened_at.astimezone(ZoneInfo(account.zone)) - timedelta(minutes=rng.randint(8, 75))
    release = max((opened_at - FIRST_RELEASE).days // (7 * WEEKS_PER_RELEASE), 1)
    order = rng.randint(20_000, 98_000)
    return {
        "site": rng.choice(account.sites),
        "domain": account.domain,
        "seats": str(account.seats),
        "shop": shop,
        "erp": erp,
        "carrier": rng.choice(carriers),
        "area": story.area,
        "sku": f"{''.join(rng.sample('ABCDEFHKLMNPRST', 2))}-{rng.randint(1000, 9899)}",
        "order": f"SO-{order}",
        "po": f"4500{rng.randint(10_000, 99_999)}",
        "asn": f"ASN-{rng.randint(3000, 9800)}",
        "lot": f"L{seen:%y%m}{rng.randint(10, 99)}",
        "wave": f"W-{rng.randint(1100, 9700)}",
        "printer": f"ZD-{rng.randint(1, 24):02d}",
        "scanner": f"HH-{rng.randint(1, min(max(account.seats, 4), 90)):02d}",
        "station": f"packing station {rng.randint(1, 9)}",
        "dock": f"dock {rng.randint(1, 12)}",
        "aisle": f"aisle {rng.choice('ABCDEFG')}{rng.randint(1, 28):02d}",
        "clock": f"{seen:%H:%M}",
        "count": str(rng.randint(260, 1900)),
        "few": str(rng.randint(2, 9)),
        "colleague": rng.choice(COLLEAGUES),
        "colleague_vendor": first_name(success_manager),
        "invoice": f"INV-{seen:%Y}-{rng.randint(100, 9900):05d}",
        "version": f"6.{release}",
        "old_version": f"6.{release - 1}",
    }
