"""Others' code in the repository is what was fetched, and nothing else."""

from __future__ import annotations

import pytest

from analysis.vendoring import FOLDER, LIST, TESTS_FOLDER, home, packages, sha256


@pytest.mark.parametrize("package", packages(), ids=lambda package: package["name"])
def test_every_file_is_the_one_that_was_fetched(package: dict[str, object]) -> None:
    files = package["files"]
    assert isinstance(files, dict)
    for name, digest in files.items():
        assert sha256(home(package) / name.rsplit("/", maxsplit=1)[-1]) == digest, name


def test_nothing_lies_there_that_is_not_listed() -> None:
    listed = {home(package) / name.rsplit("/", 1)[-1] for package in packages() for name in package["files"]}
    kept = [*FOLDER.rglob("*"), *TESTS_FOLDER.rglob("*")]
    assert {path for path in kept if path.is_file()} == listed | {LIST}


def test_every_package_comes_with_its_licence() -> None:
    for package in packages():
        assert package["licence"]
        assert (home(package) / "LICENSE").is_file()
