"""The Django project. Importing it makes Celery's app the current one, so `shared_task` finds it."""

from vocalborn.celery import app as celery_app

__all__ = ("celery_app",)
