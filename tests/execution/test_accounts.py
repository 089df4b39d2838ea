"""What accounts and stops refuse, and what they hand to the kernel."""

import pytest

from hand_market import cash_account, margin_account
from ploutos.execution.stops.full import Full
from ploutos.execution.stops.stop_loss import StopLoss
from ploutos.types import ConfigError


@pytest.mark.parametrize(("margin", "gross"), [(0.25, 4.0), (0.5, 2.5), (0.9, 5.0)])
def test_a_margin_that_every_full_position_breaks_is_refused(margin, gross):
    with pytest.raises(ConfigError) as told:
        margin_account(maintenance_margin=margin, max_gross_leverage=gross)
    message = str(told.value)
    assert "execution.account.maintenance_margin" in message and "\n" not in message
    assert str(margin) in message and str(gross) in message and f"{1 / gross:.3g}" in message


def test_a_margin_just_below_is_allowed():
    rules = margin_account(maintenance_margin=0.249, max_gross_leverage=4.0).rules
    assert rules.maintenance_margin * rules.max_gross_leverage < 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maintenance_margin", 1.0),
        ("maintenance_margin", -0.1),
        ("max_gross_leverage", 0.0),
        ("max_net_leverage", -1.0),
        ("max_position_weight", 0.0),
        ("interest_bps_annual", -1.0),
        ("min_trade_value", float("nan")),
        ("allow_short", "maybe"),
    ],
)
def test_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        margin_account(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("max_position_weight", 1.01), ("min_trade_value", -1.0)])
def test_a_cash_account_has_its_own_ranges(name, value):
    with pytest.raises(ValueError, match=name):
        cash_account(**{name: value})


def test_a_cash_account_knows_no_leverage():
    rules = cash_account(max_position_weight=0.3, whole_shares=True).rules
    assert not rules.margin and not rules.allow_short
    assert rules.interest_annual == 0.0 and rules.maintenance_margin == 0.0
    assert rules.max_position_weight == 0.3 and rules.whole_shares


def test_interest_is_a_fraction_a_year():
    assert margin_account(interest_bps_annual=600.0).rules.interest_annual == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stop_loss", 0.0),
        ("stop_loss", 1.0),
        ("take_profit", 0.0),
        ("trailing_stop", 1.5),
        ("max_drawdown", 1.0),
        ("max_session_loss", -0.1),
        ("cooldown_bars", -1),
    ],
)
def test_levels_out_of_range_are_refused_by_name(name, value):
    levels = dict.fromkeys(["stop_loss", "take_profit", "trailing_stop", "max_drawdown", "max_session_loss"])
    with pytest.raises(ValueError, match=name):
        Full(**levels | {"cooldown_bars": 0} | {name: value})


def test_levels_that_are_left_out_never_act():
    levels = dict.fromkeys(["stop_loss", "take_profit", "trailing_stop", "max_drawdown", "max_session_loss"])
    rules = Full(**levels, cooldown_bars=3).rules
    assert not rules.by_name and not rules.of_portfolio
    assert (
        StopLoss(stop_loss=0.1, cooldown_bars=0).rules
        == Full(**levels | {"stop_loss": 0.1, "cooldown_bars": 0}).rules
    )
