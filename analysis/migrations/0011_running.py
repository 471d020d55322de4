"""Stored audio is compared with its hash, a share a day; administrators look after alerts and workers."""

from django.apps import apps as current_apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations

GRANTED = [
    "view_alert", "change_alert", "view_alertrule", "change_alertrule", "view_alertdelivery", "view_workerbeat",
    "view_dailyfigures", "view_silence", "delete_silence",
]


def create(apps, schema_editor):
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    nightly, _ = Crontab.objects.get_or_create(
        minute="20", hour="2", day_of_week="*", day_of_month="*", month_of_year="*", timezone=settings.TIME_ZONE
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name="verify audio",
        defaults={
            "task": "analysis.tasks.verify_audio",
            "crontab": nightly,
            "kwargs": '{"shares": 30}',
            "expire_seconds": 3600,
            "description": "Reads one thirtieth of the recordings and compares each with its SHA-256. Changes nothing.",
        },
    )


def grant(apps, schema_editor):
    create_permissions(current_apps.get_app_config("tasks_admin"), apps=current_apps, verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    wanted = Permission.objects.filter(content_type__app_label="tasks_admin", codename__in=GRANTED)
    apps.get_model("auth", "Group").objects.get(name="administrators").permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0010_assignment_permissions"),
        ("tasks_admin", "0005_running"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
