"""What analyses cost, for Prometheus: see tasks_admin.metrics."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Sum
from prometheus_client.core import GaugeMetricFamily, Metric

from analysis.models import AnalysisResult
from tasks_admin import clock

WINDOW_SECONDS = 600.0


def families() -> Iterator[Metric]:
    """Seconds of work for each second of sound, over the results of the last ten minutes; absent without any."""
    pace = GaugeMetricFamily(
        "vocalborn_analysis_seconds_per_audio_second",
        "Seconds of work for each second of sound, over the last ten minutes",
    )
    recent = AnalysisResult.objects.filter(created_at__gt=clock.after(-WINDOW_SECONDS))
    sums = recent.aggregate(work=Sum("processing_time_seconds"), sound=Sum("seconds"))
    if sums["sound"]:
        pace.add_metric([], sums["work"] / sums["sound"])
    yield pace
