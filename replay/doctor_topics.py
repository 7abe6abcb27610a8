"""Topics, brokers and grants against what durability and trust need of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ledger.facts import Founding
from ledger.logs import topics
from ledger.logs.acls import acls_of, who_may, who_may_destroy
from ledger.logs.administration import EVERYBODY, Administration, Grant, Topic, TopicState
from ledger.logs.cluster import Cluster
from replay.doctor_findings import Finding, Severity

_DAY: Final = 86_400_000


def of_topics(cluster: Cluster, facts: Founding, asked: Administration) -> Iterator[Finding]:
    """Each topic of a ledger with these facts: there, of the right shape, and set right."""
    wanted = topics.topics_of(cluster, facts)
    states = asked.topics([topic.name for topic in wanted])
    for topic in wanted:
        state = states.get(topic.name)
        if state is None:
            yield Finding(
                "problem",
                "topic",
                (topic.name,),
                "none",
                f"{topic.partitions} partitions",
                "Run `ledger init` again: it creates what is missing.",
            )
            continue
        yield _partitions(topic, state, counts=_counts(cluster, topic.name))
        yield from _copies(topic.name, state, counts=_counts(cluster, topic.name))
        for rule in _rules(cluster, topic):
            yield _setting(topic, state, rule)


def of_brokers(asked: Administration) -> Iterator[Finding]:
    for broker, settings in asked.broker_settings().items():
        about = f"broker {broker}"
        made = settings.get("auto.create.topics.enable", "")
        yield Finding(
            "ok" if made == "false" else "problem",
            "auto.create.topics.enable",
            (about,),
            made or "not told",
            "false",
            "A mistyped name makes no topic."
            if made == "false"
            else "Set it to false: a topic that a client makes has other partitions and settings.",
        )
        if "allow.everyone.if.no.acl.found" in settings:
            yield Finding(
                "warning",
                "allow.everyone.if.no.acl.found",
                (about,),
                "set, and not told to what",
                "not set",
                "Take it away, or see that it is false: a topic without ACLs is open by it.",
            )


def of_grants(cluster: Cluster, facts: Founding, grants: list[Grant] | None) -> Iterator[Finding]:
    """Who may write the topics and destroy them, against who needs to."""
    if grants is None:
        yield Finding(
            "warning",
            "ACLs",
            ("the brokers",),
            "no authorizer",
            "an authorizer, and SASL or TLS certificates",
            "Anybody who reaches the brokers may write: use such a cluster only where nobody else"
            " can reach it.",
        )
        return
    needed = acls_of(cluster, facts)
    for topic in topics.topics_of(cluster, facts):
        may, should = who_may(grants, "write", topic.name), who_may(needed, "write", topic.name)
        yield _writers(topic.name, may, should)
        destroyers = who_may_destroy(grants, topic.name)
        if destroyers:
            yield Finding(
                "problem" if EVERYBODY in destroyers else "warning",
                "who may delete or alter",
                (topic.name,),
                _names(destroyers),
                "only super users",
                "Take that right away: history could be deleted by whoever has it.",
            )


def _writers(topic: str, may: set[str], should: set[str]) -> Finding:
    severity: Severity = "ok"
    sentence = "Nobody writes it who should not."
    if may - should:
        severity = "problem"
        sentence = (
            f"Take the right to write away from {_names(may - should)}: readers cannot see who"
            " produced a record."
        )
    elif should - may:
        severity = "warning"
        sentence = (
            f"{_names(should - may)} may not write it: `ledger init --acls` grants it, unless"
            " another principal or a super user does that work."
        )
    return Finding(severity, "who may write", (topic,), _names(may), _names(should), sentence)


def _names(principals: set[str]) -> str:
    if EVERYBODY in principals:
        return "everybody"
    return ", ".join(sorted(principals)) or "nobody"


def _counts(cluster: Cluster, name: str) -> bool:
    """Whether what the topic holds can be had from nowhere else."""
    return name in (cluster.log, cluster.keys)


def _partitions(topic: Topic, state: TopicState, *, counts: bool) -> Finding:
    good = state.partitions == topic.partitions
    sentence = "As founded."
    if not good and counts:
        sentence = "Their number is founded and never changes: move the ledger to new topics."
    elif not good:
        sentence = "When it is read to its end delete it, and run `ledger init` again."
    return Finding(
        "ok" if good else "problem",
        "partitions",
        (topic.name,),
        str(state.partitions),
        str(topic.partitions),
        sentence,
    )


def _copies(name: str, state: TopicState, *, counts: bool) -> Iterator[Finding]:
    """Replication, how much of it is in step, and how much of it a write waits for."""
    needs = int(state.settings.get("min.insync.replicas", "1"))
    wanted = 2 if state.replication > 1 else 1
    enough = state.replication >= topics.REPLICATION
    yield Finding(
        "ok" if enough else "warning",
        "replication",
        (name,),
        str(state.replication),
        str(topics.REPLICATION),
        "The loss of a broker loses nothing."
        if enough
        else "Add brokers and reassign the partitions to three of them. With one alone a power cut"
        " can lose what was acknowledged: Kafka does not fsync each message.",
    )
    severity: Severity = "ok"
    sentence = "What is acknowledged stands on so many brokers."
    if needs > state.replication:
        severity, sentence = "problem", "Lower it: no write can ever succeed."
    elif needs < wanted:
        severity = "problem" if counts else "warning"
        sentence = "Raise it to 2: what is acknowledged could be lost with one broker."
    elif needs == state.replication > 1:
        severity = "warning"
        sentence = "Add a replica: nothing can be written while one broker is down."
    yield Finding(severity, "min.insync.replicas", (name,), str(needs), str(wanted), sentence)
    behind: Severity = "problem" if state.in_sync < needs else "warning"
    in_step = state.in_sync >= state.replication
    yield Finding(
        "ok" if in_step else behind,
        "replicas in step",
        (name,),
        f"{state.in_sync} of {state.replication}",
        f"{state.replication} of {state.replication}",
        "All replicas are there."
        if in_step
        else "Bring the broker back that is missing or behind.",
    )


class _Rule(NamedTuple):
    """A setting: exactly `wanted`, or a number within these bounds; what to do where it is not."""

    key: str
    wanted: str
    severity: Severity
    sentence: str
    least: int | None = None
    most: int | None = None


def _rules(cluster: Cluster, topic: Topic) -> Sequence[_Rule]:
    said = topic.settings
    grave: Severity = "problem" if _counts(cluster, topic.name) else "warning"
    rules = [
        _same(
            said,
            "unclean.leader.election.enable",
            grave,
            "Set it: a broker that lacks the newest records could become their leader.",
        ),
        _same(said, "cleanup.policy", "problem", "Set it: records would be lost."),
    ]
    if topic.name == cluster.keys:
        lives_on = "Set it: an erased key survives on the brokers' disks for longer."
        keys = ("segment.ms", "max.compaction.lag.ms", "delete.retention.ms")
        return rules + [_most(said, key, "warning", lives_on) for key in keys]
    if topic.name in (cluster.log, cluster.events):
        lost = "Set it now: the brokers delete history."
        rules += [_same(said, key, grave, lost) for key in ("retention.ms", "retention.bytes")]
    else:
        rules.append(_kept_for(cluster, topic))
    if "max.message.bytes" in said:
        least = int(said["max.message.bytes"])
        small = "Raise it: a record of the size that the ledger allows could not be written."
        wanted = f"at least {least:,}"
        rules.append(_Rule("max.message.bytes", wanted, grave, small, least=least))
    return rules


def _kept_for(cluster: Cluster, topic: Topic) -> _Rule:
    """Messages and quarantined bytes hold personal data in clear: kept for a while and no more."""
    if topic.name == cluster.quarantine:
        clear = "Set it: what lies in quarantine may be personal data in clear."
        return _most(topic.settings, "retention.ms", "problem", clear)
    return _most(
        topic.settings,
        "retention.ms",
        "warning",
        "Set it: messages are personal data in clear, and must outlive a stop of the deciders.",
    )._replace(least=_DAY)


def _same(said: Mapping[str, str], key: str, severity: Severity, sentence: str) -> _Rule:
    return _Rule(key, said[key], severity, sentence)


def _most(said: Mapping[str, str], key: str, severity: Severity, sentence: str) -> _Rule:
    most = int(said[key])
    wanted = f"at most {most // _DAY} days" if most > _DAY else f"at most {most:,}"
    return _Rule(key, wanted, severity, sentence, least=0, most=most)


def _setting(topic: Topic, state: TopicState, rule: _Rule) -> Finding:
    found = state.settings.get(rule.key, "")
    if rule.least is None:
        good = found == rule.wanted
    else:
        number = int(found) if found.lstrip("-").isdecimal() else -1
        good = rule.least <= number and (rule.most is None or number <= rule.most)
    return Finding(
        "ok" if good else rule.severity,
        rule.key,
        (topic.name,),
        f"{int(found):,}" if found.isdecimal() else found or "not told",
        rule.wanted,
        "As it should be." if good else rule.sentence,
    )
