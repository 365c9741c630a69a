"""Messages as people copy them: cut at a terminal's width, with other quotes, as a page's source, without names."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from html import escape

import pytest
from for_each import for_each

from pytest_acrauth.diagnosis.printed import mended
from pytest_acrauth.diagnosis.text import recognise

REGISTRY = "myacr.azurecr.io"
MESSAGES = [
    (
        "node-pull-refused",
        (
            f'Failed to pull image "{REGISTRY}/team/app:1": rpc error: code = Unknown desc = Error response from'
            f' daemon: Head "https://{REGISTRY}/v2/team/app/manifests/1": unauthorized: authentication required'
        ),
    ),
    (
        "nxdomain",
        (
            f"ERROR: Get https://{REGISTRY}/v2/: dial tcp: lookup {REGISTRY} on 10.0.0.10:53: no such host while the"
            " services of the compose file were pulled"
        ),
    ),
    (
        "resolver-failed",
        (
            f'Error response from daemon: Get "https://{REGISTRY}/v2/": dial tcp: lookup {REGISTRY} on 127.0.0.53:53:'
            " read udp 127.0.0.1:41234->127.0.0.53:53: i/o timeout"
        ),
    ),
    (
        "arm-not-found",
        (
            "ERROR: The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found"
            " in subscription 'Payments (0b1f6471-1bf0-4dda-aec3-cb9272f09590)'."
        ),
    ),
    (
        "exchange-403",
        (
            f"WARNING: Unable to get AAD authorization tokens: Access to registry '{REGISTRY}' was denied. Response"
            " code: 403. Please try running 'az login' again to refresh permissions."
        ),
    ),
    (
        "manifest-unknown",
        (
            f'ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference "{REGISTRY}/web:2":'
            f" {REGISTRY}/web:2: not found"
        ),
    ),
    (
        "container-group-refused",
        (
            f"ERROR: (InaccessibleImage) The image '{REGISTRY}/worker:12' in container group 'worker' is not"
            " accessible. Please check the image and registry credential."
        ),
    ),
]


def cut(width: int) -> Callable[[str], str]:
    """Return what cuts a text as a terminal of that width does."""
    return lambda text: "\n".join(text[at : at + width] for at in range(0, len(text), width))


def named(name: str) -> Callable[[str], str]:
    """Return what writes something else in the registry's place."""
    return lambda text: text.replace("myacr.azurecr", f"{name}.azurecr")


COPIES = {
    "cut at 80": cut(80),
    "cut at 100": cut(100),
    "cut at 120": cut(120),
    "wrapped at 72": lambda text: textwrap.fill(text, 72),
    "wrapped at 60": lambda text: textwrap.fill(text, 60, break_long_words=False, break_on_hyphens=False),
    "cut with carriage returns": lambda text: cut(80)(text).replace("\n", "\r\n"),
    "double quotes": lambda text: text.replace("'", '"'),
    "single quotes": lambda text: text.replace('"', "'"),
    "entities": escape,
    "a port": lambda text: text.replace(f"{REGISTRY}/", f"{REGISTRY}:443/"),
    "<name>": named("<acr-name>"),
    "$NAME": named("$ACR_NAME"),
    "{{name}}": named("{{ registry }}".replace(" ", "")),
    "[name]": named("[REDACTED]"),
    "***": named("***"),
}


def ids(text: str) -> list[str]:
    """Return the symptoms that a text shows, best first."""
    return [diagnosis.symptom.id for diagnosis in recognise(text)]


@for_each(("symptom", "text"), MESSAGES, ids=[symptom for symptom, _ in MESSAGES])
@for_each("copied", COPIES.values(), ids=COPIES)
def test_a_copy_says_what_the_message_said(copied: Callable[[str], str], symptom: str, text: str) -> None:
    """However it came here, it is the same failure."""
    assert ids(text)[0] == symptom
    assert ids(copied(text))[0] == symptom


@pytest.mark.parametrize("text", [text for _, text in MESSAGES if "/registries'" not in text])
@pytest.mark.parametrize("copied", [COPIES["cut at 80"], COPIES["double quotes"], COPIES["entities"]])
def test_a_copy_about_another_registry_says_nothing(copied: Callable[[str], str], text: str) -> None:
    """What is read a second time is still read by its hosts."""
    if "Access to registry" not in text:
        assert ids(copied(text.replace(REGISTRY, "registry.example.com"))) == []


def test_a_mended_text_keeps_the_numbers_of_its_lines() -> None:
    """The line that is shown is the one in which the message begins, in the text as it was given."""
    text = f"one\ntwo\n{cut(80)(MESSAGES[0][1])}\nlast"
    (found,) = recognise(text)
    assert found.seen.rows[0][0] == "line 3"


def test_only_what_was_cut_is_joined() -> None:
    """A line that is shorter than the widest was ended by its program."""
    assert mended("short\nlines") is None
    wide = "x" * 50
    assert mended(f"{wide}\nrest\nnext") == (f"{wide}rest\nnext", [1, 3])
    assert mended(f"{wide}\n{wide}\nrest") == (f"{wide}{wide}rest", [1])
    assert mended(wide) is None
    assert mended(f"{wide}y\nrest") is None
    assert mended(f"{wide}y\n{wide}y\nrest") == (f"{wide}y{wide}yrest", [1])
    assert mended('say "no"') == ("say 'no'", [1])
    assert mended("x" * 100_000 + "\n") is None
