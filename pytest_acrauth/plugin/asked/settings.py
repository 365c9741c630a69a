"""What the options are set to: they are declared to pytest, and read from wherever somebody set them.

Loaded at every pytest start, as the table of options is, and as light.
"""

import os
import shlex
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import pytest

from pytest_acrauth.plugin.asked.options import OPTIONS, Option, named

DEFAULT = "default"


class Setting(NamedTuple):
    """What an option is set to; ``origin`` says who set it, in words for the header and for errors.

    A switch that is on has one value, one that is off has none.
    """

    values: tuple[str, ...]
    origin: str = DEFAULT

    @property
    def given(self) -> bool:
        """Whether somebody set it, which includes a scenario."""
        return self.origin != DEFAULT

    @property
    def on_command_line(self) -> bool:
        return self.origin == _COMMAND_LINE

    @property
    def for_this_run(self) -> bool:
        """Whether it was set for this run in particular, as CI systems do it: by a flag or by a variable."""
        return self.on_command_line or self.origin.startswith("from PYTEST_")

    @property
    def value(self) -> str:
        """The value of an option that takes one; '' where nobody set it and there is no default."""
        return self.values[0] if self.values else ""


_COMMAND_LINE = "from the command line"
#: How a switch is written in the environment; pytest reads its configuration file's like that.
_ON, _OFF = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

#: Every option's setting by the option's name.
Settings = Mapping[str, Setting]


def declare(parser: pytest.Parser) -> None:
    """Declare every option to pytest, as a flag and as an ini entry."""
    group = parser.getgroup("acr", "Azure Container Registry authentication")
    for option in OPTIONS:
        notes = [f"env {option.variable}", f"ini {option.ini}"]
        notes += [f"default {option.default}"] if option.default else []
        notes += [f"one of {', '.join(option.choices)}"] if option.choices else []
        summary = f"{option.summary}{' (repeatable)' if option.many else ''} [{'; '.join(notes)}]"
        takes: dict[str, Any] = {"action": "append" if option.many else "store", "metavar": option.metavar}
        if option.switch:
            takes = {"action": "store_const", "const": _ON[0]}
        group.addoption(option.flag, dest=option.ini, default=None, help=summary, **takes)
        kind: Literal["linelist", "string", "bool"] = "linelist" if option.many else "string"
        kind = "bool" if option.switch else kind
        parser.addini(option.ini, f"{option.summary}, as {option.flag}", type=kind, default=None)


def read(config: pytest.Config, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read every option: command line, else environment, else ini file, else default.

    Raises `pytest.UsageError` for a value that is empty, is none of an option's choices, or has a type in the ini
    file that pytest cannot read. An empty ini value counts as none, so that ``-o acr_registry=`` takes one back; a
    switch is taken back by ``false``.
    """
    _repack(config)
    return {option.name: _checked(option, _find(option, config, environ)) for option in OPTIONS}


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is to be said of variables that are called like an option's and are none's."""
    begins = "PYTEST_ACR_"
    known = [option.variable.removeprefix(begins) for option in OPTIONS]
    named = (name.removeprefix(begins) for name in environ if name.startswith(begins))
    if not (unknown := sorted(name for name in named if name not in known)):
        return []
    import difflib  # only here: every start would pay for it

    close = {name: difflib.get_close_matches(name, known, n=1) for name in unknown}
    return [
        f"unknown environment variable {begins}{name}"
        + "".join(f"; did you mean {begins}{meant}?" for meant in close[name])
        for name in unknown
    ]


#: What somebody expects to find, or to fail, at the end of a run.
_ASKED_FOR = (
    "config-write", "repository", "must", "must-not", "prove-push", "expiry-warn", "expiry-fail", "report", "compare",
)  # fmt: skip


def asked_for(config: pytest.Config) -> list[str]:
    """Return the flags, given for this very run, that ask for something which takes a registry."""
    given = {str(argument).partition("=")[0] for argument in config.invocation_params.args}
    return [flag for flag in (named(name).flag for name in _ASKED_FOR) if flag in given]


def activating(settings: Settings) -> list[Setting]:
    """Return what those options are set to that turn the plugin on; none if nobody set one."""
    found = (settings[option.name] for option in OPTIONS if option.activates)
    return [setting for setting in found if setting.values]


def check(settings: Settings) -> None:
    """Raise `pytest.UsageError` for a value that its option's ``check`` refuses.

    For active runs only: a limit left over in somebody's environment is no concern of a run that has no use for it.
    """
    for option in OPTIONS:
        setting = settings[option.name]
        for value in setting.values:
            if wrong := option.check(value):
                raise pytest.UsageError(f"{where(option.name, setting)}: {value!r} is {wrong}")


def runs_nothing(config: pytest.Config) -> bool:
    """Return whether pytest is only to show what it would run."""
    return bool(config.option.collectonly or getattr(config.option, "setupplan", False))


def arguments(config: pytest.Config) -> list[str]:
    """Return the arguments from which pytest chooses its rootdir: those of the environment, and of the command line."""
    return [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, config.invocation_params.args)]


