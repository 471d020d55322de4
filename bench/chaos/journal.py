"""What the web process was told of each errand that it submitted: its side of the story.

One JSON object a line, written with one system call, so that a process that is killed leaves whole lines.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of the system by the web process.

    ``what`` is "submitted" (with the errand's id, and the seconds that the caller waited), "cancel" (is about to be
    asked for) or "refused" (the caller was told that it failed).
    """

    what: str
    errand: str = ""
    seconds: float = 0.0
    kind: str = ""


class Journal:
    """The entries in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *entries: Entry) -> None:
        lines = "".join(json.dumps(asdict(entry)) + "\n" for entry in entries)
        line = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(line, lines.encode())
        os.close(line)

    def read(self) -> list[Entry]:
        if not self.path.exists():
            return []
        return [Entry(**json.loads(line)) for line in self.path.read_text().splitlines()]

    def submitted(self) -> int:
        """How many entries say so, read often and therefore quickly."""
        return self.path.read_bytes().count(b'"submitted"') if self.path.exists() else 0
