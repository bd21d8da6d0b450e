"""Who is looking: the one argument of every ``visible_to``."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person as the access rules see them.

    Built once per request by ``people.viewers.viewer_of``; rules and QuerySets
    read it, nobody changes it. ``staff_role`` is one of agent, lead, ops,
    admin, or None for a customer. Organization ids are those of active
    memberships in organizations that are not suspended.
    """

    user_id: int | None = None
    staff_role: str | None = None
    organization_ids: frozenset[int] = field(default_factory=frozenset)
    managed_organization_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def is_known(self) -> bool:
        """Whether somebody is logged in."""
        return self.user_id is not None

    @property
    def is_staff(self) -> bool:
        """Whether this is one of the vendor's own people."""
        return self.staff_role is not None

    @property
    def sees_every_queue(self) -> bool:
        """Whether no queue is closed to this person (lead, ops, admin)."""
        return self.staff_role in {"lead", "ops", "admin"}

    @property
    def runs_operations(self) -> bool:
        """Whether this person may use the ops pages."""
        return self.staff_role in {"ops", "admin"}

    @property
    def works_tickets(self) -> bool:
        """Whether this person may answer and change tickets at the desk."""
        return self.staff_role in {"agent", "lead", "admin"}


ANONYMOUS = Viewer()
