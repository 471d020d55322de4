"""The product's settings with one kind of job more: errands, which do nothing but take time or fall over."""

import os

from vocalborn.settings import *  # noqa: F403
from vocalborn.settings import CELERY_RESULT_BACKEND, INSTALLED_APPS, TASKS_ADMIN

INSTALLED_APPS = [*INSTALLED_APPS, "bench.errands"]
MIGRATION_MODULES = {"errands": None}  # migrate --run-syncdb makes the tables
# Errands hear nothing: their workers need not load what a recording needs.
TASKS_ADMIN = TASKS_ADMIN | {"WARM_UP": {}}
# Celery's plain Redis backend: a worker without the TaskResult rows, to be measured beside one with them.
if os.environ.get("BENCH_HISTORY") == "off":
    CELERY_RESULT_BACKEND = CELERY_RESULT_BACKEND.partition("+")[2]
