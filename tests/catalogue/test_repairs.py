"""What no instruction of the catalogue may do, whoever wrote it: rules over every command and sentence."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from typing import NamedTuple

import pytest
from for_each import for_each
from instructions import az_commands, instructions, text_of

from pytest_acrauth.catalogue.facts import FACTS
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.report.explanation import NO_NAMES, Kind, cause

#: Commands that print a live secret, unless what they print goes on into a program or a file.
PRINTS_A_SECRET = re.compile(
    r"credential show|credential renew|credential reset(?!.*--cert )|credential generate|--expose-token"
    r"|acr token create(?!.*--no-passwords)|get-access-token|create-for-rbac|get secret|get-settings"
)
#: Commands that only read.
READS = re.compile(
    r"\b(show|list|list-[a-z-]+|show-[a-z-]+|check-health|check-name|get|describe|version|ls|ps|cat|inspect|logs)\b"
    r"|nslookup|getent|openssl s_client|openssl x509|env \| grep -o|curl |docker info|docker context|date -u|which "
    r"|id\b|timedatectl|jq |head |az rest --method get|^echo "
)
HARMFUL = {
    "opens the firewall wholly": r"--default-action Allow|--public-network-enabled true(?!.*--default-action Deny)",
    "removes other secrets": r"az ad sp credential reset|credential reset(?!.*--append)",
    "replaces a password in use": r"--password1\b",
    "changes authorisation for everybody": r"--role-assignment-mode",
    "admits an address that is not known to be the caller's": r"--ip-address (?!\{rule_address\})",
    "a name that only one cloud has": r"privatelink\.azurecr|\.core\.windows\.net",
    "goes another way than the client": r"(?:^|\| ?)nc ",
    "a password on the command line": r"-p \$?[<A-Za-z\"]|--password(?!-stdin|\d)[ =]",
    "a placeholder in angle brackets": r"<[a-z]",
    "an apostrophe that opens a quote": r"\w\'s ",
}


def _commands(mode: FailureMode) -> list[str]:
    return [one.text for one in instructions(mode) if isinstance(one, Command)]


every_mode = for_each("mode", MODES.values(), ids=lambda mode: mode.id)


@every_mode
@for_each("harm", HARMFUL)
def test_no_command_harms(mode, harm):
    """No command opens, removes, replaces or weakens more than the failure needs."""
    assert [text for text in _commands(mode) if re.search(HARMFUL[harm], text)] == []


@every_mode
def test_no_command_shows_a_secret(mode):
    """A command whose answer is a live secret hands it on to a program or into a file."""
    shown = [text for text in _commands(mode) if PRINTS_A_SECRET.search(text)]
    assert [text for text in shown if "|" not in text and ">" not in text] == []


class Ran(NamedTuple):
    """What a shell did with a command: which az it started, what a vault was given, what is left in ``$value``."""

    started: list[str]
    stored: str | None
    left: str
    printed: str


#: In the place of az: it notes what it is asked, and fails or answers as it is told.
STUB = """#!/bin/sh
printf '%s\\n' "$*" >> "$FOLDER/started"
case "$*" in
"keyvault secret list "*) exit "$REACHED" ;;
"keyvault secret set "*) [ "$WRITTEN" = 0 ] && cat > "$FOLDER/stored"; exit "$WRITTEN" ;;
*) [ -z "$MADE" ] || printf '%s\\n' "$MADE"; exit "$FAILED" ;;
esac
"""
PULL_SECRETS = [text for text in _commands(MODES["k8s-pull-secret-wrong"]) if "kubectl create" in text]
INTO_A_VAULT = {
    text.format_map({**NO_NAMES.typed, "spare_password": "password2"})
    for mode in MODES.values()
    for text in _commands(mode)
    if "keyvault secret set" in text
}


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a command in a shell that finds a stub in the place of az."""
    stub = tmp_path / "az"
    stub.write_text(STUB)
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FOLDER", str(tmp_path))

    def run(command: str, *, made: str = "s3cret", failed: int = 0, reached: int = 0, written: int = 0) -> Ran:
        told = {"MADE": made, "FAILED": str(failed), "REACHED": str(reached), "WRITTEN": str(written)}
        script = f"{command}; printf 'left: %s' \"$value\""
        done = subprocess.run(
            ["sh", "-c", script], check=False, env={**os.environ, **told}, capture_output=True, text=True
        )
        printed, _, left = done.stdout.partition("left: ")
        stored = tmp_path / "stored"
        started = (tmp_path / "started").read_text().splitlines()
        return Ran(started, stored.read_text() if stored.exists() else None, left, printed + done.stderr)

    assert shutil.which("az") == str(stub)
    return run


