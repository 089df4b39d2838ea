"""Steps a peer library on request: `python peer_server.py PEER ENVS FEATURES ROWS`.

Needs the peer and what it installs, nothing of Ploutos. Tells what it steps in one line of JSON; then, for
every line with a number of steps, does them with actions drawn beforehand and answers with a line.
"""

import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

DRAWN = 64
FEE = 0.00015  # commission and half-spread of the realistic costs


def bars(features: int, rows: int) -> Any:
    """Return hourly open, high, low, close, volume and feature columns of a random walk."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.006, rows)))
    open_ = np.r_[close[:1], close[:-1]]
    spread = np.exp(np.abs(rng.normal(0.0, 0.002, (2, rows))))
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) * spread[0],
        "low": np.minimum(open_, close) / spread[1],
        "close": close,
        "volume": rng.lognormal(14.0, 0.5, rows),
    }
    drawn = rng.standard_normal((rows, features))
    columns |= {f"feature_{k}": drawn[:, k] for k in range(features)}
    return pd.DataFrame(columns, index=pd.date_range("2020-01-01", periods=rows, freq="h", name="timestamp"))


def gym_trading_env(envs: int, features: int, rows: int) -> tuple[str, Callable[[int], None]]:
    """Return what is stepped, and what steps it: one environment, random positions 0 or 1."""
    import numpy as np
    from gym_trading_env.environments import TradingEnv

    warnings.resetwarnings()  # its import turns all warnings of the process into errors
    quiet = {"verbose": 0} if "verbose" in inspect.signature(TradingEnv).parameters else {}
    env = TradingEnv(df=bars(features, rows), positions=[0, 1], trading_fees=FEE, **quiet)
    actions = np.random.default_rng(1).integers(0, 2, DRAWN).tolist()
    env.reset()

    def run(steps: int) -> None:
        for k in range(steps):
            _, _, done, truncated, _ = env.step(actions[k % DRAWN])
            if done or truncated:
                env.reset()

    return f"1 asset x {features} features, {rows} bars, positions 0 or 1, proportional fee", run


def torchtrade(envs: int, features: int, rows: int) -> tuple[str, Callable[[int], None]]:
    """Return what is stepped, and what steps it: the vectorised environment, windows of one bar."""
    import torch
    from torchtrade.envs.offline import VectorizedSequentialTradingEnv, VectorizedSequentialTradingEnvConfig

    torch.set_num_threads(1)
    config = VectorizedSequentialTradingEnvConfig(
        num_envs=envs,
        time_frames="1Hour",
        execute_on="1Hour",
        window_sizes=1,
        transaction_fee=FEE,
        action_levels=[0, 1],
        max_traj_length=256,
    )
    frame = bars(features, rows).reset_index()
    names = [column for column in frame if column.startswith("feature_")]

    def named(data: Any) -> Any:
        return data.reset_index().rename(columns={name: f"features_{name}" for name in names})

    env = VectorizedSequentialTradingEnv(frame, config, feature_preprocessing_fn=named)
    generator = torch.Generator().manual_seed(1)
    actions = torch.randint(0, 2, (DRAWN, envs), generator=generator)
    state = env.reset()
    seen = {key: tuple(value.shape[1:]) for key, value in state.items() if key.startswith("market_data")}

    def run(steps: int) -> None:
        nonlocal state
        for k in range(steps):
            _, state = env.step_and_maybe_reset(state.set("action", actions[k % DRAWN]))

    return f"1 asset, windows {seen}, {envs} envs, {rows} bars, positions 0 or 1, proportional fee", run


PEERS = {"gym-trading-env": gym_trading_env, "torchtrade": torchtrade}


def main(peer: str, *shape: str) -> None:
    """Answer requests until there are no more."""
    # What the peer prints goes to the error stream: this one is for answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        found = version(peer)
        with warnings.catch_warnings():
            does, run = PEERS[peer](*map(int, shape))
    except (ImportError, PackageNotFoundError):
        answers.write(json.dumps({"missing": "not installed"}) + "\n")
        return
    answers.write(json.dumps({"version": found, "does": does}) + "\n")
    for line in sys.stdin:
        run(int(line))
        answers.write("{}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
