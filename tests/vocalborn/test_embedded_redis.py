"""The Redis of a machine that has none: found by every command, ended with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.conftest import ROOT, wait_for
from vocalborn import embedded_redis

START = (
    "import sys, time; from pathlib import Path; from vocalborn import embedded_redis as e;"
    "print(e.ensure_running(Path(sys.argv[1])), flush=True); time.sleep(600)"
)


def start(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() in ("True\n", "False\n")
    return process


def client(folder: Path) -> redis.Redis:
    where = embedded_redis.address(folder)
    return redis.Redis(port=where.port, password=where.password)


def answers(folder: Path) -> bool:
    try:
        with client(folder) as line:
            return bool(line.ping())
    except redis.ConnectionError:
        return False


def test_it_keeps_messages_and_asks_for_a_password(tmp_path: Path) -> None:
    owner = start(tmp_path)
    try:
        with client(tmp_path) as line:
            assert line.info("memory")["maxmemory_policy"] == "noeviction"
            assert line.info("persistence")["aof_enabled"] == 1
        stranger = redis.Redis(port=embedded_redis.address(tmp_path).port)
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        owner.kill()
        owner.communicate()
    wait_for(lambda: not answers(tmp_path))


def test_it_ends_even_when_its_owner_is_killed_and_keeps_what_it_held(tmp_path: Path) -> None:
    owner = start(tmp_path)
    with client(tmp_path) as line:
        line.set("kept", "yes")
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    wait_for(lambda: not answers(tmp_path))
    again = start(tmp_path)
    with client(tmp_path) as line:
        assert line.get("kept") == b"yes"
    again.kill()
    again.communicate()


def test_a_second_command_finds_the_first_ones(tmp_path: Path) -> None:
    first, second = start(tmp_path), start(tmp_path)
    second.kill()
    second.communicate()
    assert answers(tmp_path)
    first.kill()
    first.communicate()


def test_the_address_is_drawn_once_and_kept_from_others(tmp_path: Path) -> None:
    where = embedded_redis.address(tmp_path)
    assert embedded_redis.address(tmp_path) == where
    assert (tmp_path / "redis.json").stat().st_mode & 0o777 == 0o600
    assert len(where.password) >= 24


def test_a_damaged_address_says_what_to_remove(tmp_path: Path) -> None:
    (tmp_path / "redis.json").write_text("{")
    with pytest.raises(RuntimeError, match=r"redis\.json is damaged"):
        embedded_redis.address(tmp_path)


def test_a_port_taken_by_another_program_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = {"port": other.getsockname()[1], "password": "x"}
        (tmp_path / "redis.json").write_text(json.dumps(address))
        with pytest.raises(RuntimeError, match="used by another program"):
            embedded_redis.ensure_running(tmp_path)


def test_a_machine_without_redis_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(embedded_redis.RedisMissing, match="apt-get install redis-server"):
        embedded_redis.server()
