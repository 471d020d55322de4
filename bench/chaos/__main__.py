"""`make chaos`: two hundred jobs and one fault, again and again. One JSON line for each fault.

``python -m bench.chaos [--jobs N] [FAULT ...]``. Exit code 0 where every aim was reached, 1 where one was missed,
2 where this machine lacks a server.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chaos.faults import FAULTS, Fault
from bench.chaos.stack import Stack, Supervisor, say
from bench.servers import Missing, Postgres, Redis, environment

if TYPE_CHECKING:
    from bench.chaos.count import Counts

JOBS = 220
REACHED, MISSED, LACKING = 0, 1, 2


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix="vocalborn-chaos-"))
    code = MISSED
    try:
        with stack(folder) as ready:
            reached = [run(FAULTS[name], ready, options.jobs) for name in options.faults or FAULTS]
            code = REACHED if all(reached) else MISSED
    except Missing as error:
        print(error, file=sys.stderr)
        code = LACKING
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    finally:
        tidy(folder, keep_logs=code == MISSED)
    return code


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument(
        "faults", nargs="*", metavar="FAULT", help=f"one of {', '.join(FAULTS)} (default: all)"
    )
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many to submit for each fault")
    options = parser.parse_args()
    if unknown := set(options.faults) - set(FAULTS):
        parser.error(f"no fault {', '.join(sorted(unknown))}: there are {', '.join(FAULTS)}")
    return options


@contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """PostgreSQL, with the tables made, and this process set up to work on it. Raises Missing."""
    folder.chmod(0o711)  # PostgreSQL's user passes through
    postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
    os.environ.update(environment(postgres, redis, folder / "data"))
    os.environ.update(REDIS_DB_BROKER="0", REDIS_DB_BACKEND="1", CELERY_LOG_LEVEL="INFO")
    say(f"starting PostgreSQL in {folder}")
    with Supervisor(postgres) as supervisor:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("migrate", run_syncdb=True, verbosity=0)  # the errands' tables point to those above
        yield Stack(folder, supervisor, redis.port)


def run(fault: Fault, stack: Stack, jobs: int) -> bool:
    """Let one fault happen, print its line, and say whether its aims were reached."""
    from bench.chaos.count import clean_tables, count, wait_settled

    say(f"{fault.name}: starting Redis and two workers")
    clean_tables()
    with stack.scene(
        fault.name, jobs, web=fault.web(jobs), prefix=fault.prefix, persistent=fault.persistent
    ) as scene:
        fault.strike(scene)
        ended = time.time()
        say(f"{fault.name}: over, waiting for the last errand")
        scene.until_submitted()
        wait_settled(ended + fault.within)
        counts = count(scene, ended)
    missed = misses(fault, counts, jobs)
    print(json.dumps({"fault": fault.name, **asdict(counts), "missed": missed, "ok": not missed}), flush=True)
    return not missed


def misses(fault: Fault, counts: Counts, jobs: int) -> list[str]:
    """The figures that are not what they should be."""
    none = ("stuck", "lost", "completed_twice", "celery_disagrees", "neighbours_failed", "poison_unended")
    missed = [name for name in none if getattr(counts, name)]
    reached = {
        "submitted": counts.submitted >= jobs,
        "seconds_to_last": counts.seconds_to_last <= fault.within,
        "longest_submit_seconds": counts.longest_submit_seconds <= (fault.submit_within or math.inf),
        "attempts_lost": counts.attempts_lost or not fault.loses_attempts,
        "worker_restarts": not (fault.workers_survive and counts.worker_restarts),
    }
    return missed + [name for name, enough in reached.items() if not enough]


def tidy(folder: Path, *, keep_logs: bool) -> None:
    if keep_logs:
        remove(folder / "postgres" / "cluster")
        say(f"the logs are in {folder}")
    else:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder. What was interrupted may need a moment to let go of its files."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
