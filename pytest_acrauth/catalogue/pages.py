"""Where causes are documented: the beginnings of the addresses that the entries complete."""

ACR = "https://learn.microsoft.com/azure/container-registry/"
TROUBLESHOOT = "https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/"
AKS = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/"
ENTRA_CODES = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
PROTOCOL = "https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md"
HEALTH = ACR + "container-registry-health-error-reference"