def test_some_commands_store_what_another_prints():
    """There are those that the next tests are about, and they are of one shape."""
    assert len(INTO_A_VAULT) >= 3
    piped = {text for mode in MODES.values() for text in _commands(mode) if re.search(r"\| *(az|kubectl) ", text)}
    assert {text for text in piped if "keyvault secret set" not in text} == set(PULL_SECRETS)


@pytest.mark.parametrize("command", sorted(INTO_A_VAULT))
@pytest.mark.parametrize(("made", "failed"), [("", 1), ("", 0), ("half", 1)], ids=["fails", "nothing", "breaks off"])
def test_a_vault_is_given_nothing_that_was_not_made(shell, command, made, failed):
    """Where the command before it fails or prints nothing, no newest version is made of a live secret."""
    ran = shell(command, made=made, failed=failed)
    assert len(ran.started) == 2
    assert ran.stored is None


@pytest.mark.parametrize("command", sorted(INTO_A_VAULT))
def test_nothing_is_made_anew_for_a_vault_that_does_not_answer(shell, command):
    """A password is not replaced where the new one could not be stored."""
    ran = shell(command, reached=1)
    assert len(ran.started) == 1
    assert ran.stored is None


@pytest.mark.parametrize("command", sorted(INTO_A_VAULT))
def test_what_a_vault_refuses_is_not_lost(shell, command):
    """What was made is left in the shell, where the vault takes it not after all."""
    ran = shell(command, written=1)
    assert (ran.stored, ran.left, ran.printed) == (None, "s3cret", "")


