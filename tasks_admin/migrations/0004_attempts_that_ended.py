"""An attempt is written when it ends: one that runs while this is installed is written then, too."""

from django.db import migrations, models


def drop_open(apps, schema_editor):
    apps.get_model("tasks_admin", "JobAttempt").objects.filter(ended_at=None).delete()


class Migration(migrations.Migration):
    dependencies = [("tasks_admin", "0003_beat_lease")]
    operations = [
        migrations.RunPython(drop_open, migrations.RunPython.noop),
        migrations.AlterField("jobattempt", "ended_at", models.DateTimeField(verbose_name="ended")),
        migrations.AlterField(
            "jobattempt",
            "outcome",
            models.CharField(
                choices=[
                    ("succeeded", "succeeded"),
                    ("failed", "failed"),
                    ("cancelled", "cancelled"),
                    ("lost", "worker lost"),
                    ("given_back", "given back at shutdown"),
                ],
                max_length=12,
                verbose_name="outcome",
            ),
        ),
    ]
