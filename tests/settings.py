"""Settings for the tests: production's code, a data folder of its own, and Redis from the environment or embedded.

DATABASE_URL, REDIS_HOST and REDIS_URL are honoured, so the same tests run on PostgreSQL and a real Redis. Each
of pytest-xdist's processes has its own Redis, or its own two databases of the given one.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_process = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
_number = int(_process.removeprefix("gw"))
_folder = Path(tempfile.mkdtemp(prefix=f"vocalborn-{_process}-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ.update(
    DEBUG="true",
    SECRET_KEY="tests-only",
    DATA_DIR=str(_folder),
    REDIS_DB_BROKER=str(2 * _number),
    REDIS_DB_BACKEND=str(2 * _number + 1),
)

from vocalborn.settings import *  # noqa: E402, F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # These tables need not outlive the machine.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"  # noqa: F405

# Asks whether a page makes the same query for each row; tests/vocalborn/test_whose_is_it.py turns it on.
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]  # noqa: F405
# Who asks, and who is asked about, are two users on a page of an account.
ZEAL_ALLOWLIST = [{"model": "auth.User", "field": "get()"}]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["tests.hashers.QuickHasher"]
# Tests look after the alerts themselves.
TASKS_ADMIN = TASKS_ADMIN | {"WATCH_FROM_WEB": False}  # noqa: F405
