"""Therapists give exercises to their patients."""

from django.apps import apps as current_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    create_permissions(current_apps.get_app_config("analysis"), apps=current_apps, verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    wanted = Permission.objects.filter(
        content_type__app_label="analysis", codename__in=["view_assignment", "change_assignment"]
    )
    apps.get_model("auth", "Group").objects.get(name="therapists").permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [("analysis", "0002_groups"), ("analysis", "0009_assignment")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
