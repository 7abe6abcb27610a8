"""Stored for ever: the tags are the wire names."""

from typing import Annotated, Final

from msgspec import Meta

from ledger.aggregates.customer.customer.interactions import (
    GiveConsent,
    IdentityFailure,
    Minor,
    Register,
    UpdateData,
    VerifyIdentity,
    WithdrawConsent,
)
from ledger.aggregates.model import Event
from ledger.values import (
    Count,
    Id,
    Moment,
)


class Registered(Event, Register, tag="customer.registered.v1"):
    customer_id: Id
    minor: Minor


class IdentityVerified(Event, VerifyIdentity, tag="customer.identity_verified.v1"):
    """`active_numbers` counts the customer's lines, of which this ledger records none yet."""

    valid_until_at: Moment
    active_numbers: Count


class IdentityVerificationFailed(
    Event, VerifyIdentity, tag="customer.identity_verification_failed.v1"
):
    reasons: Annotated[tuple[IdentityFailure, ...], Meta(min_length=1, max_length=9)]


class DataUpdated(Event, UpdateData, tag="customer.data_updated.v1"):
    pass


class ConsentGiven(Event, GiveConsent, tag="customer.consent_given.v1"):
    pass


class ConsentWithdrawn(Event, WithdrawConsent, tag="customer.consent_withdrawn.v1"):
    pass


EVENTS: Final = (
    Registered,
    IdentityVerified,
    IdentityVerificationFailed,
    DataUpdated,
    ConsentGiven,
    ConsentWithdrawn,
)
AnyEvent = (
    Registered
    | IdentityVerified
    | IdentityVerificationFailed
    | DataUpdated
    | ConsentGiven
    | ConsentWithdrawn
)
