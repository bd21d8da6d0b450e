"""What two versions of something say otherwise, a line each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is said otherwise. An empty ``old`` or ``new``: it is not said there."""

    what: str
    old: str
    new: str

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed."""
        if not self.old:
            return "added"
        return "changed" if self.new else "removed"
