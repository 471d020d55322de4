"""URLs of the site."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from analysis.admin.dashboard import system_view
from analysis.admin.search import search
from analysis.api.urls import urls as api_urls
from tasks_admin import views
from vocalborn.second_factor import second_factor

admin.autodiscover()  # see vocalborn.apps

handler400 = "vocalborn.errors.bad_request"
handler403 = "vocalborn.errors.forbidden"
handler404 = "vocalborn.errors.not_found"
handler500 = "vocalborn.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # What browsers ask for on a page without a head of its own.
    # Looked up when asked: the checks before the first deployment run without collected files.
    path("favicon.ico", lambda request: redirect(static("analysis/favicon.svg"))),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/second-factor/", admin.site.admin_view(second_factor), name="second_factor"),
    path("admin/system/", system_view, name="system_state"),
    path("admin/tasks/", include("tasks_admin.urls")),
    path("admin/search/", admin.site.admin_view(search)),  # before unfold's own
    path("admin/", admin.site.urls),
    path("api/v1/", api_urls),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", views.prometheus),
]
