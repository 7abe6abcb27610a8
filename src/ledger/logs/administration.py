"""What the brokers say of themselves, of topics, groups and grants; and the making of topics.

Beside `cluster` the only module that talks to the client library.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar, cast

import msgspec
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    NewTopic,  # pyright: ignore[reportPrivateImportUsage]
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import (
    CoordinatorNotAvailableError,
    GroupIdNotFoundError,
    NoError,
    SecurityDisabledError,
    TopicAlreadyExistsError,
)

from ledger.entry import LedgerError
from ledger.logs.cluster import Cluster, KafkaError

T = TypeVar("T")
EVERYBODY: Final = "User:*"


class Topic(NamedTuple):
    """A topic as it is to be: its settings are those that are said, not the brokers' own."""

    name: str
    partitions: int
    settings: Mapping[str, str]


class TopicState(NamedTuple):
    """A topic as it is. `replication` and `in_sync` are those of its worst partition."""

    partitions: int
    replication: int
    in_sync: int
    settings: Mapping[str, str]


class Grant(msgspec.Struct, frozen=True, order=True):
    """Who may do what: `operation` is `write`, `read` …; `kind` is `topic`, `group` or `cluster`.

    `is_prefix` says that `name` begins the names it is about; `is_denied` that it forbids.
    """

    principal: str
    operation: str
    kind: str
    name: str
    is_prefix: bool = False
    is_denied: bool = False
    host: str = "*"

    def covers(self, kind: str, name: str) -> bool:
        if self.kind != kind:
            return False
        return name.startswith(self.name) if self.is_prefix else self.name in (name, "*")


class Member(NamedTuple):
    """A process in a consumer group, and the (topic, partition) pairs that are its."""

    id: str
    host: str
    owns: frozenset[tuple[str, int]]


class Administration:
    """Asks and makes; every call ends within some seconds. Raises LedgerError in one sentence."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._admin = cluster.admin()

    def brokers(self) -> list[int]:
        with self._asking("which brokers there are"):
            return [each["broker_id"] for each in self._admin.describe_cluster()["brokers"]]

    def create(self, topics: Iterable[Topic], replication: int) -> list[str]:
        """Creates the topics that there are not yet; the names of those it made."""
        made: list[str] = []
        for topic in topics:
            new = NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                topic_configs=dict(topic.settings),
            )
            try:
                with self._asking(f"whether {topic.name} was created"):
                    self._admin.create_topics([new], timeout_ms=15_000, wait_for_metadata=True)
            except LedgerError as error:
                if isinstance(error.__cause__, TopicAlreadyExistsError):
                    continue
                raise
            made.append(topic.name)
        return made

    def topics(self, names: Sequence[str]) -> dict[str, TopicState]:
        """Those of the topics that there are."""
        with self._asking("which topics there are"):
            described = [
                each
                for each in self._admin.describe_topics(list(names))
                if each["error_code"] == 0 and each["partitions"]
            ]
            settings = self._settings("topic", [each["name"] for each in described])
        return {
            each["name"]: TopicState(
                len(each["partitions"]),
                min(len(part["replica_nodes"]) for part in each["partitions"]),
                min(len(part["isr_nodes"]) for part in each["partitions"]),
                settings.get(each["name"], {}),
            )
            for each in described
        }

    def broker_settings(self) -> dict[str, dict[str, str]]:
        """Of each broker; a setting that it does not tell, as a secret, is empty."""
        with self._asking("how they are set"):
            return self._settings("broker", [str(each) for each in self.brokers()])

    def members(self, group: str) -> list[Member]:
        """Of the consumer group `<prefix>.<group>`; empty where there is no such group."""
        name = f"{self._cluster.prefix}.{group}"
        try:
            with self._asking(f"who is in the group {name}"):
                found = self._admin.describe_groups([name])[name]
        except LedgerError as error:
            if isinstance(error.__cause__, CoordinatorNotAvailableError | GroupIdNotFoundError):
                return []
            raise
        return [
            Member(
                each["member_id"],
                str(each["client_host"]).lstrip("/"),
                frozenset(
                    (part["topic"], number)
                    for part in (each["member_assignment"] or {}).get("assigned_partitions", [])
                    for number in part["partitions"]
                ),
            )
            for each in found["members"]
        ]

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The offset that the group `<prefix>.<group>` keeps of each (topic, partition)."""
        name = f"{self._cluster.prefix}.{group}"
        try:
            with self._asking(f"what the group {name} keeps"):
                found = self._admin.list_group_offsets(name)[name]
        except LedgerError as error:
            if isinstance(error.__cause__, CoordinatorNotAvailableError | GroupIdNotFoundError):
                return {}
            raise
        return {(place.topic, place.partition): kept.offset for place, kept in found.items()}

    def grants(self) -> list[Grant] | None:
        """All that is granted or denied; None where the brokers check nothing."""
        everything = ACLFilter(
            None,
            None,
            ACLOperation.ANY,
            ACLPermissionType.ANY,
            ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
        )
        try:
            with self._asking("who may do what"):
                found, error = self._admin.describe_acls(everything)
                if error is not NoError:
                    raise cast(Callable[[], KafkaError], error)()
        except LedgerError as failed:
            if isinstance(failed.__cause__, SecurityDisabledError):
                return None
            raise
        return sorted(_grant_of(each) for each in found)

    def grant(self, grants: Sequence[Grant]) -> None:
        """Grants what is not granted yet; takes nothing away. Raises LedgerError where refused."""
        with self._asking("whether the grants were made"):
            answer = self._admin.create_acls([_acl_of(each) for each in grants])
        if answer["failed"]:
            refused = answer["failed"][0]
            why = (
                "they have no authorizer"
                if refused is SecurityDisabledError
                else getattr(refused, "__name__", str(refused))
            )
            raise LedgerError(f"the brokers grant nothing: {why}")

    def _settings(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        asked = [ConfigResource(ConfigResourceType[kind.upper()], name) for name in names]
        found = self._admin.describe_configs(asked, config_filter="all").get(kind, {})
        return {
            name: {key: str(told["value"] or "") for key, told in settings.items()}
            for name, settings in found.items()
        }

    @contextmanager
    def _asking(self, what: str) -> Generator[None, None, None]:
        try:
            yield
        except (KafkaError, OSError) as error:
            raise LedgerError(f"the brokers do not say {what}: {error}") from error

    def close(self) -> None:
        self._admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _acl_of(grant: Grant) -> Any:
    pattern = "PREFIXED" if grant.is_prefix else "LITERAL"
    return ACL(
        grant.principal,
        grant.host,
        ACLOperation[grant.operation.upper()],
        ACLPermissionType.DENY if grant.is_denied else ACLPermissionType.ALLOW,
        ResourcePattern(
            ResourceType[grant.kind.upper()], grant.name, ACLResourcePatternType[pattern]
        ),
    )


def _grant_of(acl: Any) -> Grant:
    pattern = acl.resource_pattern
    return Grant(
        acl.principal,
        acl.operation.name.lower(),
        pattern.resource_type.name.lower(),
        pattern.resource_name,
        is_prefix=pattern.pattern_type is ACLResourcePatternType.PREFIXED,
        is_denied=acl.permission_type is ACLPermissionType.DENY,
        host=acl.host,
    )
