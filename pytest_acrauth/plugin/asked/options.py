"""The table of options: flag, ini entry, environment variable and reference page derive from one row each.

Loaded at every pytest start, whether the plugin has anything to do or not: nothing here may be heavy.
That is why annotations are not postponed here: named tuples would compile each of them again at every start.
"""

import re
from collections.abc import Callable
from typing import NamedTuple


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
        "how many climbs run at once; fewer where this process may not open so many files",
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
        "keep the run in a file, by its suffix: .html (the extra report), .json, .md or .prom (the extra metrics)",
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
        "run against the embedded emulator: healthy, failure modes by id (list: print all, and exit), or declared: all "
        "that is declared is so, changed by REGISTRY=ID and REGISTRY/IDENTITY=ID",
        many=True,
        activates=True,
        line=Line(8, "emulator {all}"),
    ),
    Option(
        "rehearse",
        "",
        "play the declared world, make each declared promise false in it, one by one, and tell which check notices",
        switch=True,
    ),
    Option(
        "cloud", "CLOUD", "cloud of a registry whose name does not tell it, for example AzureChinaCloud", in_file=True
    ),
    Option("ca-bundle", "FILE", "PEM file of certificate authorities to trust beside the system's", in_file=True),
)

#: In place of scenarios to emulate: print all there are.
LIST = "list"


def named(name: str) -> Option:
    """Return an option's row."""
    return next(option for option in OPTIONS if option.name == name)
