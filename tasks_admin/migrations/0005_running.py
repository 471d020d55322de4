"""Workers' rows, alerts, daily figures. The rules and the schedule come once; then they are the administrators'."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# code, severity, threshold, hold time (s)
RULES = [
    ("queue_without_consumer", "critical", 0, 60),
    ("jobs_wait_too_long", "critical", 600, 0),
    ("jobs_wait", "warning", 120, 0),
    ("queue_long", "warning", 100, 1200),
    ("messages_lost", "warning", 0, 120),
    ("jobs_fail", "warning", 5, 0),
    ("crash_loop", "critical", 3, 0),
    ("attempts_used_up", "warning", 0, 0),
    ("publish_errors", "critical", 0, 60),
    ("bad_report", "warning", 0, 0),
    ("worker_silent", "warning", 120, 0),
    ("beat_late", "critical", 120, 10),
    ("second_beat", "warning", 1, 60),
    ("schedule_late", "warning", 2, 60),
    ("schedule_broken", "warning", 0, 0),
    ("disk_full", "critical", 90, 60),
    ("memory_full", "warning", 95, 120),
    ("redis_away", "critical", 0, 20),
    ("redis_memory", "warning", 80, 60),
    ("redis_evicted", "critical", 0, 0),
    ("redis_evicts", "critical", 0, 0),
    ("redis_forgets", "warning", 0, 0),
]


def create(apps, schema_editor):
    Rule = apps.get_model("tasks_admin", "AlertRule")
    for code, severity, threshold, hold in RULES:
        Rule.objects.get_or_create(
            code=code, defaults={"severity": severity, "threshold": threshold, "hold_seconds": hold}
        )
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    nightly, _ = Crontab.objects.get_or_create(
        minute="10", hour="1", day_of_week="*", day_of_month="*", month_of_year="*", timezone=settings.TIME_ZONE
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name="daily figures",
        defaults={
            "task": "tasks_admin.tasks.roll_up_days",
            "crontab": nightly,
            "expire_seconds": 3600,
            "description": "Counts each day's jobs, by kind, with the waits and runs. Days that are counted stay.",
        },
    )


class Migration(migrations.Migration):

    dependencies = [
        ('tasks_admin', '0004_attempts_that_ended'),
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, verbose_name='alert')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                ('severity', models.CharField(choices=[('warning', 'warning'), ('critical', 'critical')], max_length=10, verbose_name='severity')),
                ('value', models.FloatField(verbose_name='value')),
                ('threshold', models.FloatField(verbose_name='threshold')),
                ('figures', models.JSONField(default=dict, verbose_name='figures')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('opened_at', models.DateTimeField(null=True, verbose_name='opened')),
                ('acknowledged_at', models.DateTimeField(null=True, verbose_name='acknowledged')),
                ('resolved_at', models.DateTimeField(null=True, verbose_name='resolved')),
            ],
            options={
                'verbose_name': 'alert',
                'verbose_name_plural': 'alerts',
                'ordering': ['-since'],
            },
        ),
        migrations.CreateModel(
            name='AlertDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=20, verbose_name='channel')),
                ('event', models.CharField(choices=[('opened', 'opened'), ('resolved', 'resolved')], max_length=10, verbose_name='event')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_at', models.DateTimeField(verbose_name='next attempt')),
                ('delivered_at', models.DateTimeField(null=True, verbose_name='delivered')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='error')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['alert_id', 'channel', 'event'],
            },
        ),
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('code', models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name='alert')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('severity', models.CharField(choices=[('warning', 'warning'), ('critical', 'critical')], default='warning', max_length=10, verbose_name='severity')),
                ('threshold', models.FloatField(help_text='Raised above this value.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='threshold')),
                ('hold_seconds', models.PositiveIntegerField(help_text='Raised when it has been so for this long.', verbose_name='hold time (s)')),
            ],
            options={
                'verbose_name': 'alert rule',
                'verbose_name_plural': 'alert rules',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='DailyFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('kind', models.CharField(max_length=100, verbose_name='kind')),
                ('succeeded', models.PositiveIntegerField(default=0, verbose_name='succeeded')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed')),
                ('cancelled', models.PositiveIntegerField(default=0, verbose_name='cancelled')),
                ('wait_p50', models.FloatField(null=True, verbose_name='wait p50 (s)')),
                ('wait_p95', models.FloatField(null=True, verbose_name='wait p95 (s)')),
                ('run_p50', models.FloatField(null=True, verbose_name='run p50 (s)')),
                ('run_p95', models.FloatField(null=True, verbose_name='run p95 (s)')),
            ],
            options={
                'verbose_name': 'daily figures',
                'verbose_name_plural': 'daily figures',
                'ordering': ['-day', 'kind'],
            },
        ),
        migrations.CreateModel(
            name='Silence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, verbose_name='alert')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                ('until', models.DateTimeField(verbose_name='until')),
            ],
            options={
                'verbose_name': 'silence',
                'verbose_name_plural': 'silences',
            },
        ),
        migrations.CreateModel(
            name='Trouble',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('minute', models.DateTimeField()),
                ('count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('taken_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WorkerBeat',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False, verbose_name='name')),
                ('role', models.CharField(choices=[('worker', 'worker'), ('beat', 'beat')], default='worker', max_length=10, verbose_name='role')),
                ('node', models.CharField(max_length=200, verbose_name='node')),
                ('host', models.CharField(max_length=200, verbose_name='host')),
                ('pid', models.PositiveIntegerField(verbose_name='process')),
                ('pool', models.CharField(blank=True, max_length=60, verbose_name='pool')),
                ('queues', models.JSONField(default=list, verbose_name='queues')),
                ('slots', models.PositiveIntegerField(default=0, verbose_name='slots')),
                ('versions', models.JSONField(default=dict, verbose_name='versions')),
                ('memory', models.PositiveBigIntegerField(default=0, verbose_name='memory')),
                ('memory_used', models.FloatField(null=True, verbose_name='memory used (%)')),
                ('disk_used', models.FloatField(null=True, verbose_name='disk used (%)')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='left')),
            ],
            options={
                'verbose_name': 'worker',
                'verbose_name_plural': 'workers',
                'ordering': ['name'],
            },
        ),
        migrations.AddIndex(
            model_name='jobattempt',
            index=models.Index(fields=['ended_at'], name='attempt_ended'),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='acknowledged by'),
        ),
        migrations.AddField(
            model_name='alertdelivery',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='tasks_admin.alert', verbose_name='alert'),
        ),
        migrations.AddConstraint(
            model_name='dailyfigures',
            constraint=models.UniqueConstraint(fields=('day', 'kind'), name='one_row_per_day_and_kind'),
        ),
        migrations.AddField(
            model_name='silence',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by'),
        ),
        migrations.AddConstraint(
            model_name='trouble',
            constraint=models.UniqueConstraint(fields=('name', 'minute'), name='one_row_per_trouble_and_minute'),
        ),
        migrations.AddIndex(
            model_name='workerbeat',
            index=models.Index(fields=['ended_at', 'seen_at'], name='worker_seen'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['resolved_at'], name='alert_resolved'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('resolved_at', None)), fields=('code', 'subject'), name='one_open_alert_of_a_kind'),
        ),
        migrations.AddIndex(
            model_name='alertdelivery',
            index=models.Index(condition=models.Q(('delivered_at', None)), fields=['next_at'], name='delivery_owed'),
        ),
        migrations.AddConstraint(
            model_name='alertdelivery',
            constraint=models.UniqueConstraint(fields=('alert', 'channel', 'event'), name='one_delivery_of_an_event'),
        ),
        migrations.AddConstraint(
            model_name='silence',
            constraint=models.UniqueConstraint(fields=('code', 'subject'), name='one_silence_of_a_kind'),
        ),
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
