"""Heads: the same whether run at once or bar by bar, and by hand."""

import numpy as np
import pytest
import torch
from some_networks import bars, layout_of, perceive, spread

from ploutos.agent.network.base import PortfolioState, Seen, split_observation
from ploutos.agent.network.head import AssetHead, PoolHead


@pytest.fixture
def seen():
    perception = perceive("cross_sectional_lstm")
    with torch.no_grad():
        found, _ = perception(*bars().values(), torch.zeros(4, perception.state_size))
    return perception, found


def portfolio(seen, seed=0):
    rng = np.random.default_rng(seed)
    shape = seen.member.shape
    parts = [
        rng.random(shape),
        rng.normal(size=shape),
        rng.integers(0, 90, shape),
        rng.random((*shape[:-1], 3)),
    ]
    return PortfolioState(*(torch.as_tensor(part, dtype=torch.float32) for part in parts))


@pytest.mark.parametrize("kind", [AssetHead, PoolHead])
def test_bar_by_bar_is_the_whole_sequence(seen, kind):
    perception, found = seen
    head, held = spread(kind(perception, width=6, outputs=2)), portfolio(found)
    prepared = head.prepare(found)
    whole = head(prepared, held)
    assert whole.shape == ((9, 4, 5, 2) if kind is AssetHead else (9, 4, 2)) and whole.std() > 0.05
    for t in range(9):
        torch.testing.assert_close(head(prepared[t], held[t]), whole[t], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(head(head.prepare(found[t]), held[t]), whole[t], rtol=1e-6, atol=1e-6)
    flat = [type(it)(*(part.flatten(0, 1) for part in vars(it).values())) for it in (found, held)]
    torch.testing.assert_close(
        head(head.prepare(flat[0]), flat[1]), whole.flatten(0, 1), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("kind", [AssetHead, PoolHead])
def test_empty_slots_change_nothing_for_the_members(seen, kind):
    perception, found = seen
    head, held = spread(kind(perception, width=6, outputs=2)), portfolio(found)
    said = head(head.prepare(found), held)
    empty = Seen(
        torch.cat([found.assets, torch.zeros_like(found.assets)], dim=-2),
        found.context,
        torch.cat([found.member, torch.zeros_like(found.member)], dim=-1),
    )
    parts = (held.weight, held.unrealised, held.holding)
    wider = PortfolioState(*(torch.cat([p, torch.zeros_like(p)], dim=-1) for p in parts), held.account)
    again = head(head.prepare(empty), wider)
    torch.testing.assert_close(again[..., :5, :] if kind is AssetHead else again, said, rtol=1e-6, atol=1e-6)


def test_a_pool_of_nobody_is_finite_and_deaf_to_non_members(seen):
    perception, found = seen
    head, held = spread(PoolHead(perception, width=6, outputs=1)), portfolio(found)
    found.member[0] = 0.0
    value = head(head.prepare(found), held)
    other = PortfolioState(held.weight + 1.0, held.unrealised, held.holding, held.account)
    assert torch.isfinite(value).all()
    assert torch.equal(head(head.prepare(found), other)[0], value[0])
    assert (head(head.prepare(found), other)[1] != value[1]).any()


def test_what_is_held_matters_to_every_head(seen):
    perception, found = seen
    held = portfolio(found)
    for kind in (AssetHead, PoolHead):
        head = spread(kind(perception, width=6, outputs=1))
        before = head(head.prepare(found), held)
        for name in ("weight", "unrealised", "holding", "account"):
            parts = vars(held) | {name: getattr(held, name) + 0.1}
            assert not torch.equal(head(head.prepare(found), PortfolioState(**parts)), before), name


def test_the_gradient_reaches_what_is_held(seen):
    perception, found = seen
    held = portfolio(found)
    held.weight.requires_grad_()
    head = spread(AssetHead(perception, width=6, outputs=1))
    head(head.prepare(found), held).sum().backward()
    assert (held.weight.grad != 0).any()


def test_an_untrained_head_says_next_to_nothing(seen):
    torch.manual_seed(0)
    perception, found = seen
    head = AssetHead(perception, width=6, outputs=3)
    assert head(head.prepare(found), portfolio(found)).abs().max() < 0.05


def test_an_observation_is_split_by_the_layout():
    layout = layout_of()
    flat = np.arange(2 * 3 * layout.size, dtype=np.float32).reshape(6, layout.size)
    whole = split_observation(layout, torch.as_tensor(flat).view(2, 3, -1))
    features, member, macro, held = whole
    np.testing.assert_array_equal(features.flatten(0, 1), layout.features(flat))
    np.testing.assert_array_equal(macro.flatten(0, 1), layout.macro(flat))
    for name, part in (
        ("member", member),
        ("weight", held.weight),
        ("unrealised_return", held.unrealised),
        ("holding_bars", held.holding),
    ):
        np.testing.assert_array_equal(part.flatten(0, 1), layout.asset_state(flat, name))
    for k, name in enumerate(("cash_weight", "drawdown", "leverage")):
        np.testing.assert_array_equal(held.account[..., k].flatten(), layout.portfolio_state(flat, name))
