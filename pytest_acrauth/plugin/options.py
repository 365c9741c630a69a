"""The table of options: flag, ini entry, environment variable and reference page derive from one row each.

Loaded at every pytest start, whether the plugin has anything to do or not: nothing here may be heavy.
That is why annotations are not postponed here: named tuples would compile each of them again at every start.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import pytest


class Line(NamedTuple):
    """How the header shows an option: its line's place, and the words, with ``{few}`` or ``{all}`` for the values.

    Without words they are the option's name and its values. Options with the same place share a line. What nobody set
    is left out; but its default is shown where the option that ``default_with`` names is set.
    """

    place: int
    words: str = ""
    default_with: str = ""


#: The largest number of seconds, days or climbs: more than anybody means, and what clocks still count with.
MOST = 1_000_000_000


def any_text(_text: str) -> str:
    """Say what is wrong with a text that may be anything: ''."""
    return ""


def positive_number(text: str) -> str:
    """Say what is wrong with a text that has to be a positive number, `MOST` at most; '' if it is one."""
    try:
        number = float(text)
    except ValueError:
        return "no positive number"
    if not 0 < number < float("inf"):
        return "no positive number"
    return f"more than {MOST}" if number > MOST else ""


def whole_number(text: str) -> str:
    """Say what is wrong with a text that has to be a positive whole number; '' if it is one."""
    return positive_number(text) or ("" if float(text).is_integer() else "no whole number")


_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def subscription_id(text: str) -> str:
    """Say what is wrong with a text that has to be a subscription's id; '' if it is one."""
    return "" if re.fullmatch(_GUID, text) else "no subscription's id: give the GUID that az account list shows"


def group_name(text: str) -> str:
    """Say what is wrong with a text that has to be a resource group's name; '' if it is one.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """
    good = re.fullmatch(r"[\w().-]{0,89}[\w()-]", text)
    return "" if good else "no resource group's name: letters, digits and . _ - ( ), 90 at most, no dot at the end"


class Option(NamedTuple):
    """One option: its name, what its value is called, what it does, and what holds when nobody says.

    ``many`` options may be repeated and take comma-separated lists. A ``switch`` takes no value as a flag, and is true
    or false elsewhere. ``check`` says what is wrong with a value, '' if nothing is. An option that ``activates`` turns
    the plugin on. A readiness file may hold one that is ``in_file``. ``line`` is how the header shows it.
    """

    name: str
    metavar: str
    summary: str
    default: str = ""
    many: bool = False
    switch: bool = False
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] = any_text
    activates: bool = False
    in_file: bool = False
    line: Line | None = None

    @property
    def flag(self) -> str:
        return f"--acr-{self.name}"

    @property
    def ini(self) -> str:
        return "acr_" + self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        return "PYTEST_" + self.ini.upper()


