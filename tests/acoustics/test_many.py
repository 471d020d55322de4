"""One function over many things: in order, on several processes, and past one that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.acoustics.many import Died, in_order


def doubled_slowly(number: int) -> int:
    time.sleep(0.02 if number % 2 else 0)
    return 2 * number


def dies_of_seven(number: int) -> int:
    if number % 7 == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuses_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def process(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_results_come_in_the_order_of_the_things() -> None:
    assert list(in_order(doubled_slowly, range(20), processes=2)) == [2 * number for number in range(20)]


def test_several_processes_work() -> None:
    found = set(in_order(process, range(12), processes=2))
    assert len(found) == 2
    assert os.getpid() not in found


def test_a_process_that_dies_costs_its_thing_and_no_other() -> None:
    found = list(in_order(dies_of_seven, [1, 7, 14, 2, 3, 21, 4], processes=2))
    assert [isinstance(each, Died) for each in found] == [False, True, True, False, False, True, False]
    assert [each for each in found if not isinstance(each, Died)] == [1, 2, 3, 4]


def test_what_is_raised_is_raised_here() -> None:
    found = in_order(refuses_three, range(5), processes=1)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(found)


def test_things_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    found = in_order(doubled_slowly, things(), processes=2)
    next(found)
    assert len(taken) < 20
    found.close()  # type: ignore[attr-defined]


def test_nothing_gives_nothing() -> None:
    assert list(in_order(doubled_slowly, [])) == []


_ORPHANS = """
import os, sys, time
from analysis.acoustics.many import in_order
from tests.acoustics.test_many import process
if __name__ == "__main__":
    for pid in in_order(process, range(10_000), processes=2):
        print(pid, flush=True)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked up in /proc")
def test_processes_end_with_their_parent_even_if_it_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_ORPHANS)
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        children = {int(parent.stdout.readline()) for _ in range(4)}
        parent.kill()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "left behind"
        time.sleep(0.05)
