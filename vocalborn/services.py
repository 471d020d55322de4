"""What must run beside the commands."""

from django.conf import settings

from vocalborn import embedded_redis


def ensure_redis() -> bool:
    """Start the embedded Redis where this installation uses one and it does not run. True if this started it.

    Raises what :func:`vocalborn.embedded_redis.ensure_running` does.
    """
    return settings.REDIS_IS_EMBEDDED and embedded_redis.ensure_running(settings.DATA_DIR)
