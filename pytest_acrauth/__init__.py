"""Whether an identity can authenticate to an Azure Container Registry from here, and why not if it cannot.

The public vocabulary, the same with and without pytest. Importing this package loads nothing else: every name is
fetched from its module at first use.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_acrauth.check import check as check
    from pytest_acrauth.diagnosis import diagnose as diagnose
    from pytest_acrauth.failure import Diagnosis as Diagnosis
    from pytest_acrauth.failure import FailureMode as FailureMode
    from pytest_acrauth.failure import Symptom as Symptom
    from pytest_acrauth.fixture import RegistryUnderTest as RegistryUnderTest
    from pytest_acrauth.machine import Machine as Machine
    from pytest_acrauth.observation import Transcript as Transcript
    from pytest_acrauth.report import explain as explain
    from pytest_acrauth.stage import Stage as Stage
    from pytest_acrauth.target import Identity as Identity
    from pytest_acrauth.target import Reference as Reference
    from pytest_acrauth.target import Registry as Registry
    from pytest_acrauth.target import Target as Target

    __version__: str

_HOMES = {
    "check": "check",
    "diagnose": "diagnosis",
    "explain": "report",
    "Diagnosis": "failure",
    "FailureMode": "failure",
    "Identity": "target",
    "Machine": "machine",
    "Reference": "target",
    "Registry": "target",
    "RegistryUnderTest": "fixture",
    "Stage": "stage",
    "Symptom": "failure",
    "Target": "target",
    "Transcript": "observation",
}


class _Package(ModuleType):
    """Keeps a public name from being replaced by the module of the same name when that is loaded: `check` is both."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-acrauth")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "__version__"])