#: In the order of the help and of the reference. What comes of registry, auth and cloud is told above the other lines.
OPTIONS = (
    Option(
        "registry",
        "NAME",
        "registry to check: its name, login server or resource id, or @FILE with one a line",
        many=True,
        activates=True,
    ),
    Option(
        "config",
        "FILE",
        "readiness file (TOML): the registries, who must get in, with which rights, and who must not",
        activates=True,
        line=Line(0),
    ),
    Option(
        "config-variables",
        "NAME",
        "environment variables, or what they begin with, that a readiness file may name; ACR_ and more it always may",
        many=True,
    ),
    Option(
        "config-write",
        "FILE",
        "write a first readiness file from what this run finds healthy; never over a file that is there",
    ),
    Option(
        "auth",
        "[NAME=]METHOD[:PREFIX]",
        "who authenticates; the credential itself comes from environment variables",
        default="default",
        many=True,
    ),
    Option(
        "repository",
        "REF",
        "repository, with :tag or @digest if wanted, on which rights are proven; "
        "for one registry only with its login server in front",
        many=True,
        line=Line(1),
    ),
    Option(
        "must",
        "ACTIONS",
        "actions that must be held on every named repository",
        default="pull",
        many=True,
        line=Line(1, "must {all}", default_with="repository"),
    ),
    Option(
        "must-not",
        "ACTIONS",
        "actions that must not be held on any named repository",
        many=True,
        line=Line(1, "must not {all}"),
    ),
    Option(
        "prove-push",
        "",
        "where push must be held, open an upload and cancel it; otherwise the access token alone tells of push",
        switch=True,
        line=Line(1, "push proven by an upload"),
    ),
    Option(
        "client",
        "CLIENT",
        "a client that must work on this machine, whatever the registries say",
        many=True,
        choices=("docker", "podman", "az", "docker-config"),
        activates=True,
        in_file=True,
        line=Line(7),
    ),
    Option(
        "evidence",
        "WHO",
        "who may be asked, read only, why a check failed: auto (the identity under test if it is an Entra one, else "
        "the Azure login of this environment), off, or METHOD[:PREFIX]",
        default="auto",
        in_file=True,
        line=Line(2, default_with="registry"),
    ),
    Option(
        "subscription",
        "ID",
        "subscription in which evidence looks for the registries",
        check=subscription_id,
        in_file=True,
        line=Line(3),
    ),
    Option(
        "resource-group",
        "NAME",
        "resource group in which evidence looks for the registries",
        check=group_name,
        in_file=True,
        line=Line(4),
    ),
    Option(
        "expiry-warn",
        "DAYS",
        "tell of credentials that end within so many days",
        check=positive_number,
        line=Line(10, "told of what ends within {all} days"),
    ),
    Option(
        "expiry-fail",
        "DAYS",
        "fail for a credential that ends within so many days",
        check=positive_number,
        line=Line(10, "failing for what ends within {all} days"),
    ),
    Option(
        "wait",
        "SECONDS",
        "how long to try again where what broke can be a change that has not reached every server yet",
        check=positive_number,
        in_file=True,
        line=Line(5, "wait {all} s"),
    ),
    Option(
        "timeout",
        "SECONDS",
        "limit for one climb",
        default="30",
        check=positive_number,
        in_file=True,
        line=Line(5),
    ),
    Option(
        "jobs",
        "N",
        "how many climbs run at once",
        default="128",
        check=whole_number,
        in_file=True,
        line=Line(6),
    ),
    Option(
        "checks",
        "WHEN",
        "whether the built-in checks are collected; auto: when the command line or the environment names a registry, "
        "and no single test; only: they are, and nothing else is",
        default="auto",
        choices=("auto", "all", "only", "none"),
    ),
    Option(
        "on-missing",
        "POLICY",
        "what becomes of tests that need a registry when none is configured",
        default="skip",
        choices=("skip", "error"),
    ),
    Option(
        "report",
        "FILE",
        "keep the run in a file, by its suffix: .html (the extra report), .json or .md",
        many=True,
        line=Line(11),
    ),
    Option(
        "compare",
        "FILE",
        "say what changed since the run that was kept in this report in JSON; that decides nothing",
        line=Line(11),
    ),
    Option(
        "mask-ids",
        "",
        "show stand-ins for tenant, object, application and subscription ids and for addresses, in all output",
        switch=True,
        in_file=True,
        line=Line(9, "ids and addresses masked"),
    ),
    Option(
        "explain",
        "WHAT",
        "print what an id means (all: list them), a number of Entra's, a code of az acr check-health, a pasted line, "
        "or what a log or JUnit file (-: standard input) is about, and exit",
    ),
    Option(
        "emulate",
        "SCENARIO",
        "run against the embedded emulator: healthy, or failure modes by id (list: print all, and exit)",
        many=True,
        activates=True,
        line=Line(8, "emulator {all}"),
    ),
    Option(
        "cloud", "CLOUD", "cloud of a registry whose name does not tell it, for example AzureChinaCloud", in_file=True
    ),
    Option("ca-bundle", "FILE", "PEM file of certificate authorities to trust beside the system's", in_file=True),
)

DEFAULT = "default"
#: In place of scenarios to emulate: print all there are.
LIST = "list"


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


def add(parser: pytest.Parser) -> None:
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


def named(name: str) -> Option:
    """Return an option's row."""
    return next(option for option in OPTIONS if option.name == name)


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
