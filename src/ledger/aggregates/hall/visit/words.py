"""The words of a visit: needs, topics, reasons and outcomes as the catalogue lists them."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.aggregates.model import Fields
from ledger.values import Count

Need = Literal[
    "inquiry",
    "new_service",
    "change_plan",
    "number_migration",
    "port_out",
    "port_in",
    "upgrade",
    "ownership_transfer",
    "suspend_resume",
    "terminate",
    "payment",
    "bill_query",
    "invoice",
    "sim_replacement",
    "identity_update",
    "numbers_in_my_name",
    "complaint",
    "fault",
    "technical_support",
    "campaign",
    "privacy_request",
    "other",
]
Needs = Annotated[tuple[Need, ...], Meta(max_length=22)]
"""As many as there are kinds: a visit whose needs were asked in several rounds can be closed."""

InquiryTopic = Literal[
    "plan_content",
    "tariff",
    "usage",
    "coverage",
    "contract_terms",
    "campaign",
    "device",
    "porting",
    "other",
]
InquiryTopics = Annotated[tuple[InquiryTopic, ...], Meta(min_length=1, max_length=6)]
NEED_A_QUOTE: Final[frozenset[InquiryTopic]] = frozenset({"tariff", "contract_terms"})
TransferReason = Literal[
    "specialist_needed", "certification_needed", "shift_change", "customer_asked", "counter_fault"
]
SupportResult = Literal["solved", "partly_solved", "not_solved"]

Symptom = Literal[
    "no_signal",
    "no_internet",
    "slow",
    "drops",
    "no_voice",
    "no_sms",
    "device_faulty",
    "line_cut",
    "other",
]
SupportKind = Literal[
    "network_settings",
    "device_setup",
    "sim_activation",
    "app_use",
    "broadband_wifi",
    "iot_setup",
    "data_transfer",
]
VisitOutcome = Literal[
    "all_done",
    "partly_done",
    "order_pending",
    "referred_elsewhere",
    "customer_left",
    "refused_by_rule",
]
FitReason = Literal[
    "usage_matches",
    "lower_price",
    "better_coverage",
    "higher_speed",
    "combines_lines",
    "needed_function",
    "customer_named_it",
]


class NeedsProfile(Fields):
    """What a customer said of the own use; personal, so that it is sealed as a whole."""

    data_gb: Count | None = None
    voice_minutes: Count | None = None
    broadband_mbps: Count | None = None
    lines: Annotated[int, Meta(ge=1, le=1000)] | None = None
    iot_devices: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    roaming: bool | None = None
    contract_accepted: bool | None = None
    pains: Annotated[
        tuple[Literal["price", "coverage", "speed", "service", "contract", "none"], ...],
        Meta(max_length=6),
    ] = ()


class ObservationItem(Fields):
    item: Literal[
        "greeting",
        "needs_asked",
        "patience",
        "accuracy",
        "tariff_explained",
        "no_forced_sale",
        "privacy_kept",
        "dress_and_desk",
        "farewell",
    ]
    points: Annotated[int, Meta(ge=0, le=10)]
