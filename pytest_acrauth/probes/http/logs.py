"""What the HTTP stack and Azure's SDKs would log about a climb, kept out of the logs that pytest captures."""

from __future__ import annotations

import logging
import threading

from pytest_acrauth.probes.http.shared_work import THREADS


class _NotOurThreads(logging.Filter):
    """Drops what the HTTP stack logs about a climb: whole URLs, with the signature of a blob's address; whose token."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not threading.current_thread().name.startswith(THREADS)


_FILTER = _NotOurThreads()
_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.proxy",
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity._internal.decorators",
    "azure.identity._internal.get_token_mixin",
    "azure.identity._credentials.managed_identity",
    "msal.application",
    "msal.authority",
    "msal.managed_identity",
    "msal.token_cache",
)


def quiet_loggers() -> None:
    """Keep what the HTTP stack logs in our threads out of every log."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
