"""What the settings of an option stand for: a file, a cloud, registries, references, actions.

A value that stands for nothing is a `pytest.UsageError` naming the option or variable, the value and the choices.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.model.target import ACTIONS, CLOUDS, BadName, Cloud, Reference, Registry, cloud_of, without_login
from pytest_acrauth.plugin.asked.settings import Setting, Settings, where

_LARGEST = 4 * 1024 * 1024  # bytes of a list of registries
_NOTE = re.compile(r"(?:^|\s)#.*")  # in a line of such a list


def path(setting: Setting, text: str, config: pytest.Config) -> Path:
    """Return a file's path: one in the ini file is relative to it, any other to where pytest was started."""
    in_ini = config.inipath is not None and setting.origin.endswith(f"in {config.inipath.name}")
    folder = config.inipath.parent if in_ini and config.inipath is not None else config.invocation_params.dir
    return folder / Path(text).expanduser()


def writable(path: Path) -> bool:
    """Return whether a file can be written there, whose folders may have to be made, as pytest's own reports do.

    Folders that are missing are made to find out, and taken away again.
    """
    led_to = Path(os.path.realpath(path))
    made: list[Path] = []
    try:
        for folder in [each for each in reversed(led_to.parents) if not os.path.lexists(each)]:
            folder.mkdir()
            made.append(folder)
        with suppress(FileNotFoundError):
            led_to.lstat()  # of a name that is too long, or a link that leads to itself, nothing can be told
    except OSError:
        return False
    finally:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
    there = next(folder for folder in led_to.parents if os.path.lexists(folder))
    open_to_us = not os.path.lexists(led_to) or os.access(led_to, os.W_OK)
    return open_to_us and there.is_dir() and os.access(there, os.W_OK)


def cloud(settings: Settings) -> Cloud | None:
    """Return the cloud that is named for registries whose names do not tell it; None if none is."""
    setting = settings["cloud"]
    if not setting.value:
        return None
    for each in CLOUDS:
        if each.name.lower() == setting.value.lower():
            return each
    choices = ", ".join(each.name for each in CLOUDS)
    raise pytest.UsageError(f"{where('cloud', setting)}: unknown cloud {setting.value!r}; choose one of {choices}")


def registries(settings: Settings, config: pytest.Config) -> tuple[Registry, ...]:
    """Return the registries that are named, each once, in the order given."""
    setting = settings["registry"]
    found: dict[str, Registry] = {}
    for text in names(setting, config):
        try:
            read = registry(text, settings)
        except BadName as error:
            raise pytest.UsageError(f"{where('registry', setting)}: {error}") from error
        found.setdefault(read.login_server, read)
    return tuple(found.values())


def registry(text: str, settings: Settings) -> Registry:
    """Return the registry that a text names, in the cloud that is named if it does not tell. Raises `BadName`."""
    named_cloud = cloud(settings)
    found = Registry.parse(text, named_cloud)
    if named_cloud is not None and found.cloud != named_cloud:
        raise pytest.UsageError(
            f"{where('cloud', settings['cloud'])}: {found.login_server} is in {found.cloud.name}, as its suffix says,"
            f" and not in {named_cloud.name}"
        )
    return found


def names(setting: Setting, config: pytest.Config) -> Iterable[str]:
    """Yield the registries that are named, those of files among them. Raises `pytest.UsageError` for such a file."""
    for text in setting.values:
        if not text.startswith("@"):
            yield text
            continue
        if text == "@":
            raise pytest.UsageError(f"{where('registry', setting)}: @ is followed by no file: give @FILE")
        try:
            lines = read_regular(path(setting, text[1:], config), _LARGEST).decode("utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise pytest.UsageError(f"{where('registry', setting)}: cannot read {text[1:]!r}: {reason}") from error
        found = [name.strip() for line in lines for name in _NOTE.sub("", line).split(",") if name.strip()]
        if not found:
            raise pytest.UsageError(f"{where('registry', setting)}: {text[1:]!r} names no registry")
        if other := next((name for name in found if name.startswith("@")), ""):
            raise pytest.UsageError(
                f"{where('registry', setting)}: {text[1:]!r} holds {other!r}: a file of registries names no other file"
            )
        yield from found


def references(settings: Settings, among: Sequence[Registry]) -> dict[Registry, tuple[Reference, ...]]:
    """Return each registry's references: its own, and those that name no registry."""
    setting = settings["repository"]
    found: dict[Registry, dict[str, Reference]] = {registry: {} for registry in among}
    by_server = {registry.login_server: registry for registry in among}
    for text in setting.values:
        host, _, rest = text.partition("/")
        server = host.lower()
        if server not in by_server and cloud_of(server) is not None:
            shown = without_login(text)
            configured = ", ".join(by_server)
            raise pytest.UsageError(
                f"{where('repository', setting)}: {shown!r} is on {shown.partition('/')[0]}, which is not configured; "
                f"configured: {configured}"
            )
        try:
            reference = Reference.parse(rest if server in by_server else text)
        except BadName as error:
            raise pytest.UsageError(f"{where('repository', setting)}: {error}") from error
        for registry in [by_server[server]] if server in by_server else among:
            found[registry].setdefault(reference.text, reference)
    return {registry: tuple(own.values()) for registry, own in found.items()}


def actions(settings: Settings, name: str) -> tuple[str, ...]:
    """Return the actions that ``must`` or ``must-not`` names, each once."""
    setting = settings[name]
    for action in setting.values:
        if action not in ACTIONS:
            raise pytest.UsageError(
                f"{where(name, setting)}: unknown action {action!r}; choose from {', '.join(ACTIONS)}"
            )
    return tuple(dict.fromkeys(setting.values))
