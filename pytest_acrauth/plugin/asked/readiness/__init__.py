"""Readiness files: an environment's registries, identities, rights, refusals and limits in one reviewable place."""

from __future__ import annotations

from pytest_acrauth.plugin.asked.readiness.document import BadFile as BadFile
from pytest_acrauth.plugin.asked.readiness.environment import Access as Access
from pytest_acrauth.plugin.asked.readiness.environment import Environment as Environment
from pytest_acrauth.plugin.asked.readiness.environment import NamedIdentity as NamedIdentity
from pytest_acrauth.plugin.asked.readiness.environment import NamedRegistry as NamedRegistry
from pytest_acrauth.plugin.asked.readiness.environment import Refusal as Refusal
from pytest_acrauth.plugin.asked.readiness.environment import read as read
