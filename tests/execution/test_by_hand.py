"""Single bars calculated by hand, to the cent. Capital 10 000, 10 bps unless said otherwise."""

import numpy as np
import pytest
from arena import run_kernel

from hand_market import make_market

NAN = float("nan")
RATE = 0.001


def run(opens, closes, targets, *, rate=RATE, capital=10_000.0, **market):
    """Return the ledger after `targets` [K, N] and the recorded [K] series of the only portfolio."""
    ledger, *series = run_kernel(
        make_market(opens, closes, **market), np.array(targets, float)[:, None], rate=rate, capital=capital
    )
    return ledger, *(s[:, 0] for s in series)


def cents(value):
    return pytest.approx(value, abs=0.005)


def test_buy():
    # 0.5 x 10 000 / 50 = 100 shares; at 51: 5 100.00 + 5.10 fee; marked at 52.
    ledger, equity, cash, turnover, cost = run([[50], [51]], [[50], [52]], [[0.5]])
    assert ledger.shares[0, 0] == 100.0
    assert cost[0] == cents(5.10)
    assert cash[0] == cents(4_894.90)
    assert equity[0] == cents(10_094.90)
    assert turnover[0] == pytest.approx(0.51)
    assert ledger.peak[0] == equity[0] and ledger.entry[0, 0] == pytest.approx(51.0)


def test_buys_that_cost_more_than_the_cash_shrink_by_one_factor():
    # Wanted 120 at 60 and 40 at 110: 7 200 + 4 400 = 11 600, with fees 11 611.60; cash 10 000.
    share = 10_000 / 11_611.60
    ledger, equity, cash, _, cost = run([[50, 100], [60, 110]], [[50, 100], [60, 110]], [[0.6, 0.4]])
    assert ledger.shares[0] == pytest.approx([120 * share, 40 * share])
    assert cash[0] == cents(0.0)
    assert cost[0] == cents(9.99)  # 11.60 x share
    assert equity[0] == cents(9_990.01)


def test_sells_pay_for_buys_of_the_same_bar():
    # Bar 1: 100 at 100 without fee. Bar 2: all of A sold at 110 = 11 000, B bought: 100 x 50 = 5 000.
    opens, closes = [[100, 50], [100, 50], [110, 50]], [[100, 50], [100, 50], [110, 55]]
    ledger, equity, cash, turnover, cost = run(opens, closes, [[1.0, 0.0], [0.0, 0.5]], rate=0.0)
    assert list(ledger.shares[0]) == [0.0, 100.0]
    assert cash[1] == cents(6_000.00)
    assert equity[1] == cents(11_500.00)
    assert turnover[1] == pytest.approx(1.6) and cost[1] == 0.0
    assert list(ledger.entry[0]) == [0.0, 50.0]


def test_a_reduced_target_sells_only_the_difference():
    # Bar 1: 80 at 100, fee 8, cash 1 992. At the close 125: equity 11 992; 0.5 -> 47.968 shares wanted.
    ledger, equity, cash, _, cost = run([[100], [100], [120]], [[100], [125], [120]], [[0.8], [0.5]])
    assert ledger.shares[0, 0] == pytest.approx(47.968)
    assert cost[1] == cents(3.84)  # 32.032 x 120 x 0.001
    assert cash[1] == cents(1_992.00 + 3_843.84 - 3.84)
    assert equity[1] == cents(5_832.00 + 47.968 * 120)
    assert ledger.entry[0, 0] == pytest.approx(100.0)  # a sale leaves the entry price alone


def test_average_entry_price():
    # 40 at 100, then up to 0.8: at the close 50 equity is 8 000 -> 128 wanted, 88 more at 60.
    ledger, *_ = run([[100], [100], [60]], [[100], [50], [60]], [[0.4], [0.8]], rate=0.0)
    assert ledger.shares[0, 0] == pytest.approx(128.0)
    assert ledger.entry[0, 0] == pytest.approx((40 * 100 + 88 * 60) / 128)


@pytest.mark.parametrize("target", [NAN, 0.9])
def test_a_non_member_is_sold_whatever_the_policy_says(target):
    ledger, equity, cash, _, cost = run(
        [[10], [10], [12]], [[10], [11], [13]], [[0.5], [target]], member=[[True], [False], [False]]
    )
    assert ledger.shares[0, 0] == 0.0 and ledger.entry[0, 0] == 0.0
    assert cost[1] == cents(6.00)  # 500 x 12 x 0.001
    assert cash[1] == equity[1] == cents(10_000 - 5_005 + 6_000 - 6)


def test_a_delisted_holding_is_paid_out_without_a_fee_and_its_orders_lapse():
    ledger, equity, cash, turnover, cost = run(
        [[10, 20], [10, 20], [NAN, 20]],
        [[10, 20], [12, 20], [12, 20]],
        [[0.5, 0.0], [0.9, 0.0]],
        delist_bar=[2, -1],
        delist_return=[-0.3, 0.0],
        member=[[True, True], [True, True], [False, True]],
    )
    assert ledger.shares[0, 0] == 0.0 and ledger.entry[0, 0] == 0.0
    assert cash[1] == equity[1] == cents(4_995 + 500 * 12 * 0.7)
    assert turnover[1] == 0.0 and cost[1] == 0.0


def test_a_payout_can_be_spent_at_the_same_open():
    # 100 of A at 100; A pays 50 a share, so 5 000 buys B: wanted 100 at 100, affordable 50.
    ledger, _, cash, *_ = run(
        [[100, 100], [100, 100], [NAN, 100]],
        [[100, 100]] * 3,
        [[1.0, 0.0], [NAN, 1.0]],
        rate=0.0,
        delist_bar=[2, -1],
        delist_return=[-0.5, 0.0],
    )
    assert list(ledger.shares[0]) == [0.0, 50.0] and cash[1] == 0.0


def test_an_order_lapses_without_an_open():
    opens, closes = [[10], [NAN], [20]], [[10], [10], [20]]
    ledger, equity, _, turnover, cost = run(opens, closes, [[0.5], [NAN]])
    assert (ledger.shares == 0).all() and (turnover == 0).all() and (cost == 0).all()
    assert list(equity) == [10_000.0, 10_000.0]


def test_a_sale_lapses_without_an_open_and_the_holding_is_marked_at_the_last_close():
    ledger, equity, *_ = run([[10], [10], [NAN]], [[10], [11], [11]], [[0.5], [0.0]], rate=0.0)
    assert ledger.shares[0, 0] == 500.0
    assert equity[1] == cents(10_500.00)


def test_a_portfolio_that_lost_everything_stays_at_zero():
    _, equity, cash, turnover, _ = run(
        [[10, 5], [10, 5], [NAN, 5], [NAN, 5]],
        [[10, 5]] * 4,
        [[1.0, 0.0], [NAN, 0.0], [NAN, 1.0]],
        rate=0.0,
        delist_bar=[2, -1],
        delist_return=[-1.0, 0.0],
    )
    assert list(equity) == [10_000.0, 0.0, 0.0]
    assert list(cash[1:]) == [0.0, 0.0] and list(turnover) == [1.0, 0.0, 0.0]
