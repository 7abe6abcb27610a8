"""Who sends: what a request shows of its sender, and whether that is the source it names.

A source with a token must show it. One without is taken from this machine only, where whoever may
connect is trusted; a request that a proxy brings, or that was addressed to another name than this
machine's (a page in somebody's browser can do both), comes from elsewhere.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from ledger.door.cloudevents import Binary, Message
from ledger.door.scan import MAX_DEPTH, MAX_MESSAGE_BYTES, fits_depth
from ledger.facts import Source

_FOREIGN: Final = ("cross-site", "same-site")
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Sender:
    """`token_digest` is the SHA-256 of the bearer token in hex."""

    local: bool
    token_digest: str | None = None

    def is_source(self, source: Source | None) -> bool:
        """Whether the sender may speak as the source; one that is not known has no token."""
        if source is None or source.token_digest is None:
            return self.local
        shown = self.token_digest or ""
        return hmac.compare_digest(shown.encode(), source.token_digest.encode())


def sender_of(request: Request) -> Sender:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    digest = None
    if scheme.lower() == "bearer":
        digest = hashlib.sha256(token.strip().encode("latin-1")).hexdigest()
    return Sender(_is_local(request), digest)


def from_foreign_page(request: Request) -> bool:
    """Whether a page of another site has a browser send it, which this machine trusts."""
    return request.headers.get("sec-fetch-site") in _FOREIGN


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        named = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return _is_loopback(request.client.host) and (named == "localhost" or _is_loopback(named))


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


class _Named(msgspec.Struct, frozen=True):
    source: str | None = None


_named: Final = msgspec.json.Decoder(_Named)


def source_of(message: Message) -> str | None:
    """The source that a message names, or None where it cannot be seen; the door says why not."""
    if isinstance(message, Binary):
        return message.attributes.get("source")
    if len(message) > MAX_MESSAGE_BYTES or not fits_depth(message, MAX_DEPTH):
        return None
    try:
        return _named.decode(message).source
    except (msgspec.MsgspecError, UnicodeError):
        return None
