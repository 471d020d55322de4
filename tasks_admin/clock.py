"""The database's clock.

Leases are compared between machines, so they all read one clock: the database's, inside the statement that needs
it. Tests replace :func:`now` to move time.
"""

from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable, Expression
from django.db.models.functions import Now


def now() -> Expression:
    """The present moment, as an SQL expression."""
    return Now()


def after(seconds: float) -> Combinable:
    """The moment ``seconds`` from now (negative: ago), as an SQL expression."""
    return ExpressionWrapper(now() + timedelta(seconds=seconds), output_field=DateTimeField())
