"""Where causes are documented: the beginnings of the addresses that the entries complete."""

ACR = "https://learn.microsoft.com/azure/container-registry/"
TROUBLESHOOT = "https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/"
#: The article on failures of authentication, from which this project began.
AUTHENTICATION_ERRORS = TROUBLESHOOT + "acr-authentication-errors"
AKS = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
ENTRA_CODES = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
#: What Entra itself says of one of its numbers.
ENTRA_ERROR = "https://login.microsoftonline.com/error?code={aadsts}"
FEDERATION = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-"
PROTOCOL = "https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md"
HEALTH = ACR + "container-registry-health-error-reference"
