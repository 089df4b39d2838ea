"""Seeds trained together: as each alone within rounding, apart from each other, resumed to the bit."""

import numpy as np
import pytest
import torch
from small_learners import NETWORKS, SETTINGS, agent_of, disturbed, fitted, same, weights_of

from hand_market import make_environment
from keeping import Kept, Killed, Told
from ploutos.agent.schedule.cosine_warmup import CosineWarmup
from ploutos.agent.stopping.validation import Validation
from ploutos.agent.utility.drawdown_penalised import DrawdownPenalised
from ploutos.agent.utility.sharpe import Sharpe
from ploutos.features.scaler import RobustScaler
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

ENVIRONMENT = make_environment("target_weights", episode_bars=24)
SHORT = make_environment("target_weights_short", episode_bars=24)
UPDATE = SETTINGS["portfolios"] * SETTINGS["window_bars"]
SEEDS = [1, 4, 7]
TRAIN = slice(20, 120)


def scaler_of(market):
    return RobustScaler.fit(market.features[0], market.member, TRAIN, clip=5.0, max_cells=10**6)


def learners(market, agent, environment=ENVIRONMENT):
    """Return a learner of all seeds, and one of each."""
    scaler = scaler_of(market)
    stacked = agent.learner(environment, market, TRAIN, scaler, *SEEDS)
    return stacked, [agent.learner(environment, market, TRAIN, scaler, seed) for seed in SEEDS]


def fitted_many(agent, market, seeds=SEEDS, monitors=None, checkpoints=None):
    return agent.fit_many(
        ENVIRONMENT,
        market,
        TRAIN,
        validation=slice(120, 180),
        seeds=seeds,
        monitors=monitors or [Silent() for _ in seeds],
        checkpoints=checkpoints or NO_CHECKPOINTS,
    )


def assert_close(one, other, rtol=1e-4, atol=1e-4):
    """Compare weights; Adam's first steps are long even where a gradient is only rounding (bias of keys)."""
    assert one.keys() == other.keys()
    torch.testing.assert_close(dict(one), dict(other), rtol=rtol, atol=atol)


