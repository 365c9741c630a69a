"""The option table: one row per option, from which flag, ini entry, variable and precedence derive."""

from __future__ import annotations

import pytest

from pytest_acrauth.model.target import CLOUDS
from pytest_acrauth.plugin.asked import options, settings
from pytest_acrauth.plugin.asked.options import OPTIONS
from pytest_acrauth.plugin.asked.settings import Setting


def test_names_derive_from_one_word() -> None:
    """Flag, ini entry and environment variable are the option's name in three spellings."""
    row = options.named("must-not")
    assert (row.flag, row.ini, row.variable) == ("--acr-must-not", "acr_must_not", "PYTEST_ACR_MUST_NOT")


def test_names_are_unique() -> None:
    """No two rows share a name."""
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_row_explains_itself(option: options.Option) -> None:
    """Every row has a summary and a name for its value, and its default is one of its choices."""
    assert option.summary
    assert not option.summary.endswith(".")
    assert bool(option.metavar) is not option.switch
    assert not option.choices or option.default in {*option.choices, *([""] if option.many else [])}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_row_agrees_with_itself(option: options.Option) -> None:
    """A row's default passes its own check, and its header line leans on an option that exists."""
    assert not option.default or option.check(option.default) == ""
    assert option.line is None or option.line.default_with in {"", *(other.name for other in OPTIONS)}


def test_the_clouds_example_is_a_cloud() -> None:
    """The cloud that the help mentions exists."""
    assert any(cloud.name in options.named("cloud").summary for cloud in CLOUDS)


def read(pytester: pytest.Pytester, *args: str, environ: dict[str, str] | None = None) -> settings.Settings:
    """Read the options of a pytest started with these arguments."""
    return settings.read(pytester.parseconfig(*args), environ or {})


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("option", [option for option in OPTIONS if not option.switch], ids=lambda option: option.name)
def test_precedence(pytester: pytest.Pytester, option: options.Option) -> None:
    """Command line beats environment beats ini file beats default, for every option."""
    first, second, third = (option.choices * 2 or ("one", "two", "three"))[:3]
    ini, environ, flag = f"[pytest]\n{option.ini} = {first}\n", {option.variable: second}, (option.flag, third)
    default = (option.default,) if option.default else ()
    assert read(pytester)[option.name] == Setting(default, "default")
    pytester.makefile(".ini", pytest=ini)
    assert read(pytester)[option.name] == Setting((first,), f"from {option.ini} in pytest.ini")
    assert read(pytester, environ=environ)[option.name] == Setting((second,), f"from {option.variable}")
    setting = read(pytester, *flag, environ=environ)[option.name]
    assert setting == Setting((third,), "from the command line")
    assert setting.on_command_line
    assert setting.given


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.switch], ids=lambda option: option.name)
def test_switches(pytester: pytest.Pytester, option: options.Option) -> None:
    """A switch is off unless somebody says so; each place can turn it off again for those behind it."""
    on, off = ("true",), ()
    assert read(pytester)[option.name] == Setting(off, "default")
    assert read(pytester, option.flag)[option.name] == Setting(on, "from the command line")
    for word, values in {
        "1": on,
        "yes": on,
        "TRUE": on,
        "On": on,
        "0": off,
        "no": off,
        "False": off,
        "off": off,
    }.items():
        given = read(pytester, environ={option.variable: word})[option.name]
        assert given == Setting(values, f"from {option.variable}")
    pytester.makefile(".ini", pytest=f"[pytest]\n{option.ini} = yes\n")
    assert read(pytester)[option.name] == Setting(on, f"from {option.ini} in pytest.ini")
    assert read(pytester, environ={option.variable: "0"})[option.name] == Setting(off, f"from {option.variable}")
    assert read(pytester, "-o", f"{option.ini}=false")[option.name] == Setting(off, f"from -o {option.ini}")
    assert read(pytester, option.flag, environ={option.variable: "0"})[option.name].values == on


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.switch], ids=lambda option: option.name)
def test_what_is_no_switch(pytester: pytest.Pytester, option: options.Option) -> None:
    """A word that is neither is a usage error, so that nothing is shown because somebody misspelt it."""
    with pytest.raises(pytest.UsageError, match=option.variable):
        read(pytester, environ={option.variable: "maybe"})
    pytester.makefile(".ini", pytest=f"[pytest]\n{option.ini} = maybe\n")
    with pytest.raises(pytest.UsageError, match=option.ini):
        read(pytester)


def test_lists(pytester: pytest.Pytester) -> None:
    """A list may be repeated, separated by commas, or written on several lines."""
    pytester.makefile(".ini", pytest="[pytest]\nacr_repository =\n  a, b\n  c\n")
    assert read(pytester)["repository"].values == ("a", "b", "c")
    assert read(pytester, "--acr-repository=a,b", "--acr-repository", "c")["repository"].values == ("a", "b", "c")
    assert read(pytester, environ={"PYTEST_ACR_REPOSITORY": "a,b\nc\n"})["repository"].values == ("a", "b", "c")


def test_pyproject(pytester: pytest.Pytester) -> None:
    """A TOML file is named as the origin, and its lists are lists."""
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nacr_must = ["pull", "push"]\n')
    assert read(pytester)["must"] == Setting(("pull", "push"), "from acr_must in pyproject.toml")


def test_an_ini_value_may_be_taken_back(pytester: pytest.Pytester) -> None:
    """``-o`` overrides an ini value and is named as the origin; with nothing behind it the value is gone."""
    pytester.makefile(".ini", pytest="[pytest]\nacr_registry = myacr\n")
    assert read(pytester, "-o", "acr_registry=otheracr")["registry"] == Setting(("otheracr",), "from -o acr_registry")
    assert not read(pytester, "-o", "acr_registry=")["registry"].given


@pytest.mark.parametrize("text", ["", " ", "a,", ",a", "a,,b"])
def test_empty_parts_are_refused(pytester: pytest.Pytester, text: str) -> None:
    """An empty value, or an empty part of a list, is most likely a variable that was not set."""
    with pytest.raises(pytest.UsageError, match="empty value"):
        read(pytester, f"--acr-repository={text}")
    if text:
        with pytest.raises(pytest.UsageError, match=r"PYTEST_ACR_REPOSITORY\): empty value"):
            read(pytester, environ={"PYTEST_ACR_REPOSITORY": text})


def test_an_empty_variable_is_an_unset_one(pytester: pytest.Pytester) -> None:
    """CI systems make one of what is not defined."""
    environ = {
        "PYTEST_ACR_REGISTRY": "",
        "PYTEST_ACR_CA_BUNDLE": "",
        "PYTEST_ACR_TIMEOUT": "",
        "PYTEST_ACR_MASK_IDS": "",
    }
    assert read(pytester, environ=environ) == read(pytester)


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="native TOML settings came with pytest 9")
def test_a_native_toml_value_of_another_type(pytester: pytest.Pytester) -> None:
    """A number where pytest wants a string is a usage error that names the entry."""
    pytester.makefile(".toml", pytest="[pytest]\nacr_timeout = 5\n")
    with pytest.raises(pytest.UsageError, match=r"acr_timeout.*; write it as a text, in quotes"):
        read(pytester)
