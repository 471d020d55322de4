"""The task system's own pages: ``path("admin/tasks/", include("tasks_admin.urls"))``, before the admin's own."""

from django.urls import path

from tasks_admin.admin import jobs_page, overview_page, queues_page

urlpatterns = [
    path("overview/", overview_page.overview_page, name="tasks_overview"),
    path("overview/now/", overview_page.now, name="tasks_now"),
    path("overview/charts/", overview_page.charts, name="tasks_charts"),
    path("overview/ask/", overview_page.ask, name="tasks_ask"),
    path("queues/", queues_page.queues_page, name="tasks_queues"),
    path("queues/purge/", queues_page.purge, name="tasks_purge"),
    path("jobs/", jobs_page.jobs_page, name="tasks_jobs"),
    path("jobs/act/", jobs_page.act, name="tasks_act"),
    path("jobs/retry/", jobs_page.retry_all, name="tasks_retry_all"),
]
