"""Which of two readings of one record is the newer truth."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A reading: the CRM's instant of the last change, when our reading began, and if it is there.

    ``is_exact`` says that the record itself was asked for; an index that is searched or listed
    lags behind it.
    """

    updated_at: datetime | None
    read_at: datetime
    is_archived: bool = False
    is_exact: bool = True


def counts(new: Version, known: Version | None) -> bool:
    """Whether a reading is applied over what is known.

    A later change counts, whenever it arrives. Of the same change, the later reading counts: it
    may have seen another change within the same tick of the CRM's clock. Deleting and restoring
    do not move every CRM's clock: there the later exact reading counts.
    """
    if known is None or known.updated_at is None:
        return known is None or new.read_at >= known.read_at
    if new.updated_at is None:  # not found: nothing but the order of readings
        return new.read_at > known.read_at
    if new.updated_at > known.updated_at:
        return True
    if new.is_archived != known.is_archived:
        return new.is_exact and new.read_at > known.read_at
    return new.updated_at == known.updated_at and new.read_at >= known.read_at
