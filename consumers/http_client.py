"""Publishing to a running server: a batch of CloudEvents in, a reply each out."""

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from consumers.answers import Reply, reply
from ledger.door.cloudevents import MAX_BATCH_BYTES, MAX_BATCH_MESSAGES
from ledger.door.faults import too_large
from ledger.door.scan import MAX_MESSAGE_BYTES
from ledger.entry import LedgerError

TIMEOUT_SECONDS: Final = 120
TRIES: Final = 5
MAX_WAIT_SECONDS: Final = 10.0

_TOO_LARGE: Final = too_large("", f"the message is over {MAX_MESSAGE_BYTES} bytes").answer

# The server is named by its address on this machine or network; a proxy is never meant.
_opener: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def publish_to_server(url: str, messages: Sequence[bytes]) -> list[Reply]:
    """Sends structured CloudEvents, one a message, and gives their replies in order.

    The bearer token is LEDGER_TOKEN's, if that is set. A server that is busy is asked again, up to
    five times. Raises LedgerError where it fails; sending everything again is harmless then.
    """
    stripped = [message.strip() for message in messages]
    fitting = [message for message in stripped if len(message) <= MAX_MESSAGE_BYTES]
    sent = iter([each for batch in _batches(fitting) for each in _send(url, batch)])
    return [
        next(sent) if len(each) <= MAX_MESSAGE_BYTES else reply(_TOO_LARGE) for each in stripped
    ]


def ask_to_catch_up(url: str) -> None:
    """Returns when the readers' tables hold all that the server has recorded."""
    _post(f"{url}/catch-up", b"", {})


def _batches(messages: Sequence[bytes]) -> Iterator[list[bytes]]:
    """In order, each no larger than what the server takes at once."""
    batch: list[bytes] = []
    size = 0
    for message in messages:
        if len(batch) == MAX_BATCH_MESSAGES or size + len(message) >= MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += len(message) + 1
    if batch:
        yield batch


def _send(url: str, batch: Sequence[bytes]) -> list[Reply]:
    headers = {"content-type": "application/x-ndjson"}
    if token := os.environ.get("LEDGER_TOKEN"):
        headers["authorization"] = f"Bearer {token}"
    answer = _post(f"{url}/interactions", b"\n".join(batch), headers)
    try:
        replies = msgspec.json.decode(answer, type=list[Reply])
    except msgspec.MsgspecError as error:
        raise LedgerError(f"the server at {url} answered something else: {error}") from error
    if len(replies) != len(batch):
        raise LedgerError(f"the server at {url} gave {len(replies)} replies to {len(batch)} lines")
    return replies


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310
    for tried in range(1, TRIES + 1):
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503 or tried == TRIES:
                    raise LedgerError(f"{url} says {error.code}: {_said(error)}") from error
                time.sleep(min(MAX_WAIT_SECONDS, float(error.headers.get("retry-after", "1"))))
        except (OSError, http.client.HTTPException) as error:
            raise LedgerError(f"the server does not answer at {url}: {error}") from error
    raise AssertionError("the last try either answers or raises")


def _said(error: urllib.error.HTTPError) -> str:
    try:
        said = msgspec.json.decode(error.read(), type=Reply)
    except (msgspec.MsgspecError, OSError):
        return error.reason
    return said.detail or said.title
