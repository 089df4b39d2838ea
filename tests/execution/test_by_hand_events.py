"""Splits, dividends, delistings, borrowed shares and money, to the cent. Capital 10 000, free unless said."""

import pytest
from by_hand import DAY, NAN, cents, play

SHORT = {"allow_short": True}
SHORT_FREE = {"allow_short": True, "interest_bps_annual": 0.0}
DAYS = {"ts": [0, DAY, 2 * DAY]}
YEARLY_730 = {"allow_short": True, "interest_bps_annual": 730.0}  # 2 bps a day


def test_a_split_doubles_shares_and_the_order_that_waits():
    # 50 at 100. 0.75 wants 75: 25 more, 50 after the split, at 51: 2 550. 150 held, marked at 52.
    # Entry: (100 x 50 + 2 550) / 150.
    told = play([[100], [100], [51]], [[100], [100], [52]], [[0.5], [0.75]], bps=0, splits=[(2, 0, 2.0)])
    assert told.shares[1, 0] == 150.0 and told.traded[1, 0] == 50.0
    assert told.cash[1] == cents(2_450.00)
    assert told.equity[1] == cents(10_250.00)
    assert told.entry[1, 0] == pytest.approx(50.333333)


def test_the_trailing_stop_goes_with_the_split():
    # 50 at 100, best 120, 10 % below: 108, after the split 54. The low 53.5 takes it: 100 x 54.
    stops = {"trailing_stop": 0.1, "cooldown_bars": 0}
    bars = {"highs": [[100], [120], [60]], "lows": [[100], [100], [53.5]]}
    told = play(
        [[100], [100], [58]],
        [[100], [118], [55]],
        [[0.5], [NAN]],
        bps=0,
        stops=stops,
        splits=[(2, 0, 2.0)],
        **bars,
    )
    assert told.shares[1, 0] == 0.0 and told.cash[1] == cents(5_000 + 5_400)


def test_a_split_of_whole_shares_pays_the_fraction_in_cash():
    # 5 000 / 49.40 = 101.2: 101 at 50 = 5 050, cash 4 950. Marked at 60: 11 010. 0.8 wants 146.8: 146, 45
    # more. 3:2: 151.5 shares, 151 and 0.5 x 60 / 1.5 = 20.00 in cash; the order 67.5 -> 67 at 41 = 2 747.
    # The half share cost 16.67 and brought 20.00.
    told = play(
        [[49.4], [50], [41]],
        [[49.4], [60], [42]],
        [[0.5], [0.8]],
        bps=0,
        account={"whole_shares": True},
        splits=[(2, 0, 1.5)],
    )
    assert told.shares[:, 0].tolist() == [101.0, 218.0]
    assert told.cash == cents(4_950.00, 2_223.00)
    assert told.equity[1] == cents(2_223 + 218 * 42)
    assert told.realised[1] == cents(3.33)


def test_a_reverse_split_that_leaves_no_whole_share_closes_the_position():
    # 2 short at 100. 1:3: 2/3 of a share, bought back at 3 x 101 = 303: 202. Lost 2.
    account = SHORT | {"whole_shares": True}
    told = play(
        [[100], [100], [310]],
        [[100], [101], [310]],
        [[-0.029], [NAN]],
        bps=0,
        account=account,
        splits=[(2, 0, 1 / 3)],
    )
    assert told.shares[:, 0].tolist() == [-2.0, 0.0]
    assert told.cash[1] == told.equity[1] == cents(9_998.00)
    assert told.realised[1] == cents(-2.00) and told.age[1, 0] == 0 and told.entry[1, 0] == 0.0


@pytest.mark.parametrize("side", [1, -1])
def test_a_long_position_receives_a_dividend_and_a_short_one_pays_it(side):
    # 100 at 50; 0.40 a share.
    told = play(
        [[50], [50], [49]],
        [[50], [50], [50]],
        [[side * 0.5], [NAN]],
        bps=0,
        account=SHORT,
        dividends=[(2, 0, 0.4)],
    )
    assert told.cash[1] - told.cash[0] == cents(side * 40.00)
    assert told.dividends[1] == cents(side * 40.00)
    assert told.equity[1] == cents(10_000 + side * 40)


def test_a_dividend_is_paid_on_the_shares_after_the_split_before_the_order():
    # 100 become 200 and receive 0.10 each: 20.00. Then all are sold at 24.
    told = play(
        [[50], [50], [24]],
        [[50], [50], [24]],
        [[0.5], [0.0]],
        bps=0,
        splits=[(2, 0, 2.0)],
        dividends=[(2, 0, 0.1)],
    )
    assert told.cash[1] == cents(5_000 + 20 + 4_800)
    assert told.realised[1] == cents(-200.00)  # the entry price is 25 since the split


def test_a_delisted_holding_is_paid_out_without_a_fee_and_its_orders_lapse():
    told = play(
        [[10, 20], [10, 20], [NAN, 20]],
        [[10, 20], [12, 20], [12, 20]],
        [[0.5, 0.0], [0.9, 0.0]],
        delist_bar=[2, -1],
        delist_return=[-0.3, 0.0],
        member=[[True, True], [True, True], [False, True]],
    )
    assert told.shares[1, 0] == 0.0 and told.entry[1, 0] == 0.0
    assert told.cash[1] == told.equity[1] == cents(4_995 + 500 * 12 * 0.7)
    assert told.turnover[1] == 0.0 and told.cost[1] == 0.0


