"""The agent as configured, and what it trades."""

from typing import Any

from benchmarks.env.workload import ASSETS, ROWS, build, config, make_market
from benchmarks.recurrent_ppo.trainers import ENVS, SETTINGS, STEPS, ready
from ploutos.agent.proximal.agent import ProximalAgent
from ploutos.apps.safety import components
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.features.scaler import RobustScaler

CELLS = 1_000_000  # that the scaler reads


class Workload:
    """The configured environment on a market of 50 names with 28 features, and who learns on it."""

    def __init__(self) -> None:
        composed = config(
            f"env.num_envs={ENVS}",
            "agent=recurrent_ppo",
            f"agent.n_steps={STEPS}",
            f"agent.sequence_steps={STEPS}",
            f"agent.batch_size={SETTINGS['batch_size']}",
            f"agent.n_epochs={SETTINGS['n_epochs']}",
        )
        self.market: Market = make_market(ASSETS, ROWS)
        self.rows = slice(0, ROWS)
        self.portfolio: Portfolio = build(composed)
        self.agent: ProximalAgent = components.build(composed.agent)

    def env(self) -> Any:
        """Return a new training environment."""
        return self.portfolio.vec_env(self.market, self.rows, 0)

    def ours(self, device: str) -> Any:
        """Return our trainer with the default network."""
        self.agent.settings["device"] = device
        scaler = RobustScaler.fit(
            self.market.features[0], self.market.member, self.rows, clip=5.0, max_cells=CELLS
        )
        return ready(self.agent.learner(self.portfolio, self.market, self.rows, scaler, 0))
