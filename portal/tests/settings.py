"""Settings of the test suite: the real ones, read under a known environment.

``DATABASE_URL``, ``REDIS_URL`` and ``BROKER_URL`` are taken from outside (that is
how ``make test`` runs the suite on each server); everything else is fixed, so that
nobody's own environment changes what a test means.
"""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit, urlunsplit

# One folder per process: parallel test workers must not share files and rate limits. All of
# them lie in one that the first process removes: the workers are ended without goodbye.
if "TESTS_DIR" not in os.environ:
    os.environ["TESTS_DIR"] = tempfile.mkdtemp(prefix="kept-tests-")
    atexit.register(shutil.rmtree, os.environ["TESTS_DIR"], ignore_errors=True)
FIXED = {
    "DEBUG": "false",
    "DEMO": "false",
    "SECRET_KEY": "a-key-for-tests-that-protects-nothing-at-all",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "BASE_URL": "http://localhost:8000",
    "MAILBOX_DIR": "",
    "HASHED_STATIC_FILES": "false",
    "LOG_FORMAT": "console",
    "LOG_LEVEL": "WARNING",
    "DATA_DIR": tempfile.mkdtemp(dir=os.environ["TESTS_DIR"]),
}
RESET = {
    "SECRET_KEY_FILE",
    "MFA_REQUIRED_FOR_STAFF",
    "VENDOR_NAME",
    "METRICS_TOKEN",
    "EMAIL_URL",
    "ENCRYPTION_KEYS",
    "HUBSPOT_API_URL",
    "HUBSPOT_APP_URL",
    "SALESFORCE_CONTRACT_URL",
}
REDIS_DATABASES = 16  # what a Redis has by default

for name in RESET:
    os.environ.pop(name, None)
os.environ.update(FIXED)

worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if os.environ.get("REDIS_URL"):
    # One database per test worker, counted up from the given one: tests empty theirs. What
    # a test starts itself reads this file again and must come to the same number.
    address = urlsplit(os.environ.setdefault("TESTS_REDIS_URL", os.environ["REDIS_URL"]))
    first = int(address.path.strip("/") or 0)
    number = first + int(worker.removeprefix("gw")) % (REDIS_DATABASES - first)
    os.environ["REDIS_URL"] = urlunsplit(address._replace(path=f"/{number}"))
elif "BROKER_URL" not in os.environ:
    os.environ["BROKER_URL"] = "memory://"

from portal.settings import *  # noqa: E402, F403

# Cheap on purpose: logging in is not what most tests are about.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if USES_SQLITE:  # noqa: F405
    # A file, as in real life: threads get connections of their own, which wait for each
    # other; SQLite's shared memory refuses at once. Nothing written need survive.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )

# WhiteNoise warns, and a warning is an error here, when the folder of static files is missing.
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
