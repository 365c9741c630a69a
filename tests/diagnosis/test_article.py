# ruff: noqa: E501 - a text is one line, as it is printed
"""The five errors of the article about authentication errors: whole, any line of them, and as their titles say them.

https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/acr-authentication-errors
"""

from __future__ import annotations

from collections.abc import Iterator

from for_each import for_each

from pytest_acrauth.diagnosis.text import recognise

#: What stands in the article for a registry, an address, a time and a subscription, and what people have there.
NAMES = {
    "placeholders": ("<acr-name>", "<ip-address>", "<date> <time>", "<subscription-name> (<subscription-id>)"),
    "real": ("contoso", "203.0.113.9", "2024-08-12 10:11:12.123456", "Team A (3b7d0b4e-6f0b-4d43-9a4f-2f6e7d5a1c11)"),
    "taken out": ("***", "x.x.x.x", "***", "***"),
    "a variable": ("$ACR_NAME", "$IP", "now", "$SUB"),
    "another variable": ("${acrName}", "{ip}", "now", "{sub}"),
}
SPARED = "You may want to use 'az acr login -n NAME --expose-token' to get an access token, which does not require Docker to be installed."
NO_TOKENS = (
    "Unable to get AAD authorization tokens with message: TIME An error occurred: CONNECTIVITY_REFRESH_TOKEN_ERROR"
)
#: Each error: its title, and its lines, with the causes of which one at least is named for each.
ERRORS: dict[str, dict[str, set[str]]] = {
    'DOCKER_COMMAND_ERROR "Please verify if Docker client is installed and running"': {
        SPARED: {"client-docker-missing", "client-cloud-shell-no-daemon"},
        "TIME An error occurred: DOCKER_COMMAND_ERROR": {"client-docker-missing"},
        "Please verify if Docker client is installed and running.": {"client-docker-missing"},
    },
    "This command requires running the docker daemon, which is not supported in Azure Cloud Shell": {
        f"This command requires running the docker daemon, which is not supported in Azure Cloud Shell. {SPARED}": {
            "client-cloud-shell-no-daemon"
        },
    },
    "Unauthorized: authentication required": {
        'Error response from daemon: Get "https://NAME.azurecr.io/v2/": unauthorized: {"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information."}]}': {
            "admin-password-not-current",
            "scope-map-token-password-expired",
            "sp-lacks-role",
        },
    },
    "Unable to get admin user credentials": {
        NO_TOKENS: {"exchange-no-role", "firewall-ip-denied"},
        "Access to registry 'NAME.azurecr.io' was denied. Response code: 401. Please try running 'az login' again to refresh permissions.": {
            "exchange-no-role"
        },
        "Unable to get admin user credentials with message: The resource with name 'NAME' and type 'Microsoft.ContainerRegistry/registries' could not be found in subscription 'SUB'.": {
            "arm-registry-not-found-in-subscription",
            "arm-no-read",
        },
    },
    "Client with IP ADDRESS is not allowed access": {
        NO_TOKENS: {"firewall-ip-denied", "exchange-no-role"},
        "Access to registry 'NAME.azurecr.io' was denied. Response code: 403. Please try running 'az login' again to refresh permissions.": {
            "firewall-ip-denied",
            "firewall-public-access-disabled",
        },
        'Error response from daemon: Get "https://NAME.azurecr.io/v2/": denied: {"errors":[{"code":"DENIED","message":"client with IP \\u0027ADDRESS\\u0027 is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}': {
            "firewall-ip-denied",
            "firewall-public-access-disabled",
        },
    },
}
#: What the title alone can mean, and the whole.
TITLES = ({"client-docker-missing"}, {"client-cloud-shell-no-daemon"}, {"admin-password-not-current", "sp-lacks-role"})
TITLES += ({"admin-user-disabled", "arm-no-read"}, {"firewall-ip-denied", "firewall-public-access-disabled"})
WHOLE = (*TITLES[:3], {"exchange-no-role"}, TITLES[4])


def texts() -> Iterator[tuple[str, set[str]]]:
    """Yield every text with the causes of which one at least is right, with every kind of names."""
    for (title, lines), of_title, of_all in zip(ERRORS.items(), TITLES, WHOLE, strict=True):
        every = {title: of_title, **lines, "\n".join(lines): of_all}
        for text, causes in every.items():
            for name, address, time, subscription in NAMES.values():
                shown = text.replace("NAME", name).replace("ADDRESS", address)
                yield shown.replace("TIME", time).replace("SUB", subscription), causes


@for_each(("text", "causes"), texts())
def test_each_is_answered_when_asked(text: str, causes: set[str]) -> None:
    """One of the article's own causes is among those that the answer begins with."""
    first = recognise(text)[0]
    assert {mode.id for mode in first.candidates} & causes


@for_each(("text", "causes"), texts())
def test_the_registry_is_called_as_the_text_calls_it(text: str, causes: set[str]) -> None:
    """A real name goes into the commands, what stands in the place of one never does."""
    named = {each.seen.facts.get("registry") for each in recognise(text)} - {None}
    assert named == ({"contoso"} if "contoso" in text else set())
    assert causes
