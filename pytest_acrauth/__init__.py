"""Whether an identity can authenticate to an Azure Container Registry from here, and why not if it cannot.

The public vocabulary, the same with and without pytest. Importing this package loads nothing else: every name is
fetched from its module at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_acrauth.auth.shape import BadAuth as BadAuth
    from pytest_acrauth.catalogue.shape import FailureMode as FailureMode
    from pytest_acrauth.catalogue.shape import Symptom as Symptom
    from pytest_acrauth.diagnosis.climb import diagnose as diagnose
    from pytest_acrauth.diagnosis.conclusion import Certainty as Certainty
    from pytest_acrauth.diagnosis.conclusion import Diagnosis as Diagnosis
    from pytest_acrauth.diagnosis.text import recognise as recognise
    from pytest_acrauth.model.machine import Machine as Machine
    from pytest_acrauth.model.stage import Stage as Stage
    from pytest_acrauth.model.target import BadName as BadName
    from pytest_acrauth.model.target import Flow as Flow
    from pytest_acrauth.model.target import Identity as Identity
    from pytest_acrauth.model.target import Reference as Reference
    from pytest_acrauth.model.target import Registry as Registry
    from pytest_acrauth.model.target import Target as Target
    from pytest_acrauth.model.transcript import Transcript as Transcript
    from pytest_acrauth.plugin.checks.failures import NotReady as NotReady
    from pytest_acrauth.plugin.written.fixture import RegistryUnderTest as RegistryUnderTest
    from pytest_acrauth.report.text import explain as explain
    from pytest_acrauth.running.run import check as check

    __version__: str

_HOMES = {
    "check": "running.run",
    "diagnose": "diagnosis.climb",
    "explain": "report.text",
    "recognise": "diagnosis.text",
    "BadAuth": "auth.shape",
    "BadName": "model.target",
    "Certainty": "diagnosis.conclusion",
    "Diagnosis": "diagnosis.conclusion",
    "FailureMode": "catalogue.shape",
    "Flow": "model.target",
    "Identity": "model.target",
    "Machine": "model.machine",
    "NotReady": "plugin.checks.failures",
    "Reference": "model.target",
    "Registry": "model.target",
    "RegistryUnderTest": "plugin.written.fixture",
    "Stage": "model.stage",
    "Symptom": "catalogue.shape",
    "Target": "model.target",
    "Transcript": "model.transcript",
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
    return sorted([*_HOMES, "__version__"])
