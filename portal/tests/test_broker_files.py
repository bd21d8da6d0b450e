"""The broker of files: a reader never sees half of a message."""

import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

import portal.celery  # noqa: F401  (says what filesystem:// means)
from portal.broker_files import Channel


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
        "store_processed": False,
    }
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection.channel()


def test_filesystem_means_our_channel_and_messages_come_in_order(channel):
    assert isinstance(channel, Channel)
    for number in range(3):
        channel._put("sla", {"number": number})
        # Names are ordered by the millisecond.
        threading.Event().wait(0.002)
    channel._put("default", {"number": 9})

    assert [channel._get("sla")["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("sla")
    assert channel._size("default") == 1


def test_readers_beside_a_busy_writer_see_every_message_once_and_never_half_of_one(channel):
    found: list[int] = []
    errors: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        while True:
            last = over.is_set()
            try:
                found.append(channel._get("sla")["number"])
            except Empty:
                if last:
                    return
            except BaseException as error:
                errors.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(300):
        channel._put("sla", {"number": number, "text": "x" * 5_000})
    over.set()
    for reader in readers:
        reader.join(30)

    assert errors == []
    assert sorted(found) == list(range(300))


def test_a_broken_file_ends_no_worker(channel, tmp_path):
    (tmp_path / "queue" / "1_x.sla.msg").write_bytes(b"")
    with pytest.raises(Empty):
        channel._get("sla")
    channel._put("sla", {"number": 1})
    assert channel._get("sla") == {"number": 1}
