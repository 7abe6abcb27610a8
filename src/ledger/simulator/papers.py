"""An order's papers: identity, checks, form, tariff, agreement, and what a bound line costs."""

import hashlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Final, Literal

from ledger.aggregates.customer.subscription.locking import exit_fee_fen
from ledger.aggregates.customer.subscription.state import StandingLock
from ledger.simulator import money, order_mistakes, till
from ledger.simulator.catalogue import EXIT_FEE_PERCENT
from ledger.simulator.order import Order
from ledger.simulator.world import Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.service import Service

How = Literal["going_on", "abandoned", "refused"]
DECLINED: Final = 0.15
FORM_SECONDS: Final = (40, 120)


class Papers:
    """What the clerk gathers for one order; `checked` and `papers` are what there is so far."""

    def __init__(self, service: "Service", order: Order) -> None:
        self.service: Final = service
        self.desk: Final = service.desk
        self.world: Final = service.world
        self.order: Final = order
        self.checked: set[str] = set()
        self.papers: set[str] = set()
        self.may_abandon = True

    def attach_identity(self) -> Actor:
        customer = self.order.customer
        data: Data = {"verification_id": customer.verification_id}
        message = self.about("order.attach_identity.v1", data)
        yield from self.desk.act(message, order_mistakes.unknown_verification)
        if "id_copy" in self.order.procedure.required_documents:
            yield self.world.between(15, 40)
            yield from self.attach("id_copy")

    def attach(self, kind: str) -> Actor:
        document_id = self.world.new_id("doc")
        data: Data = {
            "document_id": document_id,
            "document_kind": kind,
            "content_digest": digest_of(document_id),
            "pages": self.world.between(1, 4),
        }
        message = self.about("order.attach_document.v1", data)
        self.world.send(message)
        self.papers.add(kind)
        if self.world.chance(0.01):
            # ORD-20: scanned twice.
            yield 10
            self.world.send(message)

    def check_number_limit(self) -> Generator[int, None, How]:
        order = self.order
        if order.customer.numbers + order.new_numbers <= 5:
            yield from self._check("number_limit", "passed")
            return "going_on"
        if self.world.chance(0.6):
            # ORD-17: the clerk has not looked.
            yield from self._check("number_limit", "passed")
        yield from self._check("number_limit", "failed", "over_limit")
        yield 20
        if self.world.chance(0.6):
            # ORD-30: and tries all the same.
            self.world.send(self.submitting())
        return "refused"

    def _check(self, check: str, result: str, reason: str | None = None) -> Actor:
        data: Data = {"check_id": self.world.new_id("ck"), "check": check, "result": result}
        if reason is not None:
            data["reason"] = reason
        message = self.about("order.run_check.v1", data)
        yield from self.desk.act(message, order_mistakes.failed_without_reason)
        self.checked.add(check)
        yield self.world.between(2, 8)

    def run_checks(self) -> Actor:
        for check in self.order.procedure.required_checks:
            if check in self.checked:
                continue
            if check == "listed_person" and self.order.customer.is_listed:
                yield from self._check(check, "failed", "listed")
            else:
                yield from self._check(check, "passed")

    def complete_form(self) -> Actor:
        world = self.world
        yield world.between(*FORM_SECONDS)
        document_id = world.new_id("doc")
        data: Data = {
            "form_id": world.new_id("fm"),
            "form_version": "2026-1",
            "filled_by": "clerk" if world.chance(0.7) else "customer",
            "field_count": world.between(12, 30),
            "content_digest": digest_of(document_id),
            "document_id": document_id,
            "confirmed_by_customer": True,
        }
        message = self.about("order.complete_form.v1", data)
        yield from self.desk.act(message, order_mistakes.not_confirmed)

    def disclose(self) -> Actor:
        world = self.world
        yield world.between(40, 140)
        shown = {item.product.product_id: item for item in self.order.wanted}
        lines: list[Data] = [
            {
                "product_id": product_id,
                "tariff_version": item.product.tariff_version,
                "monthly_fen": item.monthly_fen,
                "once_fen": item.once_fen,
                "contract_months": item.product.contract_months,
            }
            for product_id, item in shown.items()
        ]
        data: Data = {
            "disclosure_id": world.new_id("td"),
            "items": lines,
            "method": "both" if world.chance(0.6) else "paper",
            "document_id": world.new_id("doc"),
            "confirmed_by_customer": True,
        }
        message = self.about("order.disclose_tariff.v1", data)
        yield from self.desk.act(
            message, order_mistakes.another_price, order_mistakes.not_confirmed
        )
        yield from self._confirm()

    def _confirm(self) -> Actor:
        """Each add-on is confirmed on its own; a few that came along are declined."""
        for item in self.order.wanted:
            if item.product.family != "add_on" or item.action != "add":
                continue
            yield self.world.between(10, 40)
            item.confirmation_id = self.world.new_id("cf")
            others = len(self.order.wanted) > 1
            confirmed = not (others and self.world.chance(DECLINED))
            data: Data = {
                "item_id": item.item_id,
                "confirmation_id": item.confirmation_id,
                "statement_version": "2026-1",
                "confirmed": confirmed,
            }
            message = self.about("order.confirm_item.v1", data)
            yield from self.desk.act(message, order_mistakes.confirms_no_item)
            if not confirmed:
                item.status = "dropped"

    def sign(self) -> Actor:
        world, order = self.world, self.order
        yield world.between(30, 90)
        order.agreement_id, order.signed_on = world.new_id("ag"), world.on(world.day)
        months = max((item.product.contract_months for item in order.wanted), default=0)
        data: Data = {
            "agreement_id": order.agreement_id,
            "template_id": f"tpl-{order.kind}",
            "template_version": "2026-1",
            "content_digest": digest_of(order.agreement_id),
            "document_id": world.new_id("doc"),
            "signature_kind": "signature_pad" if world.chance(0.8) else "handwritten",
            "signed_by": "customer",
            "start_on": world.on(world.day).isoformat(),
            "term_months": months,
            "resale_ban_included": True,
            "card_lending_warning_given": True,
            "copy_given": True,
        }
        if months:
            data["exit_fee_percent"] = EXIT_FEE_PERCENT
        message = self.about("order.sign_agreement.v1", data)
        yield from self.desk.act(message, *order_mistakes.signing(order))

    def quote(self) -> Generator[int, None, How]:
        """A contract costs something to leave; most customers then stay."""
        world, line = self.world, self.order.line
        assert line is not None
        if line.locked_until_on is None or line.locked_from_on is None:
            yield 10
            return "going_on"
        today, quote_id = world.on(world.day), world.new_id("xf")
        quoting: Data = {
            "subscription_id": line.line_id,
            "quote_id": quote_id,
            "as_of_on": today.isoformat(),
            "purpose": "plan_change" if self.order.kind == "plan_change" else "termination",
        }
        yield from self.desk.act(self.service.about("subscription.quote_exit_fee.v1", quoting))
        yield world.between(20, 90)
        lock = StandingLock(
            from_on=line.locked_from_on,
            until_on=line.locked_until_on,
            exit_fee_rule="percent_of_remaining_months",
            percent=EXIT_FEE_PERCENT,
            monthly_fen=line.locked_fen,
        )
        accepted = world.chance(0.35)
        fee_fen = exit_fee_fen(lock, today)
        answer: Data = {"quote_id": quote_id, "exit_fee_fen": fee_fen, "accepted": accepted}
        message = self.about("order.accept_exit_fee.v1", answer)
        yield from self.desk.act(message, order_mistakes.another_fee)
        if not accepted:
            return "abandoned"
        yield from self._pay_exit_fee(fee_fen)
        return "going_on"

    def _pay_exit_fee(self, fee_fen: int) -> Actor:
        """Paid at once, and the contract is released."""
        line = self.order.line
        assert line is not None
        self.may_abandon = False
        item: Data = {
            "item_id": "i1",
            "item_kind": "exit_fee",
            "subscription_id": line.line_id,
            "lock_id": line.lock_id,
            "amount_fen": fee_fen,
        }
        if not (yield from till.take(self.service, [item])):
            return
        releasing: Data = {
            "subscription_id": line.line_id,
            "lock_id": line.lock_id,
            "reason": "exit_fee_paid",
            "payment_id": self.service.paid,
        }
        self.world.send(self.service.about("subscription.release_lock.v1", releasing))
        line.locked_until_on = None

    def settle_bills(self) -> Generator[int, None, How]:
        """What the line owes is paid before it ends; some clerks try without."""
        line = self.order.line
        assert line is not None
        if line.outstanding_fen:
            if self.world.chance(0.4):
                # ORD-37
                yield from self._run_checks_but_bills()
                yield from self._complete_form_once()
                self.world.send(self.submitting())
                yield 30
            owed = money.bills(self.order.customer)
            if owed:
                yield from till.take(self.service, owed)
        yield 10
        return "abandoned" if line.outstanding_fen else "going_on"

    def _run_checks_but_bills(self) -> Actor:
        for check in self.order.procedure.required_checks:
            if check not in self.checked and check != "outstanding_bills":
                yield from self._check(check, "passed")

    def _complete_form_once(self) -> Actor:
        if "application_form" not in self.papers:
            self.papers.add("application_form")
            yield from self.complete_form()

    def complete_file(self) -> Actor:
        """What no step of the procedure has brought by now."""
        yield from self.run_checks()
        given = {"application_form", "agreement", "tariff_disclosure", *self.papers}
        for kind in self.order.procedure.required_documents:
            if kind not in given:
                yield from self.attach(kind)

    def submitting(self) -> Message:
        wanted = self.order.wanted
        data: Data = {
            "total_once_fen": sum(item.once_fen for item in wanted),
            "total_monthly_fen": sum(item.monthly_fen for item in wanted),
        }
        return self.about("order.submit.v1", data)

    def about(self, type_: str, data: Data) -> Message:
        return self.service.about(type_, {"order_id": self.order.order_id, **data})


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
