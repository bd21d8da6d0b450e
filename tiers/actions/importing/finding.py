"""Which organization a line is about: exactly one, by what is written, never by likeness."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from people.models import Organization
from tiers.rules.sheet_columns import EXTERNAL_ID, NAME, PUBLIC_ID


@dataclass(slots=True)
class Identities:
    """The organizations that some lines may mean, by each of their names. Three statements."""

    by_external_id: dict[str, Organization] = field(default_factory=dict)
    by_public_id: dict[str, Organization] = field(default_factory=dict)
    by_name: dict[str, list[Organization]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, str]]) -> "Identities":
        """Read what these lines may mean; each maps kinds of identifiers to what is written."""
        written: dict[str, set[str]] = defaultdict(set)
        for line in lines:
            for kind, text in line.items():
                written[kind].add(text)
        found = cls()
        for row in _rows("external_id", written[EXTERNAL_ID]):
            found.by_external_id[row.external_id or ""] = row
        for row in _rows("public_id", written[PUBLIC_ID]):
            found.by_public_id[row.public_id] = row
        for row in _rows("name", written[NAME]):
            found.by_name[row.name].append(row)
        return found

    def find(self, line: Mapping[str, str]) -> Organization | None:
        """Return the organization of a line, None when there is none.

        The first identifier that is written decides: the CRM's id, the portal's, the name.
        Raises ValueError when a name is not one organization's alone.
        """
        if external_id := line.get(EXTERNAL_ID):
            return self.by_external_id.get(external_id)
        if public_id := line.get(PUBLIC_ID):
            return self.by_public_id.get(public_id.lower())
        named = self.by_name.get(line.get(NAME, ""), [])
        if len(named) > 1:
            raise ValueError(
                _("%(count)s organizations have this name. Name it by its id.")
                % {"count": len(named)}
            )
        return named[0] if named else None

    def namesake(self, line: Mapping[str, str]) -> Organization | None:
        """Return an organization of the same name, which a new one might be a second of."""
        return next(iter(self.by_name.get(line.get(NAME, ""), [])), None)


def _rows(column: str, texts: Collection[str]) -> Iterable[Organization]:
    wanted = {text.lower() if column == "public_id" else text for text in texts if text}
    return Organization.objects.filter(**{f"{column}__in": wanted}) if wanted else ()
