"""What can be seen at the data stage: the host of the layers, to which the registry sends its clients."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.words import at_data_endpoint, at_storage
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Data, Dns, Tcp, Trouble
from pytest_acrauth.model.stage import Stage

_LOST = (
    r"(?:dial tcp|lookup|read tcp) .{1,120}?(?:timeout|timed out|no such host|connection refused|reset by peer)",
    r": EOF\b",
)
_AUTHENTICATION_FAILED = re.compile("AuthenticationFailed")


def _unreached(broken: Break, *, dedicated: bool) -> bool:
    data, part = broken.observation, facts.broken_part(broken)
    if not isinstance(data, Data) or not data.redirect:
        return False
    if isinstance(part, Dns):
        if part.resolution is None or part.resolution.outcome is Resolved.RESOLVER_FAILED:
            return False
    else:
        if not isinstance(part, Tcp) or part.tunnel is not None:
            return False
        troubles = {attempt.trouble for attempt in part.attempts}
        if Trouble.REFUSED in troubles or troubles == {Trouble.UNREACHABLE}:
            return False
    return data.redirect.endswith(broken.transcript.target.registry.cloud.data_suffix) is dedicated


def _foreign(broken: Break) -> bool:
    data = broken.observation
    return isinstance(data, Data) and (bool(data.refused) or facts.trouble(broken) is Trouble.WITHHELD)


def _storage_refused(broken: Break) -> bool:
    data, reply = broken.observation, facts.reply(broken)
    if not isinstance(data, Data) or not data.redirect or reply is None or reply.status != 403:
        return False
    return bool(_AUTHENTICATION_FAILED.search(f"{reply.words} {reply.body}"))


STORAGE_UNREACHED = Symptom(
    id="storage-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=False),
    says="{login_server} redirected the layer download to {redirect}, and no connection came about.",
    texts=at_storage(*_LOST),
)
DATA_ENDPOINT_UNREACHED = Symptom(
    id="data-endpoint-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=True),
    says="{login_server} redirected the layer download to its data endpoint {redirect}, and no connection came about.",
    texts=at_data_endpoint(*_LOST),
)
REDIRECT_ELSEWHERE = Symptom(
    id="redirect-elsewhere",
    stages=(Stage.DATA,),
    when=_foreign,
    says="{login_server} redirected the layer download to {redirect}, which is no place for this registry's layers.",
    texts=(),
)
STORAGE_REFUSED = Symptom(
    id="storage-refused",
    stages=(Stage.DATA,),
    when=_storage_refused,
    says="The address of the layer that {login_server} had signed was refused by {redirect}.",
    texts=at_storage(r"\bAuthenticationFailed\b"),
)
