"""Independent choices against Stable-Baselines3's MultiCategoricalDistribution."""

import pytest
import torch
from stable_baselines3.common.distributions import MultiCategoricalDistribution

from ploutos.agent.network.asset_categorical import AssetCategorical

ASSETS, CHOICES = 4, 3


@pytest.fixture
def pair():
    logits = torch.randn(7, ASSETS, CHOICES, generator=torch.Generator().manual_seed(2)) * 2
    theirs = MultiCategoricalDistribution([CHOICES] * ASSETS).proba_distribution(logits.reshape(7, -1))
    return AssetCategorical().proba_distribution(logits), theirs


def test_log_prob_entropy_and_mode(pair):
    ours, theirs = pair
    for seed in range(5):
        actions = torch.randint(0, CHOICES, (7, ASSETS), generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(ours.log_prob(actions), theirs.log_prob(actions))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    assert torch.equal(ours.mode(), theirs.mode())


def test_gradients(pair):
    logits = torch.randn(3, ASSETS, CHOICES, requires_grad=True)
    actions = torch.randint(0, CHOICES, (3, ASSETS))
    grads = []
    for distribution in (
        AssetCategorical().proba_distribution(logits),
        MultiCategoricalDistribution([CHOICES] * ASSETS).proba_distribution(logits.reshape(3, -1)),
    ):
        loss = (distribution.log_prob(actions) + distribution.entropy()).sum()
        grads.append(torch.autograd.grad(loss, logits)[0])
    torch.testing.assert_close(*grads, rtol=1e-5, atol=1e-6)


def test_samples_have_the_probabilities():
    logits = torch.tensor([[[0.0, 1.0, -1.0], [3.0, 0.0, 0.0]]])
    count = 60_000
    ours = AssetCategorical().proba_distribution(logits.expand(count, -1, -1))
    torch.manual_seed(0)
    drawn = torch.nn.functional.one_hot(ours.sample(), CHOICES).double().mean(dim=0)
    expected = torch.softmax(logits[0], dim=-1).double()
    assert (drawn - expected).abs().max() < 4 * (0.25 / count) ** 0.5


def test_assets_are_drawn_independently():
    ours = AssetCategorical().proba_distribution(torch.zeros(40_000, 2, 2))
    torch.manual_seed(1)
    drawn = ours.sample().double() - 0.5
    assert abs((drawn[:, 0] * drawn[:, 1]).mean().item()) < 4 * 0.25 / 200


def test_confidence_is_the_probability_of_the_mode():
    ours = AssetCategorical().proba_distribution(torch.log(torch.tensor([[[0.2, 0.7, 0.1]]])))
    assert ours.mode().item() == 1 and ours.confidence().item() == pytest.approx(0.7)


def test_actions_and_their_log_prob_from_logits():
    logits = torch.randn(5, ASSETS, CHOICES)
    actions, log_prob = AssetCategorical().log_prob_from_params(logits)
    torch.testing.assert_close(log_prob, AssetCategorical().proba_distribution(logits).log_prob(actions))
    mode = AssetCategorical().actions_from_params(logits, deterministic=True)
    assert torch.equal(mode, logits.argmax(dim=-1))