def _repack(config: pytest.Config) -> None:
    """Put ``--acr-registry @FILE`` together again.

    pytest unpacks every argument that begins with ``@``, those that a configuration file or the environment adds as
    well: the option got the file's first line, and the other lines are taken for paths.
    """
    given = (arguments(config), config.getini("addopts"))
    for flag, argument in (pair for some in given for pair in pairwise(map(str, some))):
        if flag != named("registry").flag or not argument.startswith("@"):
            continue
        first, *others = (config.invocation_params.dir / argument[1:]).read_text("utf-8").splitlines()
        values = config.option.acr_registry
        if first in values:
            values[values.index(first)] = argument
        for line in others:
            if line in config.args:
                config.args.remove(line)
        if not config.args:
            folders = [str(path) for text in config.getini("testpaths") for path in config.rootpath.glob(text)]
            config.args[:] = folders or [str(config.invocation_params.dir)]


def where(name: str, setting: Setting) -> str:
    """Name an option and who set it, for the beginning of an error."""
    return f"{named(name).flag} ({setting.origin})" if not setting.on_command_line else named(name).flag


def _find(option: Option, config: pytest.Config, environ: Mapping[str, str]) -> Setting:
    given = config.getoption(option.ini)
    if given is not None:
        return Setting(_split(option, given if option.many else [given]), _COMMAND_LINE)
    if text := environ.get(option.variable, ""):  # what is not set is empty in many a CI system
        return Setting(_split(option, [text.lower() if option.switch else text]), f"from {option.variable}")
    try:
        entry = config.getini(option.ini)
    except (TypeError, ValueError, pytest.UsageError) as error:
        hints = {"expects a string": "a text, in quotes", "expects a list": "a list of texts, in brackets"}
        hint = next((f"; write it as {form}" for sign, form in hints.items() if sign in str(error)), "")
        raise pytest.UsageError(f"{option.flag} ({_ini_origin(option, config)}): {error}{hint}") from error
    if option.switch and entry is not None:
        entry = str(entry).lower()
    if entry:
        texts = entry if option.many else [entry]
        return Setting(_split(option, texts), _ini_origin(option, config))
    return Setting((option.default,) if option.default else ())


def _ini_origin(option: Option, config: pytest.Config) -> str:
    overridden = (text.partition("=")[0] for text in config.getoption("override_ini") or ())
    if option.ini in overridden or config.inipath is None:
        return f"from -o {option.ini}"
    return f"from {option.ini} in {config.inipath.name}"


def _split(option: Option, texts: Iterable[str]) -> tuple[str, ...]:
    """Split lists at commas and lines. Empty parts stay: `_checked` refuses them, as a variable may have been unset."""
    if not option.many:
        return tuple(text.strip() for text in texts)
    lines = [line for text in texts for line in text.strip().split("\n")]
    return tuple(part.strip() for line in lines for part in line.split(","))


def _checked(option: Option, setting: Setting) -> Setting:
    if "" in setting.values:
        raise pytest.UsageError(
            f"{where(option.name, setting)}: empty value; give {option.metavar or 'true or false'}, or leave it out"
        )
    choices = (*_ON, *_OFF) if option.switch else option.choices
    for value in setting.values if choices else ():
        if value not in choices:
            raise pytest.UsageError(
                f"{where(option.name, setting)}: unknown value {value!r}; choose one of {', '.join(choices)}"
            )
    if option.switch:
        return setting._replace(values=tuple(_ON[0] for value in setting.values if value in _ON))
    return setting
