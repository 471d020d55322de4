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
LIST = FOLDER / "VENDOR.toml"
HEAD = "# What of others' code the pages load. Written by `python -m analysis.vendoring`; a test hashes the files.\n"


def packages() -> list[dict[str, Any]]:
    """Each package of the list: name, version, licence, and its files with their SHA-256."""
    listed: list[dict[str, Any]] = tomllib.loads(LIST.read_text())["package"]
    return listed


def home(package: dict[str, Any]) -> Path:
    """Where a package's files are kept. Its version is in the address, so that no cache holds an old one."""
    return FOLDER / f"{package['name'].removesuffix('.js')}-{package['version']}"


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
        content = files.extractfile(f"package/{name}")
        if content is None:
            raise FileNotFoundError(f"{package['name']} {package['version']} has no file {name}")
        path = home(package) / Path(name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read())
    return sha256(path)


def _written(package: dict[str, Any]) -> str:
    lines = [f'{key} = "{package[key]}"' for key in ("name", "version", "licence")]
    files = [f'"{name}" = "{digest}"' for name, digest in package["files"].items()]
    return "\n".join(["", "[[package]]", *lines, "[package.files]", *files, ""])


if __name__ == "__main__":
    sys.exit(main())
