"""Alerts: what is watched, when it is raised, and who is told.

Each condition (:mod:`tasks_admin.alerts.registry`) measures something; its rule, a row that administrators edit,
gives threshold and hold time; :func:`look` opens and resolves the rows and sends what is owed. Another app adds its
own by ``registry.condition`` and one row of AlertRule.
"""

from tasks_admin.alerts.evaluate import look

__all__ = ["look"]
