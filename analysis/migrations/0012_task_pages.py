"""Administrators empty queues, and cancel jobs and try them again, from the task system's pages."""

from django.apps import apps as current_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

GRANTED = [("tasks_admin", "purge_queue"), ("analysis", "change_analysisjob")]


def grant(apps, schema_editor):
    create_permissions(current_apps.get_app_config("tasks_admin"), apps=current_apps, verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    administrators = apps.get_model("auth", "Group").objects.get(name="administrators")
    for app, codename in GRANTED:
        administrators.permissions.add(*Permission.objects.filter(content_type__app_label=app, codename=codename))


class Migration(migrations.Migration):
    dependencies = [("analysis", "0011_running"), ("tasks_admin", "0006_purge")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
