"""The schedules that an installation starts with. They come once: from then on they are the administrators'."""

from django.conf import settings
from django.db import migrations


def create(apps, schema_editor):
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    nightly, _ = Crontab.objects.get_or_create(
        minute="30", hour="3", day_of_week="*", day_of_month="*", month_of_year="*", timezone=settings.TIME_ZONE
    )
    five_minutes, _ = Interval.objects.get_or_create(every=5, period="minutes")
    # A run that nobody took in time is dropped: ten health checks at once tell nothing more than one.
    PeriodicTask.objects.get_or_create(
        name="clean up expired tasks",
        defaults={"task": "tasks_admin.tasks.cleanup_expired_tasks", "crontab": nightly, "expire_seconds": 3600},
    )
    PeriodicTask.objects.get_or_create(
        name="health check",
        defaults={"task": "tasks_admin.tasks.health_check", "interval": five_minutes, "expire_seconds": 240},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("tasks_admin", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
