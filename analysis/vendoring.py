"""The browser's libraries, kept in the repository: `python -m analysis.vendoring` fetches and hashes them again.

For developers: needs npm. What to fetch, and what was fetched, stands in static/vendor/VENDOR.toml.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "static" / "vendor"
TESTS_FOLDER = Path(__file__).resolve().parent.parent / "tests" / "vendor"
LIST = FOLDER / "VENDOR.toml"
HEAD = """\
# What of others' code the pages, or tests of them, load. Written by `python -m analysis.vendoring`; a test hashes
# the files.
"""


def packages() -> list[dict[str, Any]]:
    """Each package of the list: name, version, licence, and its files with their SHA-256."""
    listed: list[dict[str, Any]] = tomllib.loads(LIST.read_text())["package"]
    return listed


def home(package: dict[str, Any]) -> Path:
    """Where a package's files are kept. Its version is in the address, so that no cache holds an old one.

    What only tests load is not served.
    """
    name = package["name"].removeprefix("@").replace("/", "-").removesuffix(".js")
    return (TESTS_FOLDER if package.get("tests_only") else FOLDER) / f"{name}-{package['version']}"


def sha256(path: Path) -> str:
    """Of a kept file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Fetch every package of the list and write the list again, with the hashes."""
    fetched = [_fetch(package) for package in packages()]
    LIST.write_text(HEAD + "".join(_written(package) for package in fetched))
    return 0


def _fetch(package: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{package['name']}@{package['version']}"
        packed = subprocess.run(
            ["npm", "pack", "--silent", wanted], cwd=folder, check=True, capture_output=True, text=True
        )
        archive = (Path(folder) / packed.stdout.strip().splitlines()[-1]).read_bytes()
    return package | {"files": {name: _keep(package, archive, name) for name in package["files"]}}


def _keep(package: dict[str, Any], archive: bytes, name: str) -> str:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        path = home(package) / Path(name).name
        if f"package/{name}" in files.getnames():
            content = files.extractfile(f"package/{name}")
            assert content is not None, f"{name} is no file"  # noqa: S101
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
        elif (
            not path.is_file()
        ):  # a package without its licence's text keeps the one that was put there by hand
            raise FileNotFoundError(f"{package['name']} {package['version']} has no file {name}")
    return sha256(path)


def _written(package: dict[str, Any]) -> str:
    lines = [f'{key} = "{package[key]}"' for key in ("name", "version", "licence")]
    if package.get("tests_only"):
        lines.append("tests_only = true")
    files = [f'"{name}" = "{digest}"' for name, digest in package["files"].items()]
    return "\n".join(["", "[[package]]", *lines, "[package.files]", *files, ""])


if __name__ == "__main__":
    sys.exit(main())
