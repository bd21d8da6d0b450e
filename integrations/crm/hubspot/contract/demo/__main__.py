"""Run the Demo CRM: ``python -m integrations.crm.hubspot.contract.demo --help``.

A process of its own beside the portal, without Django; the supervisor of ``make run`` starts and
stops it.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from integrations.crm.hubspot.contract.demo.keeping import Keeper
from integrations.crm.hubspot.contract.demo.pages import DemoPages, keep_sending
from integrations.crm.hubspot.contract.server import LOCALHOST, running


def main() -> None:
    """Serve until a signal says stop."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--file", type=Path, required=True, help="where the companies are kept")
    reader.add_argument("--port", type=int, required=True, help="port of 127.0.0.1 to listen on")
    reader.add_argument("--portal", required=True, help="the portal's address for people")
    reader.add_argument("--deliver-to", required=True, help="the portal's address from here")
    given = reader.parse_args()
    keeper = Keeper(given.file)
    account = keeper.account()
    portal = given.portal.rstrip("/")
    account.webhooks.target = portal + keeper.state["webhook_path"]
    account.webhooks.reached_at = given.deliver_to.rstrip("/") + keeper.state["webhook_path"]
    names = {f"{host}:{given.port}" for host in (LOCALHOST, "localhost")}
    pages = DemoPages(account, keeper, portal=portal, names=names)
    with running(account, port=given.port) as server:
        server.page = pages

        def stop(_signal: int, _frame: FrameType | None) -> None:
            server.stopping.set()

        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, stop)
        keep_sending(pages, server.stopping)
        while not server.stopping.wait(1.0):
            pass
    keeper.save(account)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
