"""Orders and fills calculated by hand, to the cent. Capital 10 000, 10 bps unless said otherwise."""

import pytest
from by_hand import NAN, cents, play


def test_buy():
    # 0.5 x 10 000 / 50 = 100 shares; at 51: 5 100.00 + 5.10 fee; marked at 52.
    told = play([[50], [51]], [[50], [52]], [[0.5]])
    assert told.shares[0, 0] == 100.0
    assert told.cost[0] == cents(5.10)
    assert told.cash[0] == cents(4_894.90)
    assert told.equity[0] == cents(10_094.90)
    assert told.turnover[0] == pytest.approx(0.51)
    assert told.peak[0] == told.equity[0] and told.entry[0, 0] == pytest.approx(51.0)


def test_buys_that_cost_more_than_the_cash_shrink_by_one_factor():
    # Wanted 120 at 60 and 40 at 110: 7 200 + 4 400 = 11 600, with fees 11 611.60; cash 10 000.
    share = 10_000 / 11_611.60
    told = play([[50, 100], [60, 110]], [[50, 100], [60, 110]], [[0.6, 0.4]])
    assert told.shares[0] == pytest.approx([120 * share, 40 * share])
    assert told.cash[0] == cents(0.0)
    assert told.cost[0] == cents(9.99)  # 11.60 x share
    assert told.equity[0] == cents(9_990.01)


def test_whole_shares_are_cut_towards_zero_also_where_the_cash_does_not_suffice():
    # Bar 1: as above in whole shares: 120 x 0.861208 = 103.34 -> 103 at 60, 40 x 0.861208 = 34.45 -> 34 at
    # 110. 6 180 + 3 740 = 9 920 and 9.92 of fees: cash 70.08.
    # Bar 2: equity 70.08 + 103 x 61 + 34 x 110 = 10 093.08; 0.3 x 10 093.08 / 61 = 49.64 -> 49: 54 sold at
    # 62.
    opens, closes = [[50, 100], [60, 110], [62, 110]], [[50, 100], [61, 110], [62, 110]]
    told = play(opens, closes, [[0.6, 0.4], [0.3, NAN]], account={"whole_shares": True})
    assert told.shares[0].tolist() == [103.0, 34.0]
    assert told.cash[0] == cents(70.08)
    assert told.equity[0] == cents(10_093.08)
    assert told.shares[1].tolist() == [49.0, 34.0]
    assert told.cash[1] == cents(70.08 + 54 * 62 - 3.35)  # 3 348 x 0.001


def test_sells_pay_for_buys_of_the_same_bar():
    # Bar 1: 100 at 100 without fee. Bar 2: all of A sold at 110 = 11 000, B bought: 100 x 50 = 5 000.
    opens, closes = [[100, 50], [100, 50], [110, 50]], [[100, 50], [100, 50], [110, 55]]
    told = play(opens, closes, [[1.0, 0.0], [0.0, 0.5]], bps=0)
    assert told.shares[1].tolist() == [0.0, 100.0]
    assert told.cash[1] == cents(6_000.00)
    assert told.equity[1] == cents(11_500.00)
    assert told.turnover[1] == pytest.approx(1.6) and told.cost[1] == 0.0
    assert told.entry[1].tolist() == [0.0, 50.0]
    assert told.realised[1] == cents(1_000.00)


def test_a_reduced_target_sells_only_the_difference():
    # Bar 1: 80 at 100, fee 8, cash 1 992. At the close 125: equity 11 992; 0.5 -> 47.968 shares wanted.
    told = play([[100], [100], [120]], [[100], [125], [120]], [[0.8], [0.5]])
    assert told.shares[1, 0] == pytest.approx(47.968)
    assert told.cost[1] == cents(3.84)  # 32.032 x 120 x 0.001
    assert told.cash[1] == cents(1_992.00 + 3_843.84 - 3.84)
    assert told.equity[1] == cents(5_832.00 + 47.968 * 120)
    assert told.entry[1, 0] == pytest.approx(100.0)  # a sale leaves the entry price alone
    assert told.realised[1] == cents(640.64)  # 32.032 x 20


def test_average_entry_price():
    # 40 at 100, then up to 0.8: at the close 50 equity is 8 000 -> 128 wanted, 88 more at 60.
    told = play([[100], [100], [60]], [[100], [50], [60]], [[0.4], [0.8]], bps=0)
    assert told.shares[1, 0] == pytest.approx(128.0)
    assert told.entry[1, 0] == pytest.approx((40 * 100 + 88 * 60) / 128)
    assert told.age[:, 0].tolist() == [1, 2]


