"""The public names of the package."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from types import ModuleType

import pytest

import pytest_acrauth


def test_every_public_name_is_there() -> None:
    """Each name is what its module calls so, whether that module was loaded before or not."""
    for name, home in pytest_acrauth._HOMES.items():
        module = import_module(f"pytest_acrauth.{home}")
        assert getattr(pytest_acrauth, name) is getattr(module, name)
        assert not isinstance(getattr(pytest_acrauth, name), ModuleType)


def test_the_names_are_listed() -> None:
    """`dir` shows the public names and the version."""
    assert {*pytest_acrauth._HOMES, "__version__"} <= set(dir(pytest_acrauth))


def test_the_version_is_the_distributions() -> None:
    """The version is looked up where the installation says it."""
    assert pytest_acrauth.__version__ == version("pytest-acrauth")


def test_other_names_do_not_exist() -> None:
    """A misspelt name is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="has no attribute 'Tarqet'"):
        pytest_acrauth.Tarqet  # noqa: B018