@pytest.mark.parametrize("command", sorted(INTO_A_VAULT))
def test_a_vault_is_given_what_was_made(shell, command):
    """It is given that alone, without a line end, and nothing is shown."""
    ran = shell(command)
    assert (ran.stored, ran.printed) == ("s3cret", "")


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq here, which the command runs")
@pytest.mark.parametrize(
    ("held", "made"),
    [
        (None, ""),
        ("", ""),
        ("\n", ""),
        ('pa"ss\n', '{"auths":{"LOGIN_SERVER":{"username":"USER_NAME","password":"pa\\"ss"}}}'),
    ],
    ids=["no file", "an empty file", "an empty line", "a password"],
)
def test_a_cluster_is_given_no_empty_secret(tmp_path, monkeypatch, held, made):
    """No secret is made of a password that is not there; one that is there is taken as it stands, and not shown."""
    (command,) = PULL_SECRETS
    stub = tmp_path / "kubectl"
    stub.write_text('#!/bin/sh\ncat > "$FOLDER/stored"\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FOLDER", str(tmp_path))
    if held is not None:
        (tmp_path / "PASSWORD_FILE").write_text(held)
    typed = command.format_map(NO_NAMES.typed)
    ran = subprocess.run(["sh", "-c", typed], check=False, cwd=tmp_path, capture_output=True, text=True)
    stored = tmp_path / "stored"
    assert (json.dumps(json.loads(stored.read_text()), separators=(",", ":")) if stored.exists() else "") == made
    assert ran.stdout == ""


@every_mode
def test_what_is_written_to_a_file_is_its_owners_alone(mode):
    """A live secret goes into no file that others can read, nor over one that is there."""
    kept = [text for text in _commands(mode) if PRINTS_A_SECRET.search(text) and re.search(r"> ?[A-Z_]+", text)]
    assert [text for text in kept if not text.startswith("(umask 077 && set -C && ")] == []


@every_mode
def test_looks_only_read(mode):
    """What a look runs changes nothing."""
    looks = [one.text for one in mode.look if isinstance(one, Command)]
    looks += [each.by_hand.text for each in mode.questions if isinstance(each.by_hand, Command)]
    assert [text for text in looks if not READS.search(text)] == []


@every_mode
def test_a_setting_alone_proves_nothing(mode):
    """A proof holds a fact of the request that broke: a sign, what the climb showed, or what was compared with it."""
    provable = not mode.unprovable and mode.when
    assert not provable or mode.signs or any(condition.question.of_request for condition in mode.when)


@every_mode
def test_a_title_is_a_fact(mode):
    """A title says what is so; how sure it is, the headline says."""
    assert not re.search(r"\b(may|might|possibly|perhaps|probably|could)\b", mode.title)
    assert len(mode.title) <= 90


@every_mode
def test_a_command_can_be_pasted(mode):
    """A shell can take a command apart as it stands: quotes close, and nothing that a shell expands stands bare."""
    for text in _commands(mode):
        words = shlex.split(text.format_map({**NO_NAMES.typed}), comments=True)
        assert words
        bare = re.sub(r"\"[^\"]*\"|'[^']*'|\$\([^)]*\)", "", text.format_map(NO_NAMES.typed))
        assert not set("[]*?<") & set(re.sub(r"</dev/null|< [A-Z_]+$", "", bare)), bare


@every_mode
def test_an_unknown_value_is_a_word_in_capitals(mode):
    """Where nothing was seen, a command has words in capitals, and a sentence plain words."""
    told = cause(mode, NO_NAMES)
    for text in (told.title, told.meaning, *(step.text for step in told.steps)):
        assert not re.search(r"<[a-z]", text)
    spoken = [told.title, told.meaning, *(step.text for step in told.steps if not step.command)]
    typed = {fact.typed for fact in FACTS.values() if fact.typed.isupper() and "_" in fact.typed}
    assert [text for text in spoken if typed & set(re.findall(r"[A-Z_]+", text))] == []


@every_mode
def test_looks_come_first(mode):
    """What is told begins with looking, and another way never stands alone."""
    kinds = [step.kind for step in cause(mode, NO_NAMES).steps]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert Kind.FIX in kinds


@every_mode
def test_what_a_text_is_unlike_is_not_the_mode(mode):
    """A text that only looks like a cause does not name it."""
    from pytest_acrauth.diagnosis.text import recognise

    for text in mode.unlike:
        assert mode not in {each for found in recognise(text, overheard=True) for each in found.candidates}


def test_the_rules_find_what_they_are_about():
    """The patterns match the commands for which they were made."""
    assert re.search(HARMFUL["opens the firewall wholly"], "az acr update -n x --public-network-enabled true")
    assert re.search(HARMFUL["removes other secrets"], "az ad sp credential reset --id x --append")
    assert PRINTS_A_SECRET.search("az acr credential show -n x")
    assert text_of(Command("az")) == "az"


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ('az acr show -n x --query "a | [0]" -o tsv', [("acr", "show", "-n", "x", "--query", "a | [0]", "-o", "tsv")]),
        ("which az", []),
        ("docker ps > az", []),
        ("A=b az login && az logout; az version", [("login",), ("logout",), ("version",)]),
        (
            "az acr login -n x --expose-token | oras login --password-stdin",
            [("acr", "login", "-n", "x", "--expose-token")],
        ),
        (
            "az role list --scope \"$(az acr show --query 'f(a)' -g $(az group list))\" 2>/dev/null",
            [
                ("group", "list"),
                ("acr", "show", "--query", "f(a)", "-g", "PRINTED"),
                ("role", "list", "--scope", "PRINTED"),
            ],
        ),
    ],
)
def test_a_command_is_taken_apart_as_a_shell_does(command, started):
    """Every az that a command starts is found, with its own arguments alone."""
    assert list(az_commands(command)) == started
