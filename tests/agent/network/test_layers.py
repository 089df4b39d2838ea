"""Layers against their formulas."""

import numpy as np
import torch

from ploutos.agent.network.layers import Products, asset_encoder


def test_a_unit_is_a_sum_times_one_plus_another():
    torch.manual_seed(0)
    layer, inputs = Products(3, 4), np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    value, bias, gate = (part.detach().numpy() for part in (*layer.value.parameters(), layer.gate.weight))
    expected = (inputs @ value.T + bias) * (1.0 + inputs @ gate.T)
    np.testing.assert_allclose(
        layer(torch.as_tensor(inputs)).detach().numpy(), expected, rtol=1e-5, atol=1e-6
    )


def test_a_product_of_two_inputs_is_a_weighted_sum_of_untrained_units():
    torch.manual_seed(0)
    inputs = torch.randn(500, 2, dtype=torch.float64)
    with torch.no_grad():
        units = Products(2, 8).double()(inputs)
    wanted = inputs.prod(dim=-1, keepdim=True)
    weights = torch.linalg.lstsq(units, wanted).solution
    assert (units @ weights - wanted).abs().max() < 1e-9


def test_the_encoder_treats_every_asset_by_itself():
    torch.manual_seed(0)
    encoder, assets = asset_encoder(3, 6), torch.randn(2, 4, 5, 3)
    one = encoder(assets[0, 1, 2])
    assert torch.allclose(encoder(assets)[0, 1, 2], one, atol=1e-6) and one.shape == (6,)
