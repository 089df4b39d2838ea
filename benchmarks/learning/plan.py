"""Which runs the benchmark consists of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from omegaconf import OmegaConf

from benchmarks.learning.arena import config_of
from benchmarks.learning.run import PEERS, Run, Size
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.types import ConfigError, one_of

MARKETS = ("linear", "interaction", "memory", "regime", "crowded", "none")
AGENTS = ("direct_policy_gradient", "recurrent_ppo", "ppo")
NETWORKS = ("cross_sectional_mlp", "cross_sectional_lstm", "set_attention", "flat_mlp")
SHORT, LONG = 60.0, 300.0  # seconds
CURVE = (5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0)
FIRST = "linear"  # the market on which other networks and curves are measured

# Share of the oracle's gain after LONG seconds on two cores.
GOALS = {
    ("direct_policy_gradient", "linear"): 0.9,
    ("direct_policy_gradient", "interaction"): 0.9,
    ("direct_policy_gradient", "memory"): 0.7,
    ("direct_policy_gradient", "regime"): 0.7,
    ("recurrent_ppo", "linear"): 0.5,
    ("recurrent_ppo", "memory"): 0.5,
}


@dataclass(frozen=True)
class Wanted:
    """What was asked for.

    Attributes
    ----------
    networks : tried on the first market beside each agent's own.
    seconds : of every training; None: LONG where there is a goal, a curve or no alpha, else SHORT.
    """

    markets: Sequence[str]
    agents: Sequence[str]
    networks: Sequence[str]
    seeds: Sequence[int]
    seconds: float | None
    size: Size
    threads: int
    clock: Literal["wall", "cpu"]
    overrides: tuple[str, ...]


def check(wanted: Wanted) -> None:
    """Refuse what is not there or does not compose, in one line and before anything runs."""
    learners = [name for name in _variants("agent") if _default(name, "stopping")]
    there = {
        "--markets": (wanted.markets, _variants("data/alpha")),
        "--agents": (wanted.agents, [*learners, *PEERS]),
        "--networks": (wanted.networks, _variants("agent/network")),
    }
    for option, (names, known) in there.items():
        for name in names:
            if name not in known:
                raise one_of(option, name, known)
    if not wanted.seeds or min(wanted.seeds) < 0:
        raise ConfigError(f"--seeds: {','.join(map(str, wanted.seeds))} are not whole numbers >= 0")
    if wanted.seconds is not None and not wanted.seconds > 0:
        raise ConfigError(f"--seconds: {wanted.seconds:g} is not above 0")
    for run in {(run.market, run.subject): run for run in trainings(wanted)}.values():
        with config_of(run, "equal_weight" if run.agent in PEERS else run.agent) as config:
            for part in ("data", "env", "agent"):
                build(config[part])


def trainings(wanted: Wanted) -> list[Run]:
    """Return every training, the first market first."""
    own = {market: replace(wanted, overrides=_of_market(market, wanted)) for market in wanted.markets}
    return [run for market, fitting in own.items() for run in _on(market, fitting)]


def _on(market: str, wanted: Wanted) -> Iterator[Run]:
    for agent in wanted.agents:
        for seed in wanted.seeds:
            yield _run(market, seed, agent, "", wanted)
    if market != FIRST:
        return
    for agent in wanted.agents:
        if agent in PEERS:
            continue
        for network in wanted.networks:
            if network != own_network(agent):
                for seed in wanted.seeds:
                    yield _run(market, seed, agent, network, wanted)


def _run(market: str, seed: int, agent: str, network: str, wanted: Wanted) -> Run:
    own = not network and agent not in PEERS
    curve = own and market == FIRST and seed == wanted.seeds[0]
    long = curve or (own and (market == "none" or (agent, market) in GOALS))
    seconds = (LONG if long else SHORT) if wanted.seconds is None else wanted.seconds
    marks = {SHORT, seconds} | (set(CURVE) if curve else set())
    return Run(
        kind="training",
        market=market,
        seed=seed,
        size=wanted.size,
        overrides=wanted.overrides,
        agent=agent,
        network=network,
        seconds=seconds,
        marks=tuple(sorted(mark for mark in marks if mark <= seconds)),
        threads=wanted.threads,
        clock=wanted.clock,
    )


def _of_market(market: str, wanted: Wanted) -> tuple[str, ...]:
    """Return the overrides without those of alpha settings that other markets have and this one has not."""
    alphas = {name: OmegaConf.load(conf_dir() / "data" / "alpha" / f"{name}.yaml") for name in wanted.markets}

    def foreign(override: str) -> bool:
        key = override.partition("=")[0].removeprefix("data.alpha.")
        has = [name for name, alpha in alphas.items() if OmegaConf.select(alpha, key) is not None]
        return override.startswith("data.alpha.") and bool(has) and market not in has

    return tuple(override for override in wanted.overrides if not foreign(override))


def own_network(agent: str) -> str | None:
    """Return the network in the agent's defaults, None where it has none."""
    return _default(agent, "network")


def _default(agent: str, group: str) -> str | None:
    """Return the variant of `agent/<group>` in the agent's defaults."""
    config = OmegaConf.load(conf_dir() / "agent" / f"{agent}.yaml")
    defaults = OmegaConf.select(config, "defaults") or []
    return next((str(d[group]) for d in defaults if OmegaConf.is_dict(d) and group in d), None)


def _variants(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))
