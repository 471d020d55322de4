"""A result names the example's hash; files are found by name; they are checked against their rows every night."""

from django.conf import settings
from django.db import migrations, models

REPORTS_ONLY = (
    "Finds files without rows and rows without files, and reports them. With remove set to true it also removes"
    " files that are older than a day and belong to no row; rows are never removed."
)


def create(apps, schema_editor):
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    nightly, _ = Crontab.objects.get_or_create(
        minute="50", hour="3", day_of_week="*", day_of_month="*", month_of_year="*", timezone=settings.TIME_ZONE
    )
    # The argument is written out, so that an administrator who decides otherwise finds what to edit.
    PeriodicTask.objects.get_or_create(
        name="check files",
        defaults={
            "task": "analysis.tasks.check_files",
            "crontab": nightly,
            "kwargs": '{"remove": false}',
            "expire_seconds": 3600,
            "description": REPORTS_ONLY,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0004_token_permissions"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.AddField(
            model_name="analysisresult",
            name="example_sha256",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="SHA-256 of the example"),
        ),
        migrations.AddIndex(
            model_name="practicerecording",
            index=models.Index(fields=["audio"], name="recording_file"),
        ),
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
