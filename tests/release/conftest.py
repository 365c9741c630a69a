"""What is released, as it was built: by `tox run -e package` and `tox run -e onefile`, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; they exist where this folder is named on the command line."""
    parser.addoption("--built", type=Path, metavar="FOLDER", help="what release/build.py made")
    parser.addoption("--onefile", type=Path, metavar="FILE", help="the one file for machines without an index")


@pytest.fixture(scope="session")
def built(pytestconfig: pytest.Config) -> Path:
    """Deliver the folder of what a release is made of."""
    folder: Path | None = pytestconfig.getoption("built", default=None)
    if folder is None:
        pytest.skip("nothing was built: tox run -e package")
    return folder.absolute()


@pytest.fixture(scope="session")
def onefile(pytestconfig: pytest.Config) -> Path:
    """Deliver the one file."""
    file: Path | None = pytestconfig.getoption("onefile", default=None)
    if file is None:
        pytest.skip("it was not built: tox run -e onefile")
    return file.absolute()
