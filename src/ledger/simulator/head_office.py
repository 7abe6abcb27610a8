"""The head office: what is for sale, by which procedures, and a week's decisions about both."""

from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from ledger.aggregates.operator.product.decide import content_digest
from ledger.facts import Calendar, Founding, OrderKind, Procedure, Product
from ledger.simulator.catalogue import NEW_PLAN, PLANS, calendar
from ledger.simulator.people import person_name
from ledger.simulator.world import DAY, FIRST_DAY, HOUR, Actor, Data, Message, World

COMPLIANCE: Final = "o-compliance"
REGION: Final = "r-region"
PRODUCT_MANAGER: Final = "o-product"
HR: Final = "o-hr"
TRAINER: Final = "o-trainer"
TARGET_SECONDS: Final = (420, 480)
"""How long customers may wait on average; the target changes every week."""


class Operator:
    """What is the same in all halls: products, procedures, officers and their decisions."""

    def __init__(self, world: World, founding: Founding) -> None:
        self.world: Final = world
        self.procedures: Final[dict[OrderKind, Procedure]] = {
            kind: procedure for procedure in founding.procedures for kind in procedure.order_kinds
        }
        self._halls: Final = [hall.hall_id for hall in founding.halls]
        self._clerks: Final = [
            clerk.clerk_id for clerk in founding.clerks if clerk.clerk_id.startswith("c-")
        ]
        self._managers: Final = [e.clerk_id for e in founding.clerks if e.role == "manager"]
        self._products: Final = list(founding.products)
        self._policy = founding.policy.version
        self._week = 0

    def sold(self, family: str) -> list[Product]:
        """What may be sold of a family, the newest included from its disclosure on."""
        return [each for each in self._products if each.family == family]

    def begin_week(self) -> None:
        """Called at midnight on Mondays."""
        self._week += 1
        world = self.world
        world.start(self._new_policy(), 9 * HOUR)
        world.start(self._new_clerk(), 10 * HOUR)
        world.start(self._suspension(), 3 * DAY + 20 * HOUR)
        if self._week == 1:
            world.start(self._new_product(), DAY + 14 * HOUR)
            world.start(self._next_calendar(), 2 * DAY + 10 * HOUR)

    # Policy, products, calendar

    def _new_policy(self) -> Actor:
        """A target of waiting changes at Thursday midnight."""
        world = self.world
        yield DAY + world.between(0, 5 * HOUR)
        version = f"2026.{self._week + 1}"
        data: Data = {
            "policy_version": version,
            "based_on": self._policy,
            "effective_from_at": world.moment((world.day + 2) * DAY),
            "parameters": [
                {
                    "name": "kpi.average_wait_seconds",
                    "value": TARGET_SECONDS[(self._week + 1) % 2],
                    "unit": "seconds",
                    "source_status": "practice",
                }
            ],
            "reason": "improvement",
        }
        publishing = self._message("policy.publish.v1", COMPLIANCE, data, REGION)
        # POL-04: begins at once, when no partition could know it.
        world.send(replace(publishing, data={**data, "effective_from_at": world.moment(world.now)}))
        yield world.between(300, 1_200)
        world.send(publishing)
        self._policy = version

    def _new_product(self) -> Actor:
        """Published on Tuesday, valid and made public on Wednesday, sold from then on."""
        world = self.world
        tomorrow = FIRST_DAY + timedelta(days=world.day + 1)
        product = replace(
            NEW_PLAN,
            tariff_version="2026-11",
            tariff=replace(NEW_PLAN.tariff, valid_from_on=tomorrow),
            is_disclosed=False,
        )
        data = said_of(product)
        publishing = self._message("product.publish.v1", PRODUCT_MANAGER, data, COMPLIANCE)
        # PRD-05: valid from a day that has begun.
        late = replace(product, tariff=replace(product.tariff, valid_from_on=FIRST_DAY))
        world.send(replace(publishing, data=said_of(late)))
        yield world.between(300, 1_200)
        world.send(publishing)
        yield DAY - world.second_of_day + 8 * HOUR
        disclosing: Data = {
            "product_id": product.product_id,
            "tariff_version": product.tariff_version,
            "places": ["website", "app", "hall_board"],
            "list_version": "2026-11",
            "content_digest": content_digest(PLANS[0]),
        }
        message = self._message("product.disclose.v1", PRODUCT_MANAGER, disclosing)
        # PRD-11: the poster of another plan.
        world.send(message)
        yield world.between(300, 900)
        shown = {**disclosing, "content_digest": content_digest(product)}
        world.send(replace(message, data=shown))
        yield 600
        self._products.append(replace(product, is_disclosed=True))

    def _next_calendar(self) -> Actor:
        """The State Council has named next year's holidays."""
        data = said_of(calendar(FIRST_DAY.year + 1))
        self.world.send(self._message("calendar.publish.v1", COMPLIANCE, data))
        yield from ()

    # Clerks

    def _new_clerk(self) -> Actor:
        """Engaged, trained, assessed (the second time well enough) and certified in one week."""
        world = self.world
        clerk = f"c-new-{self._week}"
        engaging: Data = {
            "full_name": person_name(world),
            "employee_no": f"E{world.digits(6)}",
            "role": "clerk",
            "hall_ids": [world.pick(self._halls)],
            "from_on": world.on(world.day).isoformat(),
            "employment": "employee",
        }
        world.send(self._message("clerk.engage.v1", HR, engaging, subject=clerk))
        yield 2 * HOUR
        training: Data = {"training_id": f"{clerk}-real-name"}
        assigning: Data = {
            "course": "实名登记与人脸核验",
            "subjects": ["real_name", "fraud_prevention"],
            "mandatory": True,
            "due_on": world.on(world.day + 4).isoformat(),
            "cause": "new_clerk",
        }
        assigned = {**training, **assigning}
        world.send(self._message("clerk.assign_training.v1", TRAINER, assigned, subject=clerk))
        yield DAY - 3 * HOUR
        yield from self._train(clerk, training)
        yield from self._assess(clerk, training)

    def _train(self, clerk: str, training: Data) -> Actor:
        world = self.world
        for minutes in (30, 60):
            session: Data = {
                "session_on": world.on(world.day).isoformat(),
                "minutes": minutes,
                "mode": "classroom",
            }
            attended = {**training, **session}
            world.send(self._message("clerk.attend_training.v1", TRAINER, attended, subject=clerk))
            completing = {**training, "content_version": "2026-1"}
            yield 600
            message = self._message(
                "clerk.complete_training.v1", TRAINER, completing, subject=clerk
            )
            # PRF-07 the first time: half an hour is too little.
            world.send(message)
            yield 2 * HOUR

    def _assess(self, clerk: str, training: Data) -> Actor:
        world = self.world
        assessment_id = ""
        for attempt, points_bp in (
            (1, world.between(6_000, 7_900)),
            (2, world.between(8_200, 9_900)),
        ):
            yield DAY
            assessment_id = f"{clerk}-a{attempt}"
            taken: Data = {
                **training,
                "assessment_id": assessment_id,
                "certification": "real_name",
                "kind": "written",
                "points_bp": points_bp,
                "attempt": attempt,
                "paper_version": "2026-1",
            }
            message = self._message("clerk.record_assessment.v1", TRAINER, taken, subject=clerk)
            world.send(message)
        yield 2 * HOUR
        granting: Data = {
            "certification": "real_name",
            "assessment_id": assessment_id,
            "valid_from_on": world.on(world.day).isoformat(),
        }
        message = self._message("clerk.grant_certification.v1", HR, granting, COMPLIANCE, clerk)
        # PRF-11: on the assessment that was not passed.
        wrong = {**granting, "assessment_id": f"{clerk}-a1"}
        world.send(replace(message, data=wrong))
        yield 300
        world.send(message)

    def _suspension(self) -> Actor:
        """A clerk is suspended after closing time on Thursday, and back before the hall opens."""
        world = self.world
        clerk = world.pick(self._clerks)
        suspending: Data = {"reason": "investigation", "ref_id": world.new_id("inv")}
        world.send(self._message("clerk.suspend.v1", COMPLIANCE, suspending, subject=clerk))
        yield 11 * HOUR
        message = self._message("clerk.reinstate.v1", HR, {}, HR, clerk)
        # ENV-07: nobody approves the own decision.
        world.send(message)
        yield 300
        world.send(replace(message, approver=world.pick(self._managers)))

    def _message(
        self,
        type_: str,
        actor: str,
        data: Data,
        approver: str | None = None,
        subject: str | None = None,
    ) -> Message:
        return Message(
            source="head-office",
            type=type_,
            subject=f"clerk/{subject}" if subject else "operator",
            actor=actor,
            approver=approver,
            channel="backoffice",
            data=data,
        )


def said_of(fact: Product | Calendar) -> Data:
    """A fact as its publication says it: without what is told of it later."""
    data: Data = msgspec.to_builtins(fact)
    return {name: value for name, value in data.items() if name != "is_disclosed"}
