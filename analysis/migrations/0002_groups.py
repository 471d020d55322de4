"""The two groups, with what each may do."""

from django.apps import apps as current_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

THERAPISTS = {
    "analysis": {
        "patient": ["add", "change", "view", "delete"],
        "exercise": ["add", "change", "view", "delete"],
        "practicerecording": ["add", "change", "view", "delete"],
        "analysisjob": ["view"],
        "analysisresult": ["view"],
    },
}
ADMINISTRATORS = {
    "analysis": {"analysisjob": ["view"], "patient": ["view", "change"]},
    "tasks_admin": {"jobattempt": ["view"]},
    "django_celery_results": {"taskresult": ["view"], "groupresult": ["view"]},
    "django_celery_beat": {
        model: ["add", "change", "view", "delete"]
        for model in ["periodictask", "intervalschedule", "crontabschedule", "solarschedule", "clockedschedule"]
    },
}
GROUPS = {"therapists": THERAPISTS, "administrators": ADMINISTRATORS}


def create(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for app in {app for wanted in GROUPS.values() for app in wanted}:
        # Permissions are made after all migrations; these are needed now.
        create_permissions(current_apps.get_app_config(app), apps=current_apps, verbosity=0)
    for name, wanted in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        for app, models in wanted.items():
            codenames = [f"{action}_{model}" for model, actions in models.items() for action in actions]
            group.permissions.add(
                *Permission.objects.filter(content_type__app_label=app, codename__in=codenames)
            )


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0001_initial"),
        ("tasks_admin", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("django_celery_results", "0014_alter_taskresult_status"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
