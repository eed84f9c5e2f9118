"""The texts that operators read, by number and language: the only place where sentences live.

One module an area, each with one table `TEXTS`. A text says what happened in the words of the
glossary, where, and what to do; fields stand in braces. A test fails on a number without a text,
a text without a use, and a field that one language has and the other has not.

    1xxx the host as a whole    gateway.messages.settings
    21xx policy files, 22xx findings  gateway.messages.policy, policy_codes
    23xx requests in policy files  gateway.messages.policy_requests
    25xx connectors             gateway.messages.connectors
    31xx, 32xx, 34xx inspection  gateway.messages.inspection
    33xx, 350x scanners         gateway.messages.scanners
    35xx to 39xx formats, text, sandbox  gateway.messages.formats_*, text_search, sandbox
    4xxx identity and sealing   gateway.messages.identity
    5xxx lane and ferry         gateway.messages.ferry
    576x to 579x requests under way  gateway.messages.exchange
    60xx audit journal          gateway.messages.audit
    63xx requests               gateway.messages.requests
    640x their files on a host  gateway.messages.request_files
    65xx queues and disk        gateway.messages.spool
    7xxx, 8xxx operating        gateway.messages.operating
    73xx keys renewed           gateway.messages.pki
"""

from __future__ import annotations

from gateway.messages.catalogue import LANGUAGES, describe, remedy, shown, text_of
from gateway.messages.text import Text

__all__ = ["LANGUAGES", "Text", "describe", "remedy", "shown", "text_of"]
