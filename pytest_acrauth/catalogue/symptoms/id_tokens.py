"""What can be seen where a job of a CI system asks that system for an id token, before anything is shown to Entra."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Symptom, Words
from pytest_acrauth.catalogue.symptoms.answers import said_here
from pytest_acrauth.catalogue.symptoms.words import anywhere, in_print
from pytest_acrauth.model.stage import Stage

# How several providers for Terraform begin what their request for an id token was answered.
_PROVIDERS = r"(?:githubAssertion|GitHubOIDCAuthorizer|ADOPipelineOIDCAuthorizer|getAssertion): received HTTP status"
# Azure's SDKs for JavaScript and .NET, each before what was answered.
_SDKS = (
    r"(?:oidcToken field not detected in the response|OIDC token not found in response|null token from OIDC request)"
)
# What GitHub's toolkit (``packages/core/src/oidc-utils.ts``) says before the status, which is not there without one.
_TOOLKIT = r"Failed to get ID Token\.? .{0,20}?Error Code ?:"
# Where Azure DevOps sends people who are not signed in.
_SIGN_IN = r"_signin\?realm=dev\.azure\.com"


def _asked(name: str, texts: tuple[Words, ...], says: str, *, either: tuple[Symptom, ...] = ()) -> Symptom:
    return Symptom(id=name, stages=(Stage.ENTRA,), when=said_here(texts), says=says, texts=texts, either=either)


NOT_PERMITTED = in_print(
    "id-token-not-permitted",
    "The job has no address at which it could ask for an id token, or nothing to show there.",
    anywhere(
        r"Unable to get ACTIONS_ID_TOKEN_REQUEST_(?:URL|TOKEN) env variable",
        r"Missing value for the SYSTEM_OIDCREQUESTURI environment variable",
        r"no value for environment variable SYSTEM_(?:OIDCREQUESTURI|ACCESSTOKEN)\b",
        r"missing system variable\(s\) can be defined ?[:-] ?\"?SYSTEM_OIDCREQUESTURI",
    ),
)
REFUSED = _asked(
    "id-token-refused",
    anywhere(
        r"id token request refused \(\d{3}\) by ",
        rf"{_TOOLKIT} ?4(?!07|08|29)\d\d\b",
        rf"{_PROVIDERS} 40[0134]\b",
        rf"{_SDKS}.{{0,300}}?{_SIGN_IN}",
        r"null token from OIDC request\. Response status- ?40[013]\b",
    ),
    "The job asked its CI system for an id token, and was refused.",
)
WITHOUT = _asked(
    "id-token-without",
    anywhere(
        r"id token request answered (?:without one|with a page|in vain) \(\d{3}\) by ",
        r"Response json body do not have ID Token field",
        rf"{_TOOLKIT} ?5\d\d\b",
        rf"{_PROVIDERS} 5\d\d\b",
    ),
    "The job asked for an id token, and the answer holds none.",
)
REDIRECTED = _asked(
    "id-token-redirected",
    anywhere(r"id token request redirected \(3\d\d\) by "),
    "The job asked for an id token, and was sent to another address, which was not asked.",
)
UNREACHED = _asked(
    "id-token-unreached",
    anywhere(r"id token request without an answer from ", rf"{_TOOLKIT} ?undefined"),
    "The job asked for an id token, and no answer came.",
)
#: What is said of an id token that did not come, without the reason.
FAILED = in_print(
    "id-token-failed",
    "The job got no id token from its CI system.",
    anywhere(
        r"[Mm]ake sure to give write permissions to id-token in the workflow",
        r"Unexpected response from OIDC token endpoint",
        _SDKS,
    ),
)
