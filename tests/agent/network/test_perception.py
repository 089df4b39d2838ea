"""What every network promises: assets by what they show, members alone, and one memory however it is run."""

import pytest
import torch
from some_networks import LSTM, VARIANTS, bars, layout_of, perceive, scaler

from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm

ORDER = [3, 0, 4, 1, 2]


def look(perception, state=None, **given):
    """Return assets, context and memory."""
    if state is None:
        state = torch.zeros(given["starts"].shape[1], perception.state_size)
    with torch.no_grad():
        seen, after = perception(given["features"], given["member"], given["macro"], given["starts"], state)
    assert seen.assets.shape == (*given["member"].shape, perception.asset_width)
    assert seen.context.shape == (*given["starts"].shape, perception.context_width)
    assert after.shape == (given["starts"].shape[1], perception.state_size)
    return seen, after


def permuted(given):
    return given | {name: given[name][:, :, ORDER] for name in ("features", "member")}


def close(a, b, tolerance=1e-6):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def members(seen):
    return seen.assets[seen.member > 0]


def test_permuting_assets_permutes_what_is_seen_of_them_and_leaves_the_context(equivariant):
    perception, given = perceive(equivariant), bars()
    straight, after = look(perception, **given)
    crossed, _ = look(perception, **permuted(given))
    assert straight.assets.std() > 0.1
    close(crossed.assets, straight.assets[:, :, ORDER], 1e-5)
    close(crossed.context, straight.context, 1e-5)
    # The memory permutes with the assets: what is seen afterwards does as well.
    _, after2 = look(perception, **permuted(given))
    more = bars(seed=1)
    close(
        look(perception, after2, **permuted(more))[0].context,
        look(perception, after, **more)[0].context,
        1e-5,
    )


def test_the_flat_network_is_not_equivariant():
    perception, given = perceive("flat_mlp"), bars(away=0.0)
    straight, crossed = look(perception, **given)[0], look(perception, **permuted(given))[0]
    assert (crossed.assets - straight.assets[:, :, ORDER]).abs().max() > 0.1
    assert (crossed.context - straight.context).abs().max() > 0.1


@pytest.mark.parametrize("wild", [1e30, -1e30, float("nan"), float("inf")])
def test_what_a_non_member_shows_changes_nothing(variant, wild):
    perception, given = perceive(variant), bars()
    other = given["features"].masked_fill(given["member"].unsqueeze(-1) == 0, wild)
    one, after = look(perception, **given)
    two, after2 = look(perception, **(given | {"features": other}))
    assert torch.equal(members(one), members(two)) and torch.equal(one.context, two.context)
    assert torch.equal(after, after2) and torch.isfinite(two.assets).all()


def test_bars_without_members_are_finite_and_so_are_their_gradients(variant):
    perception, given = perceive(variant), bars()
    given["member"][:, 0] = given["member"][3] = 0.0
    seen, after = perception(*given.values(), torch.zeros(4, perception.state_size))
    (seen.assets.sum() + seen.context.sum() + after.sum()).backward()
    assert torch.isfinite(seen.assets).all() and torch.isfinite(seen.context).all()
    assert all(torch.isfinite(p.grad).all() for p in perception.parameters() if p.grad is not None)


def test_every_weight_has_a_gradient(variant):
    perception = perceive(variant)
    seen, _ = perception(*bars().values(), torch.zeros(4, perception.state_size))
    (seen.assets.square().sum() + seen.context.square().sum()).backward()
    for name, parameter in perception.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_bar_by_bar_is_the_whole_sequence(variant):
    perception, given = perceive(variant), bars(length=30)
    whole, after = look(perception, **given)
    state = torch.zeros(4, perception.state_size)
    for t in range(30):
        seen, state = look(perception, state, **{name: part[t : t + 1] for name, part in given.items()})
        close(seen.assets[0][seen.member[0] > 0], whole[t].assets[whole.member[t] > 0])
        close(seen.context[0], whole.context[t])
    close(state, after)


def test_a_sequence_cut_in_two_is_the_whole_sequence(variant):
    perception, given = perceive(variant), bars(length=20)
    whole, after = look(perception, **given)
    _, middle = look(perception, **{name: part[:7] for name, part in given.items()})
    second, end = look(perception, middle, **{name: part[7:] for name, part in given.items()})
    close(members(second), members(whole[7:]))
    close(second.context, whole.context[7:])
    close(end, after)


def test_rows_of_a_batch_do_not_know_each_other(variant):
    perception, given = perceive(variant), bars()
    together, after = look(perception, **given)
    for b in range(4):
        alone, state = look(perception, **{name: part[:, b : b + 1] for name, part in given.items()})
        close(alone.assets[:, 0][alone.member[:, 0] > 0], together.assets[:, b][together.member[:, b] > 0])
        close(alone.context[:, 0], together.context[:, b])
        close(state[0], after[b])


def test_an_episode_begins_without_memory(with_memory):
    perception, given = perceive(with_memory), bars(length=12, started=0.0)
    given["starts"][5, 2] = 1.0
    state = torch.randn(4, perception.state_size, generator=torch.Generator().manual_seed(0))
    seen, after = look(perception, state, **given)
    fresh, end = look(perception, **{name: part[5:, 2:3] for name, part in given.items()})
    close(fresh.context[:, 0], seen.context[5:, 2])
    close(end[0], after[2])
    given["starts"][5, 2] = 0.0
    assert (look(perception, state, **given)[0].context[5:, 2] - seen.context[5:, 2]).abs().max() > 1e-3


