"""Losses and gradients on the same data are sb3-contrib's to 1e-5."""

import numpy as np
import pytest
import torch
from proximal_arena import BOX, DISCRETE, Recall, pair, play

from ploutos.agent.proximal.sequence_policy import FusedMlpLstmPolicy, FusedSharedMlpLstmPolicy

LENGTHS = {"staggered": [3, 5, 1, 7, 30, 12], "together": [8] * 6, "never": [99] * 6}
NAMES = ("policy_gradient_loss", "value_loss", "entropy_loss", "approx_kl", "clip_fraction", "loss")


class InOrder:
    """Stands for a generator that shuffles nothing."""

    def permutation(self, count):
        return np.arange(count)


def watch(model, told):
    """Note the gradients of every minibatch instead of taking steps."""

    def step():
        told.append({n: p.grad.clone() for n, p in model.policy.named_parameters() if p.grad is not None})

    model.policy.optimizer.step = step


def trained(model):
    told = []
    watch(model, told)
    model.train()
    return told, {name: model.logger.name_to_value[f"train/{name}"] for name in NAMES}


def compare(ours, theirs, monkeypatch):
    monkeypatch.setattr(np.random, "randint", lambda *_: 0)  # sb3-contrib begins its batches anywhere
    play(ours, rollouts=2)
    play(theirs, rollouts=2)
    for model in (ours, theirs):
        model._current_progress_remaining = 1.0
        with torch.no_grad():  # so that ratios differ from 1 and some are clipped
            for parameter in model.policy.parameters():
                parameter.mul_(2.5)
    ours.rollout_buffer.order = InOrder()
    (found, figures), (wanted, theirs_figures) = trained(ours), trained(theirs)
    assert figures["clip_fraction"] > 0
    for name in NAMES if len(wanted) == 1 else NAMES[:-1]:  # theirs tells the last minibatch's loss
        assert figures[name] == pytest.approx(theirs_figures[name], rel=1e-5, abs=1e-6), name
    return found, wanted


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        scale = float(gradient.abs().max())
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-5 * max(scale, 1e-3))


@pytest.mark.parametrize("space", [DISCRETE, BOX], ids=["discrete", "box"])
@pytest.mark.parametrize("clip_range_vf", [None, 0.1])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_a_whole_rollout(lengths, space, clip_range_vf, monkeypatch):
    ours, theirs = pair(
        lambda: Recall(LENGTHS[lengths], space),
        sequence_steps=12,
        batch_size=72,
        ent_coef=0.01,
        clip_range_vf=clip_range_vf,
        max_grad_norm=1e9,
    )
    found, wanted = compare(ours, theirs, monkeypatch)
    assert len(found) == len(wanted) == 1
    same(found[0], wanted[0])


@pytest.mark.parametrize(
    "kwargs", [{"shared_lstm": True, "enable_critic_lstm": False}, {"enable_critic_lstm": False}]
)
def test_other_critics(kwargs, monkeypatch):
    ours, theirs = pair(
        lambda: Recall(LENGTHS["staggered"]),
        sequence_steps=12,
        batch_size=72,
        policy=FusedSharedMlpLstmPolicy,
        kwargs=kwargs,
    )
    found, wanted = compare(ours, theirs, monkeypatch)
    same(found[0], wanted[0])


@pytest.mark.parametrize("sequence_steps", [6, 4, 2])
def test_sequences_that_begin_with_the_memory_of_the_moment(sequence_steps, monkeypatch):
    """sb3-contrib's minibatches of as many steps: one sequence of one environment each."""
    ours, theirs = pair(
        lambda: Recall(LENGTHS["staggered"]),
        sequence_steps=sequence_steps,
        batch_size=sequence_steps,
        max_grad_norm=1e9,
    )
    found, wanted = compare(ours, theirs, monkeypatch)
    cuts = 12 // sequence_steps
    assert len(found) == len(wanted) == 6 * cuts
    for cut in range(cuts):
        for env in range(6):
            same(found[cut * 6 + env], wanted[env * cuts + cut])


def test_single_transitions(monkeypatch):
    """Each with the memory that it was taken with; all at once, as nothing depends on the order."""
    ours, theirs = pair(
        lambda: Recall(LENGTHS["staggered"]),
        sequence_steps=1,
        batch_size=72,
        normalize_advantage=False,
        max_grad_norm=1e9,
    )
    theirs.batch_size = 1
    found, wanted = compare(ours, theirs, monkeypatch)
    mean = {name: torch.stack([part[name] for part in wanted]).mean(dim=0) for name in wanted[0]}
    same(found[0], mean)


def test_gradients_are_cut_to_the_same_norm(monkeypatch):
    ours, theirs = pair(
        lambda: Recall(LENGTHS["staggered"]), sequence_steps=12, batch_size=72, max_grad_norm=1e-2
    )
    found, wanted = compare(ours, theirs, monkeypatch)
    same(found[0], wanted[0])
    norm = torch.stack([g.square().sum() for g in found[0].values()]).sum().sqrt()
    assert float(norm) == pytest.approx(1e-2, rel=1e-3)


def test_fused_policies_have_the_weights_of_sb3_contrib():
    ours, theirs = pair(lambda: Recall([5] * 4), sequence_steps=12, policy=FusedMlpLstmPolicy)
    shapes = [{n: w.shape for n, w in m.policy.state_dict().items()} for m in (ours, theirs)]
    assert shapes[0] == shapes[1]
