"""What should go wrong, and when: scripted from outside, used up one by one."""

from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from integrations.crm.hubspot.contract.answers import invalid
from integrations.crm.hubspot.contract.shapes import only

FAULT_FIELDS = (
    "method", "path", "times", "skip", "status", "headers", "body", "text", "delay_ms", "drop",
    "truncate", "after",
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong with the next matching calls.

    ``path`` matches by its beginning, ``skip`` lets calls pass first, ``times`` says how often.
    ``status`` with ``body`` (JSON) or ``text`` answers instead of the real answer; ``delay_ms``
    waits first; ``drop`` closes the connection without an answer; ``truncate`` sends half of the
    body. With ``after`` the call is carried out first, and only its answer suffers.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    text: str | None = None
    delay_ms: int = 0
    drop: bool = False
    truncate: bool = False
    after: bool = False


@dataclass
class Faults:
    """The queue of faults."""

    waiting: list[Fault] = field(default_factory=list)
    lock: Any = field(default_factory=RLock)

    def add(self, spec: dict[str, Any]) -> None:
        """Add one fault, described by its fields."""
        only(spec, FAULT_FIELDS)
        try:
            self.waiting.append(Fault(**spec))
        except TypeError as problem:
            raise invalid(str(problem)) from problem

    def clear(self) -> None:
        """Let everything work again."""
        self.waiting.clear()

    def next_for(self, method: str, path: str) -> Fault | None:
        """Return the fault of this call, if there is one, and use it up."""
        with self.lock:
            for fault in self.waiting:
                if fault.method not in ("", method) or not path.startswith(fault.path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
