"""Configs that a stranger might send, each with what its refusal must name. `{mark}` is a file to be made."""

MARK = "{mark}"
TOUCH = '"touch {mark}"'


def component(key: str, target: str, *settings: str) -> str:
    """Return an experiment that puts `target` at the dotted `key`."""
    *above, last = key.split(".")
    lines = [f"{'  ' * depth}{name}:" for depth, name in enumerate([*above, last])]
    indent = "  " * (len(above) + 1)
    return "\n".join([*lines, f"{indent}_target_: {target}", *(f"{indent}{line}" for line in settings), ""])


# Name: (experiment file, text that the one line must hold).
EXPERIMENTS: dict[str, tuple[str, str]] = {
    "run_guarded": (
        component(
            "baselines.mine",
            "ploutos.apps.guard.run_guarded",
            "folder: .",
            "environment: {{PYTHONWARNINGS: 'all:0:antigravity.x:0:0', BROWSER: 'touch {mark}'}}",
            "controller: null",
        ),
        "'ploutos.apps.guard.run_guarded' is not allowed",
    ),
    "replace_file": (
        component("report", "ploutos.report.html.replace_file", "path: '{mark}'", "content: x"),
        "'ploutos.report.html.replace_file' is not allowed",
    ),
    "clear_unfinished": (
        component("panel", "ploutos.panel.removal.clear_unfinished", "target: '{mark}'"),
        "'ploutos.panel.removal.clear_unfinished' is not allowed",
    ),
    "needed": (
        component("data", "ploutos.data.network.extras.needed", "module: antigravity", "extra: x", "what: x"),
        "'ploutos.data.network.extras.needed' is not allowed",
    ),
    "main": (
        component("validation.checks.mine", "ploutos.apps.main.run", "verb: data", "arguments: []"),
        "'ploutos.apps.main.run' is not allowed",
    ),
    "an agent as data": (
        component("data", "ploutos.agent.ppo.PPO"),
        "'ploutos.agent.ppo.PPO' is not allowed",
    ),
    "data as a baseline": (
        component("baselines.mine", "ploutos.data.parquet.Parquet"),
        "baselines.mine._target_: 'ploutos.data.parquet.Parquet' is not allowed",
    ),
    "a method": (
        component("agent", "ploutos.agent.ppo.PPO.fit"),
        "'ploutos.agent.ppo.PPO.fit' is not allowed",
    ),
    "through a module": (
        component("tracking", "ploutos.apps.guard.os.system", f"command: {TOUCH}"),
        "'ploutos.apps.guard.os.system' is not allowed",
    ),
    "a base class": (
        component("agent", "ploutos.agent.rule.Rule"),
        "'ploutos.agent.rule.Rule' is not allowed",
    ),
    "a callback as an agent": (
        component("agent", "ploutos.apps.before_run.BeforeRun"),
        "'ploutos.apps.before_run.BeforeRun' is not allowed",
    ),
    "functools": (
        component("ensemble", "functools.partial", "_partial_: true", "_args_: [os.system]"),
        "'functools.partial' is not allowed",
    ),
    "partial": (
        component("split", "os.system", "_partial_: true", f"command: {TOUCH}"),
        "split._",  # either is told first: the target, or that this group is not partial
    ),
    "nested": (
        component("agent.learning_rate", "os.system", f"command: {TOUCH}"),
        "agent.learning_rate._target_: 'os.system' is not allowed",
    ),
    "in a list": (
        "universe:\n  tickers:\n    - _target_: os.system\n      command: touch {mark}\n",
        "universe.tickers[0]._target_: 'os.system' is not allowed",
    ),
    "where nothing is built": (
        component("mine", "os.system", f"command: {TOUCH}"),
        "mine._target_: 'os.system'",
    ),
    "a target by reference": (
        "split:\n  _target_: ${{name}}\nname: os.system\n",
        "split._target_: '${name}' is not allowed",
    ),
    "a node by reference": (
        "trick:\n  _target_: os.system\nregime: ${{trick}}\n",
        "_target_: 'os.system' is not allowed",
    ),
    "positional arguments": (
        "split:\n  _args_: [1]\n",
        "split._args_: not allowed",
    ),
    "the environment": ("name: x\nagent:\n  hold_bias: ${{oc.env:HOME}}\n", "${oc.env:...} is not allowed"),
    "a computed resolver": (
        "what: env\nagent:\n  hold_bias: ${{oc.${{what}}:HOME}}\n",
        "${oc.env:...} is not allowed",
    ),
    "an import": ("agent:\n  hold_bias: ${{oc.coerce:antigravity.x,1}}\n", "${oc.coerce:...} is not allowed"),
    "made of text": ("extra: \"${{oc.create:'a: 1'}}\"\n", "${oc.create:...} is not allowed"),
    "a path tag": (
        "panel:\n  folder: !!python/object/apply:pathlib.Path ['{mark}']\n",
        "line 3: the YAML tag 'tag:yaml.org,2002:python/object/apply:pathlib.Path' is not allowed",
    ),
    "a binary tag": ("name: !!binary aGFsbG8=\n", "line 2: the YAML tag"),
    "a harmless tag": ("seed: !!int '1'\n", "line 2: the YAML tag"),
    "a tag of one's own": ("name: !mine x\n", "line 2: the YAML tag '!mine' is not allowed"),
    "a password": (
        "tracking:\n  folder: postgresql://me:secret@host/db\n",
        "tracking.folder: 'postgresql://host/db' came with a password",
    ),
    "a token": (
        "tracking:\n  folder: https://host/db?api_key=secret\n",
        "tracking.folder: 'https://host/db?api_key=***' came with a secret",
    ),
    "a log file": (
        "hydra:\n  job_logging:\n    root: {{handlers: [f]}}\n    handlers:\n"
        "      f: {{class: logging.FileHandler, filename: '{mark}', mode: w}}\n",
        "hydra.job_logging: logs would be written elsewhere",
    ),
    "Hydra's log file": (
        "hydra:\n  hydra_logging:\n    root: {{handlers: [f]}}\n    handlers:\n"
        "      f: {{class: logging.FileHandler, filename: '{mark}', mode: w}}\n",
        "hydra.hydra_logging: logs would be written elsewhere",
    ),
    "environment variables": (
        "hydra:\n  job:\n    env_set: {{LD_PRELOAD: '{mark}'}}\n",
        "hydra.job.env_set: a config sets no environment variables",
    ),
    "a callback": (
        "hydra:\n  callbacks:\n    mine: {{_target_: os.system, command: 'touch {mark}'}}\n",
        "hydra.callbacks.mine._target_: 'os.system' is not allowed",
    ),
    "a changed callback": (
        "hydra:\n  callbacks:\n    before_run: {{_target_: os.system, command: 'touch {mark}'}}\n",
        "hydra.callbacks.before_run._target_: 'os.system' is not allowed",
    ),
    "a launcher": (
        "hydra:\n  launcher: {{_target_: os.system}}\n",
        "hydra.launcher._target_: 'os.system' is not allowed",
    ),
    "a sweeper": (
        "hydra:\n  sweeper: {{_target_: os.system}}\n",
        "hydra.sweeper._target_: 'os.system' is not allowed",
    ),
    "a folder outside": (
        "hydra:\n  output_subdir: ../../../elsewhere\n",
        "hydra.output_subdir: '../../../elsewhere' is not a folder inside",
    ),
}
