"""Family ``silence``: a host took the connection, and did not answer what was asked."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import silence

_STATUS = "See whether Azure reports an outage: https://azure.status.microsoft"
_CURL = Command("curl -sSv -o /dev/null --max-time 30 https://{host}/")

REGISTRY_NO_ANSWER = FailureMode(
    id="registry-no-answer",
    title="{login_server} did not answer the {stage} request",
    brief="silent registry",
    seen=(silence.REGISTRY_SILENT,),
    signs=(silence.REGISTRY_SILENT,),
    certain="The request was sent over a TLS session that stood; no byte of an answer came back.",
    means="Name, connection and certificate are right. The registry, or the replica of it that serves this network, is"
    " slow or stuck, or a device that opens TLS swallows the request. Nothing is said about the identity.",
    look=(
        Command("curl -sSi --max-time 30 https://{login_server}/v2/"),
        _STATUS,
        Command("az acr replication list -r {registry} -o table"),
    ),
    fix=(
        "Check again in some minutes, and with a longer --acr-timeout.",
        "If another network gets an answer, find out what stands between here and the registry.",
        "If nobody gets an answer, open a support case.",
    ),
    page=pages.ACR + "container-registry-geo-replication#health-aware-failover",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
ENTRA_NO_ANSWER = FailureMode(
    id="entra-no-answer",
    title="{host} did not answer the sign-in",
    brief="silent Entra",
    seen=(silence.ENTRA_SILENT,),
    signs=(silence.ENTRA_SILENT,),
    certain="The sign-in was sent over a TLS session with Entra that stood; no byte came back.",
    means="Entra was reached, so neither name nor firewall are in the way. Entra is slow, or a device that opens TLS"
    " swallows the request. Nothing is known about the identity.",
    look=(_CURL, _STATUS),
    fix=(
        "Check again in some minutes, and with a longer --acr-timeout.",
        "If another network gets an answer, whoever runs this one exempts {host} from inspection.",
    ),
    page="https://learn.microsoft.com/cli/azure/azure-cli-endpoints#endpoints",
)
DATA_NO_ANSWER = FailureMode(
    id="data-no-answer",
    title="{host} did not answer the request for a layer",
    brief="silent host of the layers",
    seen=(silence.DATA_SILENT,),
    signs=(silence.DATA_SILENT,),
    certain="The layer was asked for over a TLS session with its host that stood; no byte came back.",
    means="The login server answers, and the host that it sends its clients to for layers was reached. That host is"
    " slow, or a device that scans downloads holds the layer back until it has all of it.",
    look=(_CURL, _STATUS),
    fix=(
        "Check again in some minutes, and with a longer --acr-timeout.",
        "Whoever runs a device that scans downloads exempts {layer_hosts} from it.",
    ),
    page=pages.TROUBLESHOOT + "download-failed-443-io-time-out",
)
ANSWER_CUT_OFF = FailureMode(
    id="answer-cut-off",
    title="{host} ended the connection instead of answering",
    brief="connection cut off",
    seen=(silence.CUT_OFF,),
    signs=(silence.CUT_OFF,),
    certain="The request was sent over a session that stood, and its end or a reset came back.",
    means="This is no silence: somebody ended the connection. A device on the way that reads the traffic does so with"
    " what it does not like, a proxy with what is idle or large, and a service that restarts with everything.",
    look=(_CURL, _STATUS),
    fix=(
        "Check again: after a restart the next connection is answered.",
        "If it happens each time, whoever runs the network finds the device that ends connections.",
    ),
    page=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
)
