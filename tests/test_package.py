"""The public names of the package."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from types import ModuleType

import pytest

import pytest_acrauth
import pytest_acrauth.emulator
from pytest_acrauth import BadAuth, BadName, Flow, Identity, Registry, Target, check, diagnose
from pytest_acrauth.auth import METHODS, choose
from pytest_acrauth.emulator import Emulator


def test_every_public_name_is_there() -> None:
    """Each name is what its module calls so, whether that module was loaded before or not."""
    for name, home in pytest_acrauth._HOMES.items():
        module = import_module(f"pytest_acrauth.{home}")
        assert getattr(pytest_acrauth, name) is getattr(module, name)
        assert not isinstance(getattr(pytest_acrauth, name), ModuleType)


@pytest.mark.parametrize("package", [pytest_acrauth, pytest_acrauth.emulator], ids=lambda package: package.__name__)
def test_a_traceback_names_an_error_by_its_public_home(package: ModuleType) -> None:
    """Whoever reads the name can import it from there."""
    public = [getattr(package, name) for name in package._HOMES]
    errors = [each for each in public if isinstance(each, type) and issubclass(each, Exception)]
    assert errors
    assert {error.__name__: error.__module__ for error in errors} == {
        error.__name__: package.__name__ for error in errors
    }


def test_the_names_are_listed() -> None:
    """`dir` shows the public names and the version, and nothing that is loaded or kept beside them."""
    assert {*pytest_acrauth._HOMES, "__version__"} == set(dir(pytest_acrauth))


def test_the_version_is_the_distributions() -> None:
    """The version is looked up where the installation says it."""
    assert pytest_acrauth.__version__ == version("pytest-acrauth")


def test_other_names_do_not_exist() -> None:
    """A misspelt name is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="has no attribute 'Tarqet'"):
        pytest_acrauth.Tarqet  # noqa: B018


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_an_identity_is_made_by_its_method(method) -> None:
    """It is the one that `--acr-auth` makes: under the method's name or another, with its variables or others."""
    assert Identity.of(method.name) == Identity(method.name, method.name, method.flow, method.prefix)
    assert Identity.of(method.name, "ACR_CI", name="ci") == Identity("ci", method.name, method.flow, "ACR_CI")


def test_a_target_is_shown_in_a_line_or_two() -> None:
    """Whoever sees one in an assertion or in a setup plan sees who, where and what, and no list of Azure's hosts."""
    shown = repr(Target(Registry.parse("myacr"), Identity.of("anonymous")))
    assert all(word in shown for word in ("myacr.azurecr.io", "AzureCloud", "anonymous"))
    assert "management" not in shown


def test_an_identity_is_what_the_option_makes_of_the_same_words() -> None:
    """A script and a command line that say the same ask as the same."""
    environ = {"ACR_CI_TENANT_ID": "a.example", "ACR_CI_CLIENT_ID": "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"}
    (chosen,) = choose(["ci=service-principal:ACR_CI"], environ | {"ACR_CI_CLIENT_SECRET": "made-up"})
    assert chosen.identity == Identity.of("service-principal", "ACR_CI", name="ci")


@pytest.mark.parametrize("method", ["service-principle", "default", "", "AZURE"])
def test_an_unknown_method_is_refused_with_the_choices(method) -> None:
    """A misspelt method is a ValueError that names it and the others; `default` looks around and is none."""
    with pytest.raises(BadName, match=f"unknown auth method '{method}'; choose one of .*service-principal, "):
        Identity.of(method)


def test_a_flow_that_is_not_the_methods_is_refused() -> None:
    """An identity that is put together by hand, and wrong, is told before anything is sent."""
    with Emulator() as emulator:
        for wrong, why in (
            (Identity("ci", "service-principal", Flow.BASIC, "AZURE"), "is of the entra flow, not basic"),
            (Identity("ci", "anonymous", Flow.ENTRA), "is of the anonymous flow, not entra"),
            (Identity("ci", "service-principal", Flow.ENTRA), "ci has no prefix for its variables"),
            (Identity.of("service-principal", "NOWHERE"), "needs the environment variables NOWHERE_TENANT_ID"),
        ):
            with pytest.raises(BadAuth, match=why):
                check([Target(Registry.parse("myacr"), wrong)], emulator.machine)
        assert emulator.requests == []


@pytest.mark.thorough
def test_a_climb_has_the_limit_that_is_given() -> None:
    """`timeout` is the limit of each climb, and is in its record."""
    target = Target(Registry.parse("myacr"), Identity.of("service-principal"))
    with Emulator("climb-timeout") as emulator:
        (ended,) = check([target], emulator.machine, timeout=12.0)
    assert ended.limit == 12.0
    assert [diagnosis.mode and diagnosis.mode.id for diagnosis in diagnose(ended)] == ["climb-timeout"]


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(timeout) -> None:
    """Every climb ends, and has time to begin."""
    with pytest.raises(ValueError, match="give the seconds that one climb may take"):
        check([], timeout=timeout)