def test_a_payout_can_be_spent_at_the_same_open():
    # 100 of A at 100; A pays 50 a share, so 5 000 buys B: wanted 100 at 100, affordable 50.
    told = play(
        [[100, 100], [100, 100], [NAN, 100]],
        [[100, 100]] * 3,
        [[1.0, 0.0], [NAN, 1.0]],
        bps=0,
        delist_bar=[2, -1],
        delist_return=[-0.5, 0.0],
    )
    assert told.shares[1].tolist() == [0.0, 50.0] and told.cash[1] == 0.0


def test_a_delisted_short_buys_back_at_the_payout():
    # 100 sold at 50: cash 15 000. Last close 48, a quarter of it is left: 100 x 12 = 1 200. Earned 3 800.
    opens, closes = [[50], [50], [NAN]], [[50], [48], [48]]
    gone = {"delist_bar": [2], "delist_return": [-0.75]}
    told = play(opens, closes, [[-0.5], [NAN]], bps=0, account=SHORT, **gone)
    assert told.cash[1] == told.equity[1] == cents(13_800.00)
    assert told.realised[1] == cents(3_800.00) and told.traded[1, 0] == 0.0


def test_a_portfolio_that_lost_everything_stays_at_zero():
    told = play(
        [[10, 5], [10, 5], [NAN, 5], [NAN, 5]],
        [[10, 5]] * 4,
        [[1.0, 0.0], [NAN, 0.0], [NAN, 1.0]],
        bps=0,
        delist_bar=[2, -1],
        delist_return=[-1.0, 0.0],
    )
    assert told.equity.tolist() == [10_000.0, 0.0, 0.0]
    assert told.cash[1:].tolist() == [0.0, 0.0] and told.turnover.tolist() == [1.0, 0.0, 0.0]


def test_a_short_sale_held_over_a_weekend():
    # Day 1 (Friday): 100 sold at 50 less 5.00: 14 995. Borrowed at 730 bps a year, 2 bps a day: 4 800 ->
    # 0.96. Monday at 45: three days of 4 500: 2.70. Tuesday bought back at 44: 4 400 + 4.40; nothing is short
    # at its close.
    fees = {"commission_bps": 10.0, "half_spread_bps": 0.0, "slippage": 0.0, "impact": 0.0}
    told = play(
        [[50], [50], [47], [44]],
        [[50], [48], [45], [43]],
        [[-0.5], [NAN], [0.0]],
        costs=fees | {"borrow_bps_annual": 730.0, "window_bars": 1},
        account=SHORT,
        ts=[0, DAY, 4 * DAY, 5 * DAY],
    )
    assert told.cash == cents(14_994.04, 14_991.34, 10_586.94)
    assert told.equity == cents(10_194.04, 10_491.34, 10_586.94)
    assert told.realised[2] == cents(600.00)
    assert told.costs[2] == cents(9.40) and told.financing[2] == cents(3.66)


def test_interest_on_borrowed_money():
    # 150 at 100 with 10 000: 5 000 borrowed, 1.00 a day; then on 5 001.
    told = play([[100]] * 3, [[100]] * 3, [[1.5], [NAN]], bps=0, account=YEARLY_730, **DAYS)
    assert told.cash == pytest.approx([-5_001.00, -5_002.0002], abs=1e-9)
    assert told.financing[1] == pytest.approx(2.0002, abs=1e-9)


def test_a_margin_call_closes_everything_at_the_next_fill():
    # 300 at 100 with 20 000 borrowed. At 89: 6 700 of equity, 0.25 x 26 700 = 6 675 are asked. At 88: 6 400
    # of 6 600. Whatever the policy wants is overruled: 300 sold at 87.
    account = SHORT_FREE | {"maintenance_margin": 0.25, "max_gross_leverage": 3.0}
    opens, closes = [[100], [100], [90], [88], [87], [87]], [[100], [89], [90], [88], [87], [87]]
    told = play(opens, closes, [[3.0], [NAN], [NAN], [3.0], [NAN]], bps=0, account=account)
    assert told.equity == cents(6_700.00, 7_000.00, 6_400.00, 6_100.00, 6_100.00)
    assert told.forced.tolist() == [False, False, False, True, False]
    assert told.shares[:, 0].tolist() == [300.0, 300.0, 300.0, 0.0, 0.0]
    assert told.cash[3] == cents(26_100 - 20_000)


def test_ruin_leaves_a_debt_that_bears_interest():
    # 300 at 100, 20 000 borrowed, 4.00 of interest. At 60: 18 000 - 20 004 = -2 004: closed at 60, no fee.
    # A day later 0.4008 more; nothing trades.
    account = YEARLY_730 | {"max_gross_leverage": 3.0}
    told = play([[100], [100], [60]], [[100], [60], [90]], [[3.0], [1.0]], bps=0, account=account, **DAYS)
    assert told.cash.tolist() == told.equity.tolist()
    assert told.equity == pytest.approx([-2_004.00, -2_004.4008], abs=1e-9)
    assert (told.shares == 0).all() and told.turnover.tolist() == [3.0, 0.0]
    assert told.realised[0] == cents(-12_000.00) and told.peak[1] == 10_000.0


def test_ruin_of_a_short():
    # 100 short at 50; at 155: 15 000 - 15 500 = -500.
    told = play([[50], [50], [50]], [[50], [155], [50]], [[-0.5], [-0.5]], bps=0, account=SHORT_FREE)
    assert told.equity == cents(-500.00, -500.00)
    assert told.age[0, 0] == 0 and told.best[0, 0] == 0.0 and (told.shares == 0).all()
