"""Run the measures: ``python -m bench [names…]`` with SIZE=s|m|l."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

SIZES = {"s": 10_000, "m": 100_000, "l": 1_000_000}
DATABASE = os.environ.get("BENCH_DATABASE", "kept_bench")
# Per measure: whether it works on the generated tickets.
MEASURES = {
    "business_time": False,
    "engine": False,
    "lag": False,
    "crm": False,
    "recompute": False,
    "tiers": False,
    "sweep": True,
    "queue_page": True,
}


def prepare_settings() -> None:
    """Point Django at the bench's own database before it is set up."""
    from urllib.parse import urlsplit

    server = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    if not server.startswith("postgres"):
        sys.exit("bench needs PostgreSQL: set DATABASE_URL=postgres://user@host:port/postgres")
    os.environ["BENCH_SERVER_URL"] = server
    os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{DATABASE}").geturl()
    os.environ.setdefault("SECRET_KEY", "a-key-for-measuring-that-protects-nothing")
    os.environ.setdefault("HASHED_STATIC_FILES", "false")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ.setdefault("MFA_REQUIRED_FOR_STAFF", "false")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="kept-bench-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)


def main() -> None:
    """Load the data of the wanted size, run the wanted measures, print their lines."""
    prepare_settings()
    from bench.database import ensure_database

    size = SIZES.get(os.environ.get("SIZE", "s"))
    if size is None:
        sys.exit(f"SIZE must be one of {', '.join(SIZES)}.")
    wanted = sys.argv[1:] or list(MEASURES)
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        sys.exit(f"No such measure: {', '.join(unknown)}. There are: {', '.join(MEASURES)}.")
    ensure_database(DATABASE)
    import django

    django.setup()
    from bench.generate import load
    from bench.result import machine, report

    report(machine())
    if any(MEASURES[name] for name in wanted):
        report(load(size))
    for name in wanted:
        run: Callable[[int], Iterator[dict[str, Any]]]
        run = import_module(f"bench.measures.{name}").run
        for line in run(size):
            report({"size": size, **line})


if __name__ == "__main__":
    main()
