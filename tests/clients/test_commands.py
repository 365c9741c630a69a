"""Az's own parser takes every az command that the catalogue tells a person to run."""

from __future__ import annotations

from clients.azure_cli import Az
from factories import broken_at, generic_401
from instructions import az_commands

from pytest_acrauth.catalogue.broken_rung import BrokenRung
from pytest_acrauth.catalogue.facts import login_name
from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.model.observation import Exchange
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Registry
from pytest_acrauth.report.explanation import NO_NAMES, Names, asked, cause, filled


def seen() -> Names:
    """Return the names of a climb that broke at the exchange, of a registry with a hash in its login server."""
    broken = broken_at(Stage.EXCHANGE, Exchange(reply=generic_401()))
    names = filled(BrokenRung(broken.transcript, broken.rung))
    return names._replace(typed={**names.typed, "login_name": login_name(Registry.parse("myacr-h8k2.azurecr.io"))})


def told(mode: FailureMode, names: Names) -> list[str]:
    """Return every command that a cause and its questions tell."""
    steps = [*cause(mode, names).steps, *(asked(question, names).by_hand for question in mode.questions)]
    return [step.text for step in steps if step.command]


def test_az_knows_every_command_and_option(az: Az) -> None:
    """Commands, their options and fixed values exist, and none that az requires is missing, with or without names."""
    texts = [(mode.id, text) for mode in MODES.values() for names in (NO_NAMES, seen()) for text in told(mode, names)]
    commands = {each: mode for mode, text in texts for each in az_commands(text)}
    refused = az.refused(list(commands))
    assert [f"{commands[each]}: az {' '.join(each)}: {why}" for each, why in refused.items()] == []


def test_the_parser_finds_faults(az: Az) -> None:
    """A command, an option or a value that does not exist, or one that is missing, is refused; what is right is not."""
    wrong = [
        ("acr", "shew"),
        ("acr", "show", "-n", "x", "--y"),
        ("acr", "update", "-n", "x", "--sku", "y"),
        ("acr", "show"),
    ]
    assert len(az.refused([*wrong, ("acr", "show", "-n", "x")])) == len(wrong)
