"""What a cell says about a fact. What two people could read differently is refused."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.kit.words import tier_label
from tiers.actions.facts import canonical_fact
from tiers.fact_sheets.sheet import Cell
from tiers.models import AccountFact
from tiers.rules.sheet_columns import plain_amount

Fact = AccountFact.Name
# What says that nobody knows; an empty cell says nothing and leaves the fact as it is.
UNKNOWN_WORDS = frozenset({"unknown", "unbekannt"})
_symbols = {"€": "EUR", "$": "USD", "£": "GBP"}
_currency_mark = re.compile(r"^[A-Z]{3}(?=[ \d])|(?<=[ \d])[A-Z]{3}$|[€$£]")
_german_day = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a file are read: its decimal sign, the policy's currency and tiers."""

    decimal_sign: str
    currency: str
    tiers: tuple[str, ...]

    def fact(self, name: str, cell: Cell) -> str | None:
        """Return the stored form of a cell; None leaves the fact as it is, "" says not known.

        Raises ValueError with a sentence that says what to write.
        """
        if cell.problem:
            raise ValueError(cell.problem)
        if not cell.text:
            return None
        if cell.text.casefold() in UNKNOWN_WORDS:
            return ""
        text = cell.text
        if name == Fact.ACV and not cell.is_typed:
            text = self._amount(text)
        elif name == Fact.CONTRACT_FLOOR:
            text = self._tier(text)
        elif name in {Fact.CONTRACT_START, Fact.CONTRACT_RENEWAL} and not cell.is_typed:
            text = _day(text)
        return canonical_fact(name, text)

    def check_currency(self, cell: Cell) -> None:
        """Raise ValueError when a currency column names another than the policy's."""
        if cell.problem:
            raise ValueError(cell.problem)
        said = _symbols.get(cell.text, cell.text.upper())
        if said and said != self.currency:
            raise ValueError(
                _("Amounts are kept in %(currency)s. Convert the amount first.")
                % {"currency": self.currency}
            )

    def _amount(self, text: str) -> str:
        plain = text
        if mark := _currency_mark.search(text):
            self.check_currency(Cell(mark[0].strip()))
            plain = text.replace(mark[0], "", 1).strip()
        amount = plain_amount(plain, self.decimal_sign)
        if amount is None:
            example = "25000,50" if self.decimal_sign == "," else "25000.50"
            raise ValueError(
                _("Write an amount like %(example)s. The decimal sign of this file is “%(sign)s”.")
                % {"example": example, "sign": self.decimal_sign}
            )
        return amount

    def _tier(self, text: str) -> str:
        for tier in self.tiers:
            if text.casefold() in {tier.casefold(), str(tier_label(tier)).casefold()}:
                return tier
        raise ValueError(
            _("There is no such tier. Write one of these: %(tiers)s.")
            % {"tiers": ", ".join(reversed(self.tiers))}
        )


def _day(text: str) -> str:
    """Return 31.12.2026 as 2026-12-31; 12/31/2026 is read differently by different people."""
    if found := _german_day.fullmatch(text):
        return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    return text
