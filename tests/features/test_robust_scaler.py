"""The scaler: values, and trap 13 (it never sees beyond its training rows)."""

import json

import numpy as np
import pytest

from ploutos.features.scaler import RobustScaler
from ploutos.types import ConfigError


def market(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(3.0, 2.0, (200, 5, 4)).astype(np.float32)
    features[..., 3] = 7.0
    member = rng.random((200, 5)) > 0.3
    features[~member] = np.nan
    return features, member


def test_median_and_quartiles_of_members() -> None:
    features, member = market(0)
    scaler = RobustScaler.fit(features, member, slice(20, 120), clip=2.0, max_cells=10**9)
    sample = np.array([features[t, n] for t in range(20, 120) for n in range(5) if member[t, n]], dtype=float)
    np.testing.assert_allclose(scaler.center, np.median(sample, axis=0), rtol=1e-6)
    spread = np.quantile(sample, 0.75, axis=0) - np.quantile(sample, 0.25, axis=0)
    np.testing.assert_allclose(scaler.scale[:3], spread[:3] / 1.349, rtol=1e-6)
    assert scaler.scale[3] == 1.0
    scaled = scaler.transform(features)
    assert np.nanmax(np.abs(scaled)) == 2.0
    assert (np.isnan(scaled) == np.isnan(features)).all()
    assert scaled.dtype == np.float32
    assert (scaled[member][:, 3] == 0).all()


@pytest.mark.parametrize("max_cells", [10**9, 700])
def test_rows_outside_training_cannot_matter(max_cells: int) -> None:
    features, member = market(1)
    rows = slice(40, 150)
    scaler = RobustScaler.fit(features, member, rows, clip=5.0, max_cells=max_cells)
    outside = np.ones(200, dtype=bool)
    outside[rows] = False
    features[outside], member[outside] = np.nan, True
    again = RobustScaler.fit(features, member, rows, clip=5.0, max_cells=max_cells)
    assert scaler.as_dict() == again.as_dict()


def test_thinning_reads_every_kth_row() -> None:
    features, member = market(2)
    thin = RobustScaler.fit(features, member, slice(0, 200), clip=5.0, max_cells=1000)
    same = RobustScaler.fit(features[::4], member[::4], slice(0, 50), clip=5.0, max_cells=10**9)
    assert thin.as_dict() == same.as_dict()


def test_stored_and_read_back_exactly() -> None:
    features, member = market(3)
    scaler = RobustScaler.fit(features, member, slice(0, 200), clip=5.0, max_cells=10**9)
    again = RobustScaler.from_dict(json.loads(json.dumps(scaler.as_dict())))
    assert scaler.transform(features).tobytes() == again.transform(features).tobytes()


def test_nothing_to_fit_on_is_refused() -> None:
    features, member = market(4)
    with pytest.raises(ConfigError, match="no member in the 10 training rows"):
        RobustScaler.fit(features, np.zeros_like(member), slice(0, 10), clip=5.0, max_cells=10**9)
    with pytest.raises(ConfigError, match="unknown feature"):
        RobustScaler.fit(features, np.ones_like(member), slice(0, 10), clip=5.0, max_cells=10**9)
