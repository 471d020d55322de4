"""Programs that end with the process that wanted them.

A keeper is this file run as a script: it starts a command and ends it when its own standard input closes. The
other end of that pipe is held by the process that asked, and the kernel closes it however that process ends,
``kill -9`` included. Only the standard library is imported, so that keepers stay small.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

GRACE_SECONDS = 20.0


def keep(command: Sequence[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start ``command`` so that it ends with this process, or when :func:`end` is called.

    Its output goes to ``log``. It is in a session of its own: Ctrl-C in the terminal reaches this process alone,
    which then ends what it keeps in the order it likes.
    """
    output: IO[bytes] | int = log.open("ab") if log else subprocess.DEVNULL
    try:
        return subprocess.Popen(
            [sys.executable, __file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if not isinstance(output, int):
            output.close()


def end(keeper: subprocess.Popen[bytes]) -> int:
    """End what ``keeper`` keeps, politely at first, and return its exit code."""
    if keeper.stdin:
        keeper.stdin.close()
    return keeper.wait(GRACE_SECONDS + 5)


def main(command: list[str]) -> int:
    """Run ``command`` until standard input closes, or it ends by itself."""
    kept = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # Its end interrupts the read below, which alone would wait for ever.
    signal.signal(signal.SIGCHLD, lambda *_: _leave_with(kept))
    _leave_with(kept)
    sys.stdin.buffer.read()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kept.terminate()
    try:
        return kept.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        kept.kill()
        return kept.wait()


def _leave_with(kept: subprocess.Popen[bytes]) -> None:
    code = kept.poll()
    if code is not None:
        os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