@pytest.mark.parametrize("target", [NAN, 0.9])
def test_a_non_member_is_sold_whatever_the_policy_says(target):
    told = play([[10], [10], [12]], [[10], [11], [13]], [[0.5], [target]], member=[[True], [False], [False]])
    assert told.shares[1, 0] == 0.0 and told.entry[1, 0] == 0.0
    assert told.cost[1] == cents(6.00)  # 500 x 12 x 0.001
    assert told.cash[1] == told.equity[1] == cents(10_000 - 5_005 + 6_000 - 6)


def test_an_order_lapses_without_an_open():
    told = play([[10], [NAN], [20]], [[10], [10], [20]], [[0.5], [NAN]])
    assert (told.shares == 0).all() and (told.turnover == 0).all() and (told.cost == 0).all()
    assert told.equity.tolist() == [10_000.0, 10_000.0]


def test_a_sale_lapses_without_an_open_and_the_holding_is_marked_at_the_last_close():
    told = play([[10], [10], [NAN]], [[10], [11], [11]], [[0.5], [0.0]], bps=0)
    assert told.shares[1, 0] == 500.0
    assert told.equity[1] == cents(10_500.00)


def test_the_order_of_a_name_fills_at_the_price_of_the_fill_rule():
    # 100 shares at (51 + 54 + 49 + 52) / 4 = 51.50: 5 150.00 + 5.15. At the close 52: 5 200.00 + 5.20.
    bars = {"highs": [[50], [54]], "lows": [[50], [49]]}
    told = play([[50], [51]], [[50], [52]], [[0.5]], fill="vwap_proxy", **bars)
    assert told.cash[0] == cents(4_844.85) and told.entry[0, 0] == 51.5
    told = play([[50], [51]], [[50], [52]], [[0.5]], fill="next_close", **bars)
    assert told.cash[0] == cents(4_794.80) and told.equity[0] == cents(9_994.80)


def test_one_order_from_long_to_short():
    # Bar 1: 50 at 100, fee 5.00, cash 4 995; marked at 110: equity 10 495.
    # Bar 2: -0.3 x 10 495 / 110 = -28.6227 wanted, so 78.6227 sold at 108: 8 491.25 less 8.49.
    # 400 were earned on the 50 that closed; 28.6227 are short from 108 and marked at 105: 3 005.39.
    told = play([[100], [100], [108]], [[100], [110], [105]], [[0.5], [-0.3]], account={"allow_short": True})
    assert told.equity[0] == cents(10_495.00)
    assert told.shares[1, 0] == pytest.approx(-28.622727272)
    assert told.cash[1] == cents(13_477.76)
    assert told.equity[1] == cents(10_472.38)
    assert told.realised[1] == cents(400.00) and told.costs[1] == cents(13.49)
    assert told.entry[1, 0] == 108.0 and told.age[:, 0].tolist() == [1, 1]


def test_one_order_from_short_to_long():
    # Bar 1: 40 sold at 100 less 4.00: cash 13 996; marked at 90: equity 10 396.
    # Bar 2: 0.45 x 10 396 / 90 = 51.98 wanted, 91.98 bought at 95: 8 738.10 + 8.74; 200 earned on the 40.
    told = play([[100], [100], [95]], [[100], [90], [96]], [[-0.4], [0.45]], account={"allow_short": True})
    assert told.shares[:, 0].tolist() == pytest.approx([-40.0, 51.98])
    assert told.cash == cents(13_996.00, 5_249.16)
    assert told.equity[1] == cents(5_249.16 + 51.98 * 96)
    assert told.realised[1] == cents(200.00) and told.entry[1, 0] == 95.0 and told.best[1, 0] == 96.0


def test_a_target_beyond_the_cap_buys_up_to_the_cap():
    # 0.25 x 10 000 / 50 = 50 shares, not 180.
    told = play([[50], [51]], [[50], [51]], [[0.9]], account={"max_position_weight": 0.25})
    assert told.shares[0, 0] == 50.0
    assert told.cash[0] == cents(10_000 - 2_550 - 2.55)


def test_repeated_buys_do_not_pass_the_cap():
    # 50 shares are the cap at 50. At 60 equity is 10 500 and the cap 2 625 / 60 = 43.75 shares.
    opens, closes = [[50], [50], [50], [50], [60]], [[50], [50], [50], [60], [60]]
    told = play(opens, closes, [[0.2], [0.9], [0.9], [0.9]], bps=0, account={"max_position_weight": 0.25})
    assert told.shares[:, 0].tolist() == [40.0, 50.0, 50.0, 43.75]


