"""What the simulated operator sells, and the days it does not work."""

from datetime import date
from typing import Final, NamedTuple

from ledger.facts import Calendar, Product, ProductFamily, ProductKind, Tariff, TariffItem

TARIFF_VERSION: Final = "2026-1"
VALID_FROM: Final = date(2026, 1, 1)
EXIT_FEE_PERCENT: Final = 30


class _Row(NamedTuple):
    product_id: str
    name: str
    family: ProductFamily
    kind: ProductKind
    monthly_fen: int
    once_fen: int
    structure: str
    item: TariffItem
    contract_months: int = 0


def _gigabytes(quantity: int, price_fen: int = 0) -> TariffItem:
    return TariffItem(
        item="data", quantity=quantity, unit="gigabyte", price_fen=price_fen, over_price_fen=500
    )


def _megabits(quantity: int) -> TariffItem:
    return TariffItem(item="broadband", quantity=quantity, unit="megabit_per_second", price_fen=0)


def _once(price_fen: int) -> TariffItem:
    return TariffItem(item="device", quantity=1, unit="once", price_fen=price_fen)


def _month(price_fen: int) -> TariffItem:
    return TariffItem(item="value_added", quantity=1, unit="month", price_fen=price_fen)


# fmt: off
_ROWS: Final = (
    _Row("plan-29", "轻享套餐29元", "mobile", "base_plan", 2_900, 0, "10GB", _gigabytes(10)),
    _Row("plan-39", "畅享套餐39元", "mobile", "base_plan", 3_900, 0, "30GB", _gigabytes(30)),
    _Row("plan-59", "畅享套餐59元", "mobile", "base_plan", 5_900, 0, "50GB", _gigabytes(50)),
    _Row("plan-99", "合约套餐99元", "mobile", "base_plan", 9_900, 0, "100GB", _gigabytes(100), 12),
    _Row("plan-129", "尊享套餐129元", "mobile", "base_plan", 12_900, 0, "150GB", _gigabytes(150)),
    _Row("plan-199", "尊享套餐199元", "mobile", "base_plan", 19_900, 0, "300GB", _gigabytes(300)),
    _Row("fibre-300", "宽带300M", "broadband", "base_plan", 6_900, 10_000, "300M", _megabits(300)),
    _Row("fibre-1000", "千兆宽带", "broadband", "base_plan", 9_900, 10_000, "1G", _megabits(1_000)),
    _Row("video-15", "视频会员15元", "add_on", "add_on", 1_500, 0, "视频会员", _month(1_500)),
    _Row("data-10", "流量包10元", "add_on", "add_on", 1_000, 0, "10GB", _gigabytes(10, 1_000)),
    _Row("music-8", "音乐会员8元", "add_on", "add_on", 800, 0, "音乐会员", _month(800)),
    _Row("router-1", "无线路由器", "device", "device", 0, 29_900, "WiFi 6", _once(29_900)),
)
# fmt: on


def _product(number: int, row: _Row) -> Product:
    bound = row.contract_months > 0
    return Product(
        product_id=row.product_id,
        tariff_version=TARIFF_VERSION,
        name=row.name,
        family=row.family,
        kind=row.kind,
        base_families=("mobile",) if row.kind == "add_on" else (),
        tariff=Tariff(
            structure=row.structure,
            items=(row.item,),
            monthly_fen=row.monthly_fen,
            once_fen=row.once_fen,
            price_period="once" if row.kind == "device" else "month",
            charging_rule="按自然月计费",
            services="全国可用",
            conditions="实名办理",
            valid_from_on=VALID_FROM,
        ),
        contract_months=row.contract_months,
        exit_fee_rule="percent_of_remaining_months" if bound else "none",
        exit_fee_text="剩余月费的三成" if bound else None,
        lock=bound,
        filing_no=f"资费2026-{number:03d}",
        is_disclosed=True,
    )


PRODUCTS: Final = tuple(_product(number, row) for number, row in enumerate(_ROWS, 1))
PLANS: Final = tuple(each for each in PRODUCTS if each.family == "mobile")
FIBRES: Final = tuple(each for each in PRODUCTS if each.family == "broadband")
ADD_ONS: Final = tuple(each for each in PRODUCTS if each.kind == "add_on")
ROUTER: Final = PRODUCTS[-1]
NEW_PLAN: Final = _product(13, _Row(
    "plan-79", "青春套餐79元", "mobile", "base_plan", 7_900, 0, "80GB, 400分钟", _gigabytes(80)
))  # fmt: skip
"""What the head office publishes in the middle of the first week."""

_HOLIDAYS: Final = (
    ((1, 1), (1, 3)), ((2, 15), (2, 23)), ((4, 4), (4, 6)), ((5, 1), (5, 5)), ((6, 19), (6, 21)),
    ((9, 25), (9, 27)), ((10, 1), (10, 7)),
)  # fmt: skip
_WORKED: Final = ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))


def calendar(year: int) -> Calendar:
    """The holidays of 2026, and of other years those that are always on the same days."""
    spans = _HOLIDAYS if year == 2026 else (((1, 1), (1, 1)), ((5, 1), (5, 5)), ((10, 1), (10, 7)))
    return Calendar(
        year=year,
        holidays=tuple(
            date(year, month, day)
            for (month, first), (_, last) in spans
            for day in range(first, last + 1)
        ),
        working_weekend_days=tuple(date(year, *day) for day in _WORKED) if year == 2026 else (),
    )
