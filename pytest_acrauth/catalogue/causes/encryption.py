"""Family ``encryption``: the key of one's own with which a registry is encrypted, and who may use it."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import management, operation

_KEYS = pages.ACR + "tutorial-troubleshoot-customer-managed-keys"
CMK_KEY_INACCESSIBLE = FailureMode(
    id="cmk-key-inaccessible",
    title="{registry} cannot use its encryption key",
    brief="encryption key out of reach",
    seen=(management.KEY_REFUSED,),
    signs=(management.KEY_REFUSED,),
    certain="The key is named, and the identity with which the registry tried to use it.",
    means="The identity lacks the rights to get, wrap and unwrap the key; or the vault's firewall keeps the registry"
    " out; or the key is disabled, expired or deleted. A registry says the same of each.",
    look=(
        Command("az acr encryption show -n {registry}"),
        Command('az keyvault show -n VAULT --query "properties.[enableRbacAuthorization,networkAcls,accessPolicies]"'),
        Command("az keyvault key show --vault-name VAULT -n KEY --query attributes"),
    ),
    fix=(
        (
            "Whoever manages the vault gives that identity the role Key Vault Crypto Service Encryption User, or the"
            " three key permissions in an access policy, lets trusted services past the firewall, or makes the key good"
            " again."
        ),
    ),
    page=_KEYS + "#error-after-you-enable-a-key-vault-firewall",
    not_emulated="Only a change of the registry's settings or of its key is refused so, and no check makes one.",
    samples=(
        (
            "Failed to access KeyId 'https://myvault.vault.azure.net/keys/acr/0123'. Verify that identity"
            " '11111111-2222-3333-4444-555555555555' has permission on key 'https://myvault.vault.azure.net/keys/acr'."
            " For more information on bring your own key, please visit 'https://aka.ms/acr/cmk'."
        ),
        (
            "az acr create -n myacr --key-encryption-key KEY: Client address is not authorized and caller is not a"
            " trusted service."
        ),
    ),
    unlike=(
        "The user, group or application does not have keys get permission on key vault 'myvault;location=westeurope'.",
        "Client address is not authorized and caller is not a trusted service. Vault: myvault",
    ),
)
CMK_IDENTITY_MISSING = FailureMode(
    id="cmk-identity-missing",
    title="the identity for the encryption key is gone",
    brief="encryption key's identity gone",
    seen=(management.CMK_MISSING,),
    signs=(management.CMK_MISSING,),
    certain="CMK_ERROR is check-health's code for an encryption identity that is not there any more.",
    means="The registry is encrypted with a key of its owner's, and reads that key as an identity which was deleted.",
    look=(Command("az acr encryption show -n {registry}"), Command("az acr identity show -n {registry}")),
    fix=(
        (
            "Whoever manages the registry and its key vault makes an identity, lets it get, wrap and unwrap the key,"
            " and gives it to the registry:"
        ),
        Command("az acr identity assign -n {registry} --identities IDENTITY_RESOURCE_ID"),
        Command("az acr encryption rotate-key -n {registry} --key-encryption-key KEY_ID --identity IDENTITY_CLIENT_ID"),
    ),
    instead=(
        "If it was the registry's own (system-assigned) identity, only a support case with Azure brings it back.",
    ),
    page=_KEYS + "#error-when-youre-removing-a-managed-identity",
    az_code="CMK_ERROR",
    not_emulated="Only az acr check-health looks whether the identity is there, and no check runs it.",
    samples=("An error occurred: CMK_ERROR\nThe identity used for registry 'myacr' encryption doesn't exist.",),
    unlike=("The identity used for storage account 'mystore' encryption doesn't exist.",),
)
CMK_IDENTITY_INACTIVE = FailureMode(
    id="cmk-identity-inactive",
    title="{registry} has lost the identity for its key",
    brief="encryption key's identity inactive",
    seen=(operation.KEY_IDENTITY_INACTIVE,),
    signs=(operation.KEY_IDENTITY_INACTIVE,),
    certain="The registry says itself that the identity which reads its encryption key is inactive.",
    means="The registry is encrypted with a key of its owner's, and refuses every image: the identity that reads the"
    " key was taken away from it. It stays good for some three months after that, and then ends.",
    look=(Command("az acr encryption show -n {registry}"), Command("az acr identity show -n {registry}")),
    fix=(
        "Whoever manages the registry gives it the identity again:",
        Command("az acr identity assign -n {registry} --identities IDENTITY_RESOURCE_ID"),
    ),
    page=_KEYS + "#identity-expiry-error",
    samples=("The identity associated with the registry is inactive. Reassign the identity manually.",),
    unlike=("The identity associated with the account is inactive.",),
)