@pytest.mark.parametrize(("trim", "shares"), [(False, 50.0), (True, 43.75)])
def test_a_hold_beyond_the_cap_is_cut_only_with_trim_drift(trim, shares):
    account = {"max_position_weight": 0.25, "trim_drift": trim}
    told = play([[50], [50], [60]], [[50], [60], [60]], [[0.25], [NAN]], bps=0, account=account)
    assert told.shares[:, 0].tolist() == [50.0, shares]


def test_all_targets_shrink_to_the_gross_cap():
    # |1.0| + |-1.0| = 2.0 under a cap of 1.5: both x 0.75. 7 500 / 50 = 150 and -7 500 / 100 = -75.
    account = {"allow_short": True, "max_gross_leverage": 1.5}
    told = play([[50, 100]] * 2, [[50, 100]] * 2, [[1.0, -1.0]], account=account)
    assert told.shares[0].tolist() == [150.0, -75.0]
    assert told.cost[0] == cents(15.00) and told.cash[0] == cents(10_000 - 15)


@pytest.mark.parametrize(("trim", "shares"), [(False, [160.0, 20.0]), (True, [144.0, 36.0])])
def test_holds_keep_their_room_under_the_gross_cap_unless_drift_is_trimmed(trim, shares):
    # A holds 0.8, B wants 0.2 more than its 0: 0.8 + 0.2 = 1.0 of 0.9. B gets 0.1: 1 000 / 50 = 20.
    # Trimmed, both shrink by 0.9: 0.72 -> 144 and 0.18 -> 36.
    account = {"allow_short": True, "max_gross_leverage": 0.9, "trim_drift": trim}
    told = play([[50, 50]] * 3, [[50, 50]] * 3, [[0.8, 0.0], [NAN, 0.2]], bps=0, account=account)
    assert told.shares[1].tolist() == pytest.approx(shares)


def test_long_targets_shrink_to_the_net_cap():
    # 1.0 + 0.5 - 0.4 = 1.1 over 0.5: the long ones x (0.5 + 0.4) / 1.5 = 0.6. Mirrored for shorts.
    account = {"allow_short": True, "max_net_leverage": 0.5}
    flat = [[50, 50, 50]] * 2
    told = play(flat, flat, [[1.0, 0.5, -0.4]], bps=0, account=account)
    assert told.shares[0].tolist() == pytest.approx([120.0, 60.0, -80.0])
    told = play(flat, flat, [[-1.0, -0.5, 0.4]], bps=0, account=account)
    assert told.shares[0].tolist() == pytest.approx([-120.0, -60.0, 80.0])


def test_orders_below_the_minimum_trade_lapse_unless_they_close():
    # 400 and 200 are less than 500; 3 000 is not. At the close of 6 the 60 shares are worth 360 and still
    # close.
    opens, closes = [[50], [50], [50], [50], [6]], [[50], [50], [50], [6], [6]]
    account = {"min_trade_value": 500.0}
    told = play(opens, closes, [[0.04], [0.3], [0.28], [0.0]], bps=0, account=account)
    assert told.shares[:, 0].tolist() == [0.0, 60.0, 60.0, 0.0]
    assert told.cash[3] == cents(7_000 + 360)


def test_a_realistic_cost():
    # Closes 100, 110, 99: log returns 0.0953102 and -0.1053605, so sigma = sqrt((0.00908403 + 0.01110084) /
    # 2) = 0.1004612. V = (110 x 1 000 + 99 x 2 000) / 2 = 154 000. 0.5 x 10 000 / 99 = 50.5051 shares at 100:
    # m = 5 050.51, sqrt(m / V) = 0.1810954. r = 1.5 / 10 000 + 0.05 sigma + 1.2 sigma x 0.1810954
    # = 0.00015 + 0.00502306 + 0.02183167 = 0.02700473; m x r = 136.39.
    costs = {"commission_bps": 0.5, "half_spread_bps": 1.0, "slippage": 0.05, "impact": 1.2}
    told = play(
        [[100], [100], [110], [100]],
        [[100], [110], [99], [101]],
        [[0.0], [0.0], [0.5]],
        costs=costs | {"borrow_bps_annual": 0.0, "window_bars": 2},
        volumes=[[10], [1_000], [2_000], [5]],
    )
    assert told.cost.tolist() == cents(0.0, 0.0, 136.39)
    assert told.cash[2] == cents(4_813.11)  # 10 000 - 5 050.505 - 136.387
