"""The product's settings with one kind of job more: errands, which do nothing but take time or fall over."""

from vocalborn.settings import *  # noqa: F403
from vocalborn.settings import INSTALLED_APPS, TASKS_ADMIN

INSTALLED_APPS = [*INSTALLED_APPS, "bench.errands"]
MIGRATION_MODULES = {"errands": None}  # migrate --run-syncdb makes the tables
# Errands hear nothing: their workers need not load what a recording needs.
TASKS_ADMIN = TASKS_ADMIN | {"WARM_UP": {}}
