"""`flower`: the monitor that others have made, kept to this machine and behind a password."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import sys
from argparse import ArgumentParser

from celery import current_app
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.output import DONE, refuse, warn
from tasks_admin.commands.parser import positive
from tasks_admin.commands.running import add_level, prepare

WANTED = "flower>=2.2,<3"
LEAST_PASSWORD = 12


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--address", default="127.0.0.1", help=_("where to listen (default: %(default)s)"))
    parser.add_argument("--port", type=positive, default=5555, help=_("default: %(default)s"))
    parser.add_argument("--control", action="store_true", help=_("let its pages change workers and tasks"))
    add_level(parser)


def flower(options: Options) -> int:
    """Run Flower in this process. Where it may not or cannot, it is refused with what to do."""
    if importlib.util.find_spec("flower") is None:
        refuse(_("Flower is not installed. Install it: %(command)s") % {"command": _install_command()})
    _check_credentials(settings.FLOWER_BASIC_AUTH)
    if not _is_loopback(options["address"]):
        warn(
            _(
                "Flower does not encrypt, and /metrics and /healthcheck ask for no password: put a proxy in front."
            )
        )
    prepare()
    # Not on the command line, where any user of the machine could read it.
    os.environ["FLOWER_BASIC_AUTH"] = settings.FLOWER_BASIC_AUTH
    current_app.start([
        "flower", f"--address={options['address']}", f"--port={options['port']}", f"--logging={options['loglevel']}",
        f"--read_only={not options['control']}", "--persistent=False",
    ])  # fmt: skip
    return DONE


def _check_credentials(given: str) -> None:
    name, _colon, password = given.partition(":")
    if not name or len(password) < LEAST_PASSWORD or "," in given:
        refuse(
            _("FLOWER_BASIC_AUTH must hold name:password, the password of %(count)d characters at least, without "
              "a comma. Flower shows arguments and results to whoever reaches it.") % {"count": LEAST_PASSWORD}
        )  # fmt: skip


def _install_command() -> str:
    if importlib.util.find_spec("pip"):
        return f'{sys.executable} -m pip install "{WANTED}"'
    return f'uv pip install --python {sys.executable} "{WANTED}"'


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


FLOWER = Action(
    "flower", gettext_lazy("run Flower, an optional extra, on this machine only and behind a password"), flower,
    _arguments, codes={0: gettext_lazy("it was told to leave, and left")}, json=False,
)  # fmt: skip
