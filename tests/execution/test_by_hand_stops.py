"""Stops and limits of the portfolio, to the cent. Capital 10 000, 100 shares at 50, no fees unless said."""

import pytest
from by_hand import NAN, cents, play

SHORT = {"allow_short": True, "interest_bps_annual": 0.0}
BOTH = {"stop_loss": 0.1, "take_profit": 0.2, "cooldown_bars": 0}  # 45 and 60, for a short 55 and 40
TRAILING = {"trailing_stop": 0.1, "cooldown_bars": 0}


def second_bar(open_, high, low, close, *, weight=0.5, bars=(), targets=(), **rules):
    """Hold 100 shares (-100) since a bar that stays at 50; then a bar of these prices, `bars` like it."""
    rows = [(50,) * 4, (50,) * 4, (open_, high, low, close), *bars]
    opens, highs, lows, closes = ([[row[k]] for row in rows] for k in range(4))
    wanted = [[weight], [NAN], *([w] for w in targets)]
    return play(
        opens, closes, wanted, highs=highs, lows=lows, **{"bps": 0.0, "account": SHORT, "stops": BOTH} | rules
    )


def test_a_gap_through_the_stop_fills_at_the_open_and_costs():
    # 45 was asked, 42 was there: 4 200 less 4.20; bought with 5.00 of fees.
    told = second_bar(42, 46, 41, 45, bps=10.0)
    assert told.shares[1, 0] == 0.0 and told.traded[1, 0] == -100.0
    assert told.cash[1] == cents(10_000 - 5_005 + 4_195.80)
    assert told.cost[1] == told.fees[1, 0] == cents(4.20) and told.turnover[1] == pytest.approx(4_200 / 9_995)
    assert told.realised[1] == cents(-800.00)


@pytest.mark.parametrize(
    ("weight", "bar", "price"),
    [
        (0.5, (50, 52, 45, 47), 45),  # touched is hit
        (0.5, (50, 52, 45.01, 47), None),
        (0.5, (50, 60, 46, 47), 60),
        (0.5, (50, 59.99, 46, 47), None),
        (0.5, (50, 61, 44, 60), 45),  # both: the worse story
        (0.5, (62, 63, 44, 60), 62),  # a gap through the target
        (0.5, (45, 63, 40, 60), 45),
        (-0.5, (50, 55.01, 46, 47), 55),
        (-0.5, (50, 54.99, 40.01, 47), None),
        (-0.5, (50, 52, 40, 47), 40),
        (-0.5, (50, 56, 39, 47), 55),
        (-0.5, (58, 59, 39, 47), 58),
        (-0.5, (38, 59, 37, 47), 38),
    ],
)
def test_the_price_of_a_stop_or_target(weight, bar, price):
    told = second_bar(*bar, weight=weight)
    shares = 200 * weight
    assert told.shares[1, 0] == (shares if price is None else 0.0)
    assert told.equity[1] == cents(10_000 + shares * ((bar[3] if price is None else price) - 50))


def test_a_position_can_be_stopped_in_the_bar_that_opened_it():
    # Bought at 50, the low 44 takes the stop at 45. A best price that never was: the bar's high is of no use.
    told = play(
        [[50], [50]], [[50], [47]], [[0.5]], bps=10, stops=BOTH, highs=[[50], [52]], lows=[[50], [44]]
    )
    assert told.cash[0] == cents(10_000 - 5_005 + 4_495.50)
    assert told.cost[0] == cents(9.50) and told.turnover[0] == pytest.approx(0.95)
    assert told.traded[0, 0] == 0.0 and told.age[0, 0] == 0


def test_no_stop_without_an_open():
    told = play([[50], [50], [NAN]], [[50], [50], [20]], [[0.5], [NAN]], bps=0, stops=BOTH)
    assert told.shares[1, 0] == 100.0


def test_a_trailing_stop_follows_the_highs_of_earlier_bars():
    # Highs 50, 60: the stop is 45 inside the second bar, 54 inside the third, whose own high 70 comes too
    # late.
    told = second_bar(52, 60, 46, 58, stops=TRAILING, bars=[(57, 70, 53.5, 69)], targets=[NAN])
    assert told.best[:, 0].tolist() == [50.0, 60.0, 0.0]
    assert told.shares[:, 0].tolist() == [100.0, 100.0, 0.0]
    assert told.cash[2] == cents(5_000 + 5_400)


def test_a_trailing_stop_of_a_short_follows_the_lows():
    # Lows 50, 40: 55, then 44. The open 46 has gapped through.
    told = second_bar(48, 54, 40, 42, stops=TRAILING, weight=-0.5, bars=[(46, 47, 43, 44)], targets=[NAN])
    assert told.best[:, 0].tolist() == [50.0, 40.0, 0.0]
    assert told.cash[2] == cents(15_000 - 4_600)


def test_the_nearer_of_stop_loss_and_trailing_stop_counts():
    # 5 % of 50 below the entry: 47.50; 10 % below the best, 50: 45.
    told = second_bar(49, 51, 44, 46, stops={"stop_loss": 0.05} | TRAILING)
    assert told.cash[1] == cents(5_000 + 4_750)


def test_a_stop_of_the_average_entry_price_after_a_buy_at_the_open():
    # 100 at 50 and at 48 up to 0.75 x 10 000 / 50 = 150: entry (5 000 + 2 400) / 150 = 49.3333, stop 44.40.
    rows = [[50], [50], [48]], [[50], [50], [46]]
    bars = {"highs": [[50], [50], [48]], "lows": [[50], [50], [44.4]]}
    told = play(*rows, [[0.5], [0.75]], bps=0, stops={"stop_loss": 0.1, "cooldown_bars": 0}, **bars)
    assert told.shares[1, 0] == 0.0 and told.cash[1] == cents(10_000 - 5_000 - 2_400 + 150 * 44.40)


