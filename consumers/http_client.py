"""Publishing to a running server: a batch of CloudEvents in, a reply each out."""

import urllib.error
import urllib.request
from collections.abc import Sequence

import msgspec

from consumers.answers import Reply
from ledger.entry import LedgerError


def publish_to_server(url: str, messages: Sequence[bytes]) -> list[Reply]:
    """Sends structured CloudEvents, a line each. Raises LedgerError where the server fails."""
    body = b"\n".join(message.strip() for message in messages)
    request = urllib.request.Request(  # noqa: S310
        f"{url}/interactions",
        data=body,
        headers={"content-type": "application/x-ndjson"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
            return msgspec.json.decode(response.read(), type=list[Reply])
    except urllib.error.URLError as error:
        raise LedgerError(f"the server at {url} did not take the batch: {error}") from error
    except msgspec.MsgspecError as error:
        raise LedgerError(f"the server at {url} answered something else: {error}") from error
