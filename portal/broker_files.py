"""Messages as files, for the machine without a broker: a message is there whole or not at all.

Kombu's transport creates a message's file under its final name and fills it a moment later. A
worker that looks in between reads an empty file, and ends. With a tick every second that happens
every few minutes.
"""

import os
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """The file system's channel with whole messages."""

    def _put(  # type: ignore[override]  # as kombu itself does
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        # The order of names is the order of messages; a reader passes over what ends otherwise.
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        fresh = folder / f"{name}.part"
        try:
            fresh.write_bytes(dumps(payload).encode())
            os.replace(fresh, folder / name)
        except OSError as error:
            raise ChannelError(f"The message {name} cannot be written: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            # Left by a crash of the machine. Every task is harmless to lose: the next tick comes.
            raise Empty from None


class Transport(filesystem.Transport):
    """What ``filesystem://`` means here (see ``portal.celery``)."""

    Channel = Channel
