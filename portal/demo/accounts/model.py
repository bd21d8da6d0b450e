"""What is known about a demo customer and its people."""

import unicodedata
from dataclasses import dataclass

# Letters that Unicode does not take apart into a letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer. ``zone`` only where it is not the organization's."""

    name: str
    title: str
    zone: str = ""

    def email(self, domain: str) -> str:
        """Return the address as companies make them: first.last, in plain letters."""
        words = self.name.lower().translate(_PLAIN).replace("'", "").split()
        ascii_only = [
            unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
            for word in (words[0], words[-1])
        ]
        return f"{'.'.join(ascii_only)}@{domain}"


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. The first contact manages the organization's tickets.

    ``acv`` is the annual contract value as a list of (days ago, US dollars), the
    first since the contract began; ``customer_for`` is the age of the contract in
    days. ``looked_at`` are further days (ago) on which the tier was evaluated,
    as the nightly run does. ``pace`` scales how often they write.
    """

    key: str
    name: str
    domain: str
    acv: tuple[tuple[int, int], ...]
    seats: int
    criticality: int
    region: str
    zone: str
    sites: tuple[str, ...]
    customer_for: int
    contacts: tuple[Contact, ...]
    strategic: bool = False
    contract_floor: str = ""
    looked_at: tuple[int, ...] = ()
    pace: float = 1.0

    @property
    def external_id(self) -> str:
        """Its id in the CRM; by the prefix a database of the demo is recognised."""
        return f"{DEMO_PREFIX}{self.key}"


DEMO_PREFIX = "tidewater-demo-"
