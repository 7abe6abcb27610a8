"""An order at the counter: the clerk follows the procedure, step by step, and hands over papers."""

from collections.abc import Generator
from typing import Final

from msgspec.structs import replace

from ledger.simulator import later, order_mistakes, provisioning, till
from ledger.simulator.mistakes import Mistake
from ledger.simulator.order import SUBMIT
from ledger.simulator.papers import How, Papers
from ledger.simulator.world import Actor, Data

TOO_EARLY: Final = 0.008
"""At each step: how often the clerk already tries to submit."""
SKIPPED: Final = 0.03
ABANDONED: Final = 0.03
CHANGED_MIND: Final = 0.014


class Ordering(Papers):
    """One order with the customer at the counter."""

    def run(self) -> Generator[int, None, str]:
        """The visit's outcome: all_done, order_pending, refused_by_rule or customer_left."""
        yield from self._place()
        steps = [step.step_id for step in self.order.procedure.steps]
        before, after = steps[: steps.index(SUBMIT)], steps[steps.index(SUBMIT) + 1 :]
        for number, step_id in enumerate(before):
            yield from self._too_early(step_id)
            how = yield from self._prepare(step_id)
            if how != "going_on":
                return (yield from self._give_up(how))
            yield from self._step(step_id, before[:number], before[number + 1 :])
        yield from self.complete_file()
        if not (yield from self._submit()):
            return (yield from self._give_up("refused"))
        return (yield from self._after(after))

    def _place(self) -> Actor:
        order, world = self.order, self.world
        data: Data = {
            "order_id": order.order_id,
            "kind": order.kind,
            "items": [item.data() for item in order.items],
            "requested_start_on": world.on(world.day).isoformat(),
            "requester": "owner",
            "procedure_id": order.procedure.procedure_id,
            "procedure_version": order.procedure.version,
        }
        if order.line is not None:
            data["subscription_id"] = order.line.line_id
        message = self.about("order.place.v1", data)
        sent = yield from self.desk.act(message, *order_mistakes.placing(order))
        yield world.between(20, 60)
        if world.chance(0.006):
            yield from self._corrected(sent)

    def _corrected(self, sent: str) -> Actor:
        tomorrow = self.world.on(self.world.day + 1).isoformat()
        correction: Data = {
            "order_id": self.order.order_id,
            "wrong_entry_id": f"counter-app:{sent}:1",
            "field": "requested_start_on",
            "should_be": tomorrow,
            "error_kind": "typing",
            "found_by": "self_check",
            "note": "生效日期录错",
        }
        message = self.about("order.correct_entry.v1", correction)
        yield from self.desk.act(message, order_mistakes.corrects_nothing)
        yield 30

    def _give_up(self, how: How) -> Generator[int, None, str]:
        """The draft is thrown away, or left to expire."""
        yield self.world.between(20, 90)
        if how == "refused" or self.world.chance(0.6):
            reason = (
                "not_feasible" if how == "refused" else self.world.pick(("price", "changed_mind"))
            )
            self.world.send(self.about("order.abandon.v1", {"reason": reason}))
            self.world.start(provisioning.release(self.order))
        else:
            self.world.start(later.expire(self.order))
        return "refused_by_rule" if how == "refused" else "customer_left"

    def _step(self, step_id: str, before: list[str], after: list[str]) -> Actor:
        step = next(e for e in self.order.procedure.steps if e.step_id == step_id)
        mandatory = {each.step_id for each in self.order.procedure.steps if each.mandatory}
        typical: list[Mistake] = [
            order_mistakes.step(each)
            for each in (*before[-1:], *after[1:3])
            if each in mandatory and step.mandatory
        ]
        if not step.mandatory and not (step_id == "reserve_number" and self.order.new_numbers):
            return
        if step.can_skip and self.world.chance(SKIPPED):
            yield from self._skip(step_id)
        else:
            message = self.about("order.complete_step.v1", {"step_id": step_id})
            yield from self.desk.act(message, *typical)
        self.order.do(step_id)
        yield self.world.between(3, 12)

    def _skip(self, step_id: str) -> Actor:
        skipping: Data = {"step_id": step_id, "reason": "customer_waived", "note": "客户放弃该步骤"}
        message = self.about("order.skip_step.v1", skipping)
        message = replace(message, approver=self.desk.hall.supervisor)
        yield from self.desk.act(message, order_mistakes.skips_a_duty, order_mistakes.unapproved)

    def _prepare(self, step_id: str) -> Generator[int, None, How]:
        """What a step of the procedure is about; whether it goes on after it."""
        match step_id:
            case "check_identity":
                yield from self.attach_identity()
            case "check_number_limit":
                return (yield from self.check_number_limit())
            case "complete_form":
                yield from self.complete_form()
            case "disclose_tariff":
                yield from self.disclose()
                if self.may_abandon and self.world.chance(ABANDONED):
                    return "abandoned"
            case "reserve_number" if self.order.new_numbers:
                provisioning.reserve(self.order)
                yield self.world.between(15, 60)
            case "run_checks":
                yield from self.run_checks()
            case "sign_agreement" if self.order.kind != "service_upgrade":
                yield from self.sign()
            case "quote_exit_fee":
                return (yield from self.quote())
            case "settle_bills":
                return (yield from self.settle_bills())
            case _:
                yield self.world.between(10, 40)
        return "going_on"

    def _too_early(self, step_id: str) -> Actor:
        """ORD-03, ORD-32 to ORD-40: whatever is missing still."""
        if step_id in self.order.undone and self.world.chance(TOO_EARLY):
            self.world.send(self.submitting())
            yield self.world.between(10, 40)

    def _submit(self) -> Generator[int, None, bool]:
        order = self.order
        yield self.world.between(5, 20)
        message = self.submitting()
        if order.customer.is_listed and order.kind == "activation":
            # ORD-31
            self.world.send(message)
            return False
        yield from self.desk.act(message, order_mistakes.another_total)
        order.submit(self.desk.clerk)
        self.world.start(provisioning.carry_out(order))
        return True

    def _after(self, steps: list[str]) -> Generator[int, None, str]:
        if self.world.chance(CHANGED_MIND):
            yield from self._cancel()
            return "customer_left"
        yield from self._pay()
        for number, step_id in enumerate(steps):
            if not (yield from self._wait_for(step_id)):
                self.world.start(later.finish_later(self.order, steps[number:]))
                return "order_pending"
            yield from self._step(step_id, steps[:number], steps[number + 1 :])
        if not self.order.items_ended:
            for _ in range(10):
                yield 15
        return "order_pending" if self.order.is_open else "all_done"

    def _wait_for(self, step_id: str) -> Generator[int, None, bool]:
        """Whether what the step is about has happened while the customer waits."""
        order = self.order
        if not order.is_open:
            return False
        cards = [item for item in order.wanted if item.has_card]
        if step_id in ("issue_sim", "issue_sim_or_install") and cards:
            for item in cards:
                if order.is_open:
                    yield from self._issue(item.item_id)
            order.card_is_issued = True
            return order.is_open
        if step_id in ("issue_sim_or_install", "test_service", "give_final_statement"):
            for _ in range(12):
                if order.items_ended or order.status not in ("acknowledged", "in_progress"):
                    break
                yield 15
            return order.items_ended and order.is_open
        yield 10
        return order.status in ("acknowledged", "in_progress", "held")

    def _issue(self, item_id: str) -> Actor:
        data: Data = {
            "item_id": item_id,
            "stock_item_id": self.world.new_id("sim"),
            "iccid": provisioning.iccid(self.world),
        }
        message = self.about("order.issue_sim.v1", data)
        yield from self.desk.act(message, order_mistakes.card_for_no_item)
        yield self.world.between(20, 60)

    def _pay(self) -> Actor:
        """What the order costs once is paid at the counter, most of the time."""
        items: list[Data] = [
            {
                "item_id": item.item_id,
                "item_kind": "device" if item.product.kind == "device" else "order_fee",
                "order_id": self.order.order_id,
                "amount_fen": item.once_fen,
            }
            for item in self.order.wanted
            if item.once_fen
        ]
        while items and self.order.status == "acknowledged":
            # Money is asked for once it is clear that the order can be carried out.
            yield 10
        if items and self.order.is_open and self.world.chance(0.9):
            yield from till.take(self.service, items)

    def _cancel(self) -> Actor:
        """Changed one's mind at the counter: before anything is carried out it costs nothing."""
        order, world = self.order, self.world
        later.cancel(order, self.desk.clerk)
        yield world.between(5, 30)
