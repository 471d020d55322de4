"""The Celery app. Each setting that departs from Celery's default says what would go wrong without it."""

import os
from typing import Any

# One BLAS thread a process: with as many as cores, each child of a worker would fight the others for them.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
# SIGTERM alone waits for the running task without limit. As SIGQUIT it is the soft shutdown below.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocalborn.settings")

from celery import Celery  # noqa: E402 - REMAP_SIGTERM is read when Celery is imported
from django.conf import settings  # noqa: E402
from kombu import Exchange, Queue  # noqa: E402

QUEUES = ("ai_analysis", "maintenance", "health")

app = Celery("vocalborn", task_cls="tasks_admin.progress:ProgressTask")
app.config_from_object("django.conf:settings", namespace="CELERY")


def defaults() -> dict[str, Any]:
    """Read when the app is first used, since Django's settings may import this package. They win over these."""
    sentinel = {"master_name": settings.REDIS_SENTINEL_MASTER} if settings.REDIS_SENTINEL_MASTER else {}
    return {
        # JSON only: a message that could unpickle would run code for whoever reaches Redis.
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "task_queues": [Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        "task_default_queue": "maintenance",
        # A typing error in a queue's name would otherwise create a queue that nobody reads.
        "task_create_missing_queues": False,
        "task_routes": {
            "analysis.tasks.analyze_audio_task": {"queue": "ai_analysis"},
            "tasks_admin.tasks.health_check": {"queue": "health"},
            "tasks_admin.tasks.*": {"queue": "maintenance"},
            "analysis.tasks.*": {"queue": "maintenance"},
        },
        # A child that dies in the middle must not take the message with it ...
        "task_acks_late": True,
        # ... but requeueing it at once would loop for ever on a recording that kills its worker. The lease on the
        # job's row brings it back instead, and counts.
        "task_reject_on_worker_lost": False,
        # More than one reserved message would wait behind a long analysis while another child is idle.
        "worker_prefetch_multiplier": 1,
        "task_track_started": False,  # PROGRESS says it, and more; one write less a task
        "task_soft_time_limit": 300,
        "task_time_limit": 360,
        "broker_transport_options": {
            # A run or a countdown that outlasts this is delivered twice: well above the hard limit.
            "visibility_timeout": 3600,
            # Read in the order of -Q. By turns, lower queues ran before waiting analyses in 78 of 80 cases.
            "queue_order_strategy": "priority",
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            **sentinel,
        },
        "broker_connection_retry_on_startup": True,  # workers may start before Redis
        "broker_connection_max_retries": None,  # and outlive it, however long it is away
        "result_backend_transport_options": {
            # Nineteen seconds of retries by default would hold a finished job's child while Redis is away.
            "retry_policy": {
                "max_retries": 1,
                "interval_start": 0,
                "interval_step": 0.1,
                "interval_max": 0.1,
            },
            **sentinel,
        },
        "redis_socket_connect_timeout": 2,
        "redis_socket_timeout": 5,
        "redis_backend_health_check_interval": 25,
        # Names and arguments (ids only) beside each result, for the history in the admin.
        "result_extended": True,
        "result_expires": 86_400,
        # Leave within seconds when asked to, with unfinished messages back in their queues.
        "worker_soft_shutdown_timeout": 5,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # the lease decides, not the connection
        "worker_hijack_root_logger": False,  # Django's LOGGING holds
        "beat_scheduler": "tasks_admin.schedules:Scheduler",
        # Celery's Django fixup closes the database connection around every task: 115 tasks/s against 355 with
        # reuse. Dropped connections are noticed in tasks_admin.worker, before each task.
        "CELERY_DB_REUSE_MAX": 10**9,
    }


app.add_defaults(defaults)
app.autodiscover_tasks()