def test_an_asset_that_returns_has_no_memory_of_its_own():
    """Its place in the context and its own state are those of an asset that was never seen before."""
    perception, given = perceive("cross_sectional_lstm"), bars(length=10, away=0.0, started=0.0)
    given["member"][4, :, 1] = 0.0
    memory = slice(8, None)  # behind the encoder's part
    seen, _ = look(perception, **given)
    other = given | {"features": given["features"].clone()}
    other["features"][:4, :, 1] += 3.0  # another history before it left
    changed, _ = look(perception, **other)
    close(changed.assets[5:, :, 1, memory], seen.assets[5:, :, 1, memory], 0.0)
    late, _ = look(perception, **{name: part[5:] for name, part in given.items()})
    close(late.assets[:, :, 1, memory], seen.assets[5:, :, 1, memory])
    assert (changed.assets[:4, :, 1, memory] - seen.assets[:4, :, 1, memory]).abs().max() > 1e-2
    assert torch.equal(seen.assets[4, :, 1, memory], torch.zeros(4, 4))


def test_the_memory_of_an_asset_that_left_is_zero_in_the_state():
    perception, given = perceive("cross_sectional_lstm"), bars(away=0.0)
    given["member"][-1, :, 2] = 0.0
    for part in (given, {name: values[-1:] for name, values in given.items()}):
        _, after = look(perception, **part)
        memory = after[:, 12:].view(4, 2, 5, 4)
        assert torch.equal(memory[:, :, 2], torch.zeros(4, 2, 4)) and (memory[:, :, 1] != 0).all()


def loop(perception, state, **given):
    """Run bar by bar, with gradients."""
    contexts, assets = [], []
    for t in range(len(given["starts"])):
        seen, state = perception(*(part[t : t + 1] for part in given.values()), state)
        contexts.append(seen.context)
        assets.append(seen.assets * seen.member.unsqueeze(-1))
    return torch.cat(assets), torch.cat(contexts), state


@pytest.mark.parametrize("started", [0.0, 0.03, 0.4])
def test_gradients_are_those_of_a_loop_over_time(with_memory, started):
    perception, given = perceive(with_memory), bars(length=40, started=started)
    state = torch.randn(4, perception.state_size, generator=torch.Generator().manual_seed(0))
    gradients = []
    for fused in (True, False):
        begin = state.clone().requires_grad_()
        if fused:
            seen, after = perception(*given.values(), begin)
            parts = (seen.assets * seen.member.unsqueeze(-1), seen.context, after)
        else:
            parts = loop(perception, begin, **given)
        loss = sum(part.square().mean() for part in parts)
        gradients.append(torch.autograd.grad(loss, [begin, *perception.parameters()]))
    for ours, theirs in zip(*gradients, strict=True):
        close(ours, theirs)


def test_the_same_weights_serve_any_number_of_assets(equivariant):
    """Assets behind the fifth that are no members change nothing for the first five."""
    small, large = perceive(equivariant), perceive(equivariant, assets=9)
    assert small.any_assets
    large.load_state_dict(small.state_dict())
    given = bars(assets=9)
    given["member"][:, :, 5:] = 0.0
    few = given | {name: given[name][:, :, :5] for name in ("features", "member")}
    one, two = look(small, **few)[0], look(large, **given)[0]
    close(one.context, two.context)
    close(members(one), members(two))


def test_networks_without_macro_columns(variant):
    perception = perceive(variant, macro=0)
    seen, _ = look(perception, **bars(macro=0))
    assert torch.isfinite(seen.context).all()


def test_raw_features_go_in_and_are_clipped_inside(variant):
    perception, given = perceive(variant), bars(away=0.0)
    names = dict(perception.named_buffers())
    torch.testing.assert_close(names["center"], torch.tensor(scaler().center))
    torch.testing.assert_close(names["scale"], torch.tensor(scaler().scale))
    ends = []
    for far in (1e9, 1e12):
        given["features"][..., 0] = far
        ends.append(look(perception, **given)[0].context)
    assert torch.equal(*ends)


def test_the_same_seed_makes_the_same_weights_and_the_same_view(variant):
    def made(seed):
        torch.manual_seed(seed)
        return VARIANTS[variant].perception(layout_of(), scaler())

    one, two, other = made(0), made(0), made(1)
    given = bars()
    assert torch.equal(look(one, **given)[0].context, look(two, **given)[0].context)
    assert not torch.equal(look(one, **given)[0].context, look(other, **given)[0].context)


def test_memories_begin_with_spans_up_to_what_is_set():
    network = CrossSectionalLstm(asset_memory_width=64, **(LSTM | {"memory_bars": 40}))
    torch.manual_seed(0)
    lstm = network.perception(layout_of(), scaler()).asset_lstm
    forget = torch.sigmoid((lstm.bias_ih_l0 + lstm.bias_hh_l0)[64:128])
    spans = 1.0 / (1.0 - forget)
    assert 30.0 < spans.max() <= 41.0 and spans.min() < 8.0
