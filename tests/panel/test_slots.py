"""Slots: a name keeps its place while it is wanted; a place changes hands when nobody can hold it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ploutos.panel.slots import EMPTY, assign_slots, fill_slots
from ploutos.types import ConfigError

NEVER = np.full(4, -1)


def in_force(*names: str) -> np.ndarray:
    """Membership of A, B, C, D, one text a row."""
    return np.array([[letter in row for letter in "ABCD"] for row in names])


def text(asset: np.ndarray) -> list[str]:
    return ["".join("ABCD"[n] if n >= 0 else "." for n in row) for row in asset]


def test_a_leaver_makes_room_after_it_could_be_sold() -> None:
    """B leaves at row 1 and is sold at the open of row 2: D, known since row 1, is shown from row 3 on."""
    wanted = in_force("AB", "AD", "AD", "AD", "AD")
    traded = np.ones_like(wanted)
    assert text(assign_slots(wanted, traded, NEVER, None)) == ["AB", "AB", "AB", "AD", "AD"]
    assert text(assign_slots(wanted, traded, NEVER, 3)) == ["AB.", "ABD", "ABD", "A.D", "A.D"]
    traded[2, 1] = False  # no trade in B: it stays for another bar
    assert text(assign_slots(wanted, traded, NEVER, None)) == ["AB", "AB", "AB", "AB", "AD"]


def test_a_delisted_leaver_makes_room_after_its_payout() -> None:
    wanted = in_force("AB", "AB", "AD", "AD", "AD", "AD")
    traded = np.ones_like(wanted)
    traded[2:, 1] = False
    assert text(assign_slots(wanted, traded, np.array([-1, 4, -1, -1]), None))[3:] == ["AB", "AB", "AD"]
    assert text(assign_slots(wanted, traded, np.array([-1, 2, -1, -1]), None))[2:4] == ["AB", "AD"]


def test_a_leaver_that_returns_before_it_was_sold_stays() -> None:
    wanted = in_force("AB", "A", "AB", "AB", "AB")
    traded = np.ones_like(wanted)
    assert text(assign_slots(wanted, traded, NEVER, None)) == ["AB"] * 5


def test_a_leaver_that_was_paid_out_before_makes_room_at_once() -> None:
    """B ends while it is in the universe; nobody can hold it when the next choice comes."""
    wanted = in_force("AB", "AB", "AB", "AD", "AD")
    traded = np.ones_like(wanted)
    traded[1:, 1] = False
    for delist_bar, shown in ((1, "AD"), (2, "AD"), (3, "AB")):
        assert text(assign_slots(wanted, traded, np.array([-1, delist_bar, -1, -1]), None))[3] == shown


def test_a_leaver_that_returns_when_its_slot_is_due_keeps_it() -> None:
    """B, sold at row 3, is back at row 4: A waits for the slot of C, which has its first trade at row 4."""
    wanted = in_force("BC", "B", "", "A", "AB", "AB")
    traded = np.ones_like(wanted)
    traded[:4, 2] = False
    assert text(assign_slots(wanted, traded, NEVER, None)) == ["BC", "BC", "BC", "BC", "BC", "BA"]


def test_too_few_slots_and_no_members_are_one_line() -> None:
    wanted = in_force("ABC", "ABD")
    with pytest.raises(
        ConfigError, match=r"^panel\.slots: 2 is too few: the universe has up to 3 names at once$"
    ):
        assign_slots(wanted, wanted, NEVER, 2)
    with pytest.raises(ConfigError, match=r"^universe: it has no member at any time$"):
        assign_slots(in_force("", ""), wanted, NEVER, None)


@settings(max_examples=200, deadline=None)
@given(
    wanted=hnp.arrays(np.bool_, (12, 5)),
    traded=hnp.arrays(np.bool_, (12, 5)),
    gone=hnp.arrays(np.int32, 5, elements=st.integers(-1, 11)),
    spare=st.integers(0, 5),
)
def test_what_always_holds(wanted: np.ndarray, traded: np.ndarray, gone: np.ndarray, spare: int) -> None:
    wanted[0, 0] = True
    slots = int(wanted.sum(axis=1).max()) + spare
    asset = assign_slots(wanted, traded, gone, slots)
    assert asset.shape == (12, slots)
    for t, row in enumerate(asset):
        names = row[row != EMPTY].tolist()
        assert len(set(names)) == len(names)
        if spare == 5:  # as many slots as names: nobody ever waits
            assert set(np.flatnonzero(wanted[t])) <= set(names)
        unseated = set(np.flatnonzero(wanted[t])) - set(names)
        assert not unseated or EMPTY not in row
        for k in range(slots):
            before = asset[t - 1, k] if t else EMPTY
            if before in (EMPTY, row[k]):
                continue
            # The name was not wanted for a decision, could be sold at a bar after it, or was paid out.
            paid = 0 <= gone[before] < t
            sold = any(
                traded[u, before] and not wanted[s:t, before].any() for u in range(1, t) for s in range(u)
            )
            assert paid or sold
            assert not wanted[t - 1, before] or paid


@pytest.mark.parametrize("axis", [1, 2])
def test_slots_show_the_columns_of_their_names(axis: int) -> None:
    rng = np.random.default_rng(0)
    asset = rng.integers(-1, 6, (7, 3)).astype(np.int32)
    source = rng.normal(size=(7, 6, 4) if axis == 1 else (7, 4, 6))
    out = np.empty((7, 3, 4) if axis == 1 else (7, 4, 3))
    fill_slots(source, asset, np.nan, out, axis)
    for t in range(7):
        for k in range(3):
            name = asset[t, k]
            shown = out[t, k] if axis == 1 else out[t, :, k]
            there = source[t, name] if axis == 1 else source[t, :, name]
            np.testing.assert_array_equal(shown, there if name != EMPTY else np.full(4, np.nan))
