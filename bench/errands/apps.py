from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    name = "bench.errands"
    label = "errands"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bench.errands import tasks  # noqa: F401 - whoever announces an errand needs its task