CASES = {
    "plain": {},
    "portfolio": {"sees_portfolio": True},
    "sharpe": {"utility": Sharpe(volatility_floor=1e-4), "turnover_penalty_bps": 5.0},
    "drawdown": {"utility": DrawdownPenalised(penalty=0.5), "weight_decay": 0.5},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("at_once", [False, True])
def test_the_first_updates_are_those_of_single_seeds(at_once, network, case, market):
    stacked, single = learners(market, agent_of(network=NETWORKS[network], **CASES[case]))
    stacked.actor.at_once = at_once
    for together, alone in zip(stacked.networks, single, strict=True):
        assert same(together.state_dict(), alone.averaged.state_dict())
    for _ in range(4):
        figures = stacked.update(1.0)
        for seed, learner in enumerate(single):
            alone, together = learner.update(1.0).of(0), figures.of(seed)
            torch.testing.assert_close(torch.stack(together), torch.stack(alone), rtol=1e-4, atol=1e-6)
            rows = slice(4 * seed, 4 * seed + 4)
            assert torch.equal(stacked.portfolios.row[rows], learner.portfolios.row)
            torch.testing.assert_close(
                stacked.portfolios.ledger.equity[rows], learner.portfolios.ledger.equity, rtol=1e-6, atol=0.0
            )
    for together, alone in zip(stacked.networks, single, strict=True):
        assert_close(together.state_dict(), alone.averaged.state_dict())
    assert stacked.steps == single[0].steps == 4 * UPDATE


@pytest.mark.parametrize("stack", [False, True])
@pytest.mark.parametrize("network", NETWORKS)
def test_weights_decay_and_biases_do_not(network, stack, market):
    """AdamW multiplies by 1 - rate x decay before its step, which is the same with and without."""

    def updated(decay):
        stacked, single = learners(market, agent_of(network=NETWORKS[network], weight_decay=decay))
        learner = stacked if stack else single[0]
        first = learner.actor.actors()[0]
        before = [weight.clone() for weight in first.parameters()]
        learner.update(1.0)
        return before, list(first.parameters())

    (before, plain), (_, decayed) = updated(0.0), updated(0.5)
    for start, one, other in zip(before, plain, decayed, strict=True):
        shorter = 1e-2 * 0.5 * start if start.dim() > 1 else torch.zeros_like(start)
        torch.testing.assert_close(one - other, shorter, rtol=1e-3, atol=2e-7)


@pytest.mark.parametrize("network", ["cross_sectional_mlp", "cross_sectional_lstm"])
def test_trained_to_the_end_they_are_single_runs_but_for_rounding(network, market):
    agent = agent_of(network=NETWORKS[network], schedule=CosineWarmup(warmup=0.2, final=0.1))
    monitors = [Told() for _ in SEEDS]
    together = fitted_many(agent, market, monitors=monitors)
    alone = [fitted(agent, ENVIRONMENT, market, seed=seed) for seed in SEEDS]
    for one, other, monitor in zip(together, alone, monitors, strict=True):
        assert_close(weights_of(one), weights_of(other), rtol=1e-3, atol=1e-4)
        assert monitor.steps[-1] == (6 * UPDATE, 6 * UPDATE) and list(monitor.curve) == [6 * UPDATE]
    told = {monitor.curve[6 * UPDATE]["train/utility"] for monitor in monitors}
    assert len(told) == len(SEEDS), "each seed has curves of its own"
    assert not any(same(weights_of(together[0]), weights_of(other)) for other in together[1:])


def test_one_seed_in_one_go_is_a_single_run(market):
    agent = agent_of()
    (policy,) = fitted_many(agent, market, seeds=[3])
    assert same(weights_of(policy), weights_of(fitted(agent, ENVIRONMENT, market, seed=3)))


def test_short_sales_and_an_account_that_is_not_compiled(market):
    stacked, single = learners(market, agent_of(smoothness=0.01), SHORT)
    figures = stacked.update(1.0)
    for seed, learner in enumerate(single):
        alone = learner.update(1.0).of(0)
        torch.testing.assert_close(torch.stack(figures.of(seed)), torch.stack(alone), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("at_once", [False, True])
def test_a_wild_seed_leaves_the_others_alone(at_once, network, market):
    """One seed's weights are so large that its gradient is cut; another's are broken altogether."""
    agent = agent_of(network=NETWORKS[network], max_grad_norm=1e-3)
    calm, _ = learners(market, agent)
    wild, _ = learners(market, agent)
    calm.actor.at_once = wild.actor.at_once = at_once
    disturbed(wild.actor.actors()[1], scale=30.0)
    for weight in wild.actor.actors()[2].parameters():
        weight.data.fill_(torch.nan)
    for _ in range(3):
        ours, theirs = calm.update(1.0), wild.update(1.0)
        assert torch.equal(torch.stack(ours.of(0)), torch.stack(theirs.of(0)))
    assert same(calm.networks[0].state_dict(), wild.networks[0].state_dict())
    assert not same(calm.networks[1].state_dict(), wild.networks[1].state_dict())


def test_each_gradient_is_shortened_by_itself(market):
    stacked, _ = learners(market, agent_of(max_grad_norm=0.5))
    generator = torch.Generator().manual_seed(0)
    sizes = torch.tensor([0.1, 1e3, 0.6])
    for weight in stacked.actor.parameters():
        noise = torch.randn(weight.shape, generator=generator)
        weight.grad = noise * sizes.view(-1, *[1] * (weight.dim() - 1))
    numbers = [torch.cat([g.flatten() for g in own]) for own in stacked.actor.gradients()]
    sizes = torch.stack([flat / flat.norm() for flat in numbers])
    for own, length in zip(stacked.actor.gradients(), (0.1, 1e3, 0.6), strict=True):
        norm = torch.cat([g.flatten() for g in own]).norm()
        for gradient in own:
            gradient.mul_(length / norm)
    norms = stacked._shorten()
    torch.testing.assert_close(norms, torch.tensor([0.1, 1e3, 0.6]), rtol=1e-4, atol=0.0)
    after = torch.stack([torch.cat([g.flatten() for g in own]) for own in stacked.actor.gradients()])
    torch.testing.assert_close(after.norm(dim=1), torch.tensor([0.1, 0.5, 0.5]), rtol=1e-4, atol=0.0)
    torch.testing.assert_close(after / after.norm(dim=1, keepdim=True), sizes, rtol=1e-4, atol=1e-6)


def stopping_agent(**changed):
    rule = Validation(every_steps=2 * UPDATE, patience_steps=6 * UPDATE, figure="log_growth")
    return agent_of(total_steps=60 * UPDATE, stopping=rule, learning_rate=0.05, **changed)


def test_a_seed_that_stops_keeps_its_best_weights_while_others_go_on(market):
    monitors = [Told() for _ in SEEDS]
    together = fitted_many(stopping_agent(), market, monitors=monitors)
    ends = [monitor.figures["steps"] for monitor in monitors]
    assert len(set(ends)) > 1, "they stop at different steps"
    for monitor, policy, seed in zip(monitors, together, SEEDS, strict=True):
        best = int(monitor.figures["best_step"])
        assert max(monitor.curve) == monitor.figures["steps"], "nothing is told of what came after"
        alone = agent_of(total_steps=best, learning_rate=0.05)
        assert_close(
            weights_of(policy), weights_of(fitted(alone, ENVIRONMENT, market, seed=seed)), 0.05, 5e-3
        )


@pytest.mark.parametrize("network", ["cross_sectional_lstm", "set_attention"])
def test_killed_and_resumed_they_end_the_same(network, market):
    agent = stopping_agent(network=NETWORKS[network], utility=DrawdownPenalised(penalty=0.5))
    undisturbed = [Told() for _ in SEEDS]
    whole = [weights_of(p) for p in fitted_many(agent, market, monitors=undisturbed)]
    kept, kills = Kept(), 0
    while True:
        kept.saves = 3 + kills % 4
        monitors = [Told() for _ in SEEDS]
        try:
            resumed = fitted_many(agent, market, monitors=monitors, checkpoints=kept)
            break
        except Killed:
            kills += 1
            np.random.seed(kills)  # noqa: NPY002 - another process has other generators
            torch.manual_seed(kills)
    assert kills >= 2
    assert all(same(one, weights_of(other)) for one, other in zip(whole, resumed, strict=True))
    assert [m.figures for m in monitors] == [m.figures for m in undisturbed]