def test_a_stopped_name_stays_flat_for_its_cool_down():
    # Stopped in bar 2 at 45: cash 9 500. The decisions of bars 2 and 3 are idle, that of bar 4 buys 0.5 x 9
    # 500 / 47.5.
    flat = [(47.5, 47.5, 47.5, 47.5)] * 3
    told = second_bar(50, 50, 44, 47.5, stops=BOTH | {"cooldown_bars": 2}, bars=flat, targets=[0.5, 0.5, 0.5])
    assert told.shares[:, 0].tolist() == [100.0, 0.0, 0.0, 0.0, 100.0]
    assert told.age[:, 0].tolist() == [1, -2, -1, 0, 1]
    assert told.cash == cents(5_000, 9_500, 9_500, 9_500, 4_750)
    assert not told.forced.any()


@pytest.mark.parametrize("fill", ["next_close", "vwap_proxy"])
def test_a_stop_acts_before_an_order_at_the_close_which_lapses(fill):
    # Bar 2: the stop at 45 closes before the order to double at the close, or through the bar, could fill.
    rows = [[50], [50], [48]], [[50], [50], [47]]
    bars = {"highs": [[50], [50], [49]], "lows": [[50], [50], [44]]}
    told = play(*rows, [[0.5], [1.0]], bps=0, fill=fill, stops=BOTH, **bars)
    assert told.shares[1, 0] == 0.0 and told.cash[1] == cents(9_500.00)
    gapped = play([[50], [50], [44]], [[50], [50], [47]], [[0.5], [1.0]], bps=0, fill=fill, stops=BOTH)
    assert gapped.shares[1, 0] == 0.0 and gapped.cash[1] == cents(9_400.00)


@pytest.mark.parametrize(("fill", "price"), [("next_close", 52.0), ("vwap_proxy", 51.0)])
def test_a_position_opened_after_the_open_has_not_seen_its_bar(fill, price):
    # Bar 1: open 50, high 62, low 40, close 52: no stop, no target, and the best price is the fill itself.
    bars = {"highs": [[50], [62]], "lows": [[50], [40]]}
    told = play([[50], [50]], [[50], [52]], [[0.5]], bps=0, fill=fill, stops=BOTH | TRAILING, **bars)
    assert told.shares[0, 0] == 100.0
    assert told.best[0, 0] == told.entry[0, 0] == price and told.age[0, 0] == 1


def test_the_drawdown_limit_flattens_everything_and_starts_afresh():
    # 200 at 50. At 40 equity is 8 000, 20 % below 10 000: the decisions of rows 1 and 2 flatten, at 41: 8
    # 200. Row 3 buys 200 at 41 again. 8 200 is the peak now: 6 560 is its limit, and 33 x 200 = 6 600 is not
    # below.
    prices = [50, 50, 41, 41, 41, 34, 34]
    closes = [50, 40, 41, 41, 41, 33, 32.8]
    stops = {"max_drawdown": 0.2, "cooldown_bars": 2}
    told = play(
        [[x] for x in prices],
        [[x] for x in closes],
        [[1.0], [1.0], [1.0], [1.0], [NAN], [NAN]],
        bps=0,
        stops=stops,
    )
    assert told.equity == cents(8_000, 8_200, 8_200, 8_200, 6_600, 6_560)
    assert told.shares[:, 0].tolist() == [200.0, 0.0, 0.0, 200.0, 200.0, 200.0]
    assert told.forced.tolist() == [False, True, True, False, False, False]
    assert told.limit_peak[0] == 8_000.0 and told.limit_peak[5] == told.equity[5]


def test_without_a_cool_down_the_drawdown_limit_takes_one_decision():
    stops = {"max_drawdown": 0.2, "cooldown_bars": 0}
    told = play([[50], [50], [40], [40]], [[50], [40], [40], [40]], [[1.0]] * 3, bps=0, stops=stops)
    assert told.shares[:, 0].tolist() == [200.0, 0.0, 200.0]


def test_a_loss_in_a_session_ends_it():
    # Sessions of rows 0-3, 4-7. 100 at 100. Row 1 closes at 94: 9 400, below 95 % of 10 000. Rows 1 and 2
    # fill in the session and flatten, the first at 96: 9 600. Row 3 fills in the next one: 100 at 96, base 9
    # 600. Row 5 at 91: 9 100, below 9 120. Rows 5 and 6 flatten, at 93; row 7 is free.
    opens = [100, 100, 96, 96, 96, 95, 93, 93, 93]
    closes = [100, 94, 96, 96, 95, 91, 93, 93, 93]
    told = play(
        [[x] for x in opens],
        [[x] for x in closes],
        [[1.0]] * 8,
        bps=0,
        stops={"max_session_loss": 0.05, "cooldown_bars": 0},
        bars_per_session=4,
    )
    assert told.equity == cents(9_400, 9_600, 9_600, 9_500, 9_100, 9_300, 9_300, 9_300)
    assert told.shares[:, 0].tolist() == pytest.approx([100, 0, 0, 100, 100, 0, 0, 100])
    assert told.forced.tolist() == [False, True, True, False, False, True, True, False]


def test_a_loss_at_the_end_of_a_session_flattens_the_next_decision():
    # Sessions of two rows: row 1 is the last of its own, and its decision fills in the next.
    stops = {"max_session_loss": 0.05, "cooldown_bars": 0}
    told = play(
        [[100], [100], [94], [94]],
        [[100], [94], [94], [94]],
        [[1.0]] * 3,
        bps=0,
        stops=stops,
        bars_per_session=2,
    )
    assert told.shares[:, 0].tolist() == [100.0, 0.0, 100.0]
