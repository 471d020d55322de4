from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    name = "bench.errands"
    label = "errands"
    default_auto_field = "django.db.models.BigAutoField"
