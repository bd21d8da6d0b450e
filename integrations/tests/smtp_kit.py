"""A real SMTP server for tests, which behaves as badly as it is told."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """Takes mails; ``answers`` says how it answers RCPT or DATA, if not with 250."""

    answers: dict[str, str] = field(default_factory=dict)
    drops_after_data: bool = False
    seconds: float = 0.0
    received: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd calls it so)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        """Accept a recipient, or say what the test wants."""
        if answer := self.answers.get("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd calls it so)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail, slowly, or lose the line after having taken it."""
        await asyncio.sleep(self.seconds)
        if answer := self.answers.get("DATA"):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        if self.drops_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"

    @property
    def message_ids(self) -> list[str]:
        """Return the Message-IDs of what came, in order."""
        return [str(message["Message-ID"]) for message in self.received]


@contextmanager
def listening(sink: Sink) -> Iterator[Controller]:
    """Let a sink listen on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()
