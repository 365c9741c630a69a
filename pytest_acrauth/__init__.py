"""Whether an identity can authenticate to an Azure Container Registry from here, and why not if it cannot.

The public vocabulary, the same with and without pytest. Importing this package loads nothing else: every name is
fetched from its module at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis import diagnose as diagnose
    from pytest_acrauth.failure import Diagnosis as Diagnosis
    from pytest_acrauth.failure import FailureMode as FailureMode
    from pytest_acrauth.failure import Symptom as Symptom
    from pytest_acrauth.fixture import RegistryUnderTest as RegistryUnderTest
    from pytest_acrauth.machine import Machine as Machine
    from pytest_acrauth.recognition import recognise as recognise
    from pytest_acrauth.report import explain as explain
    from pytest_acrauth.run import check as check
    from pytest_acrauth.stage import Stage as Stage
    from pytest_acrauth.target import Identity as Identity
    from pytest_acrauth.target import Reference as Reference
    from pytest_acrauth.target import Registry as Registry
    from pytest_acrauth.target import Target as Target
    from pytest_acrauth.transcript import Transcript as Transcript

    __version__: str

_HOMES = {
    "check": "run",
    "diagnose": "diagnosis",
    "explain": "report",
    "recognise": "recognition",
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
    "Transcript": "transcript",
}


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
