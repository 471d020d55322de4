"""Who threw away what was waiting in a queue."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks_admin', '0005_running'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Purge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=60, verbose_name='queue')),
                ('again', models.BooleanField(default=False, verbose_name='jobs queued again')),
                ('messages', models.PositiveIntegerField(default=0, verbose_name='messages')),
                ('jobs', models.PositiveIntegerField(default=0, verbose_name='jobs')),
                ('purged_at', models.DateTimeField(auto_now_add=True, verbose_name='purged')),
                ('purged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
            ],
            options={
                'verbose_name': 'purge',
                'verbose_name_plural': 'purges',
                'ordering': ['-purged_at'],
                'permissions': [('purge_queue', 'Can purge a queue')],
                'default_permissions': (),
            },
        ),
    ]
