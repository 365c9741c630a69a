"""What the credential provider on a Kubernetes node prints, which pulls with an identity of the pod's service account.

Its words are those of cloud-provider-azure (``pkg/credentialprovider``).
"""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms import entra
from pytest_acrauth.catalogue.symptoms.words import anywhere, in_print

_UNNAMED = (
    r"client ID not found in service account annotations",
    r"(?:client|tenant) id annotation \S{1,80} is not found or the value is empty",
)
_SILENT = (
    r"kubernetes Service account token is not provided for image",
    r"service account token not found in request",
)
_REASONS = "|".join((*_UNNAMED, *_SILENT))

SERVICE_ACCOUNT_UNNAMED = in_print(
    "service-account-unnamed",
    "The node's credential provider found no identity for the pull in the pod's service account.",
    anywhere(*_UNNAMED),
)
SERVICE_ACCOUNT_SILENT = in_print(
    "service-account-silent",
    "The node's credential provider got no token of the pod's service account.",
    anywhere(*_SILENT),
)
BINDING_FAILED = in_print(
    "identity-binding-failed",
    "The node's credential provider could not set up the identity binding of the cluster.",
    anywhere(rf"failed to get identity bindings token credential for image(?!.{{0,400}}?(?:{_REASONS}))"),
)
#: The kubelet's own words for a provider that ended so; what the provider said stands elsewhere in its log.
PROVIDER_FAILED = in_print(
    "credential-provider-failed",
    "The node's credential provider ran for the pull, and failed; its own words are not shown here.",
    anywhere(
        r"error execing credential provider plugin acr-credential-provider\b"
        # One that is not there has said nothing.
        r"(?!.{0,300}?(?:file does not exist|no such file|cannot find the (?:file|path)|permission denied))",
    ),
    either=(
        SERVICE_ACCOUNT_UNNAMED,
        SERVICE_ACCOUNT_SILENT,
        BINDING_FAILED,
        entra.NO_SUCH_IDENTITY,
        entra.SEVERAL_IDENTITIES,
        entra.NO_METADATA,
    ),
)
