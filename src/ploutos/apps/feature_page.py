"""Writes the reference page of features to the standard output: `python -m ploutos.apps.feature_page`."""

import sys

from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.features.reference_page import reference_page


def page() -> str:
    """Return docs/features.md as the code and the shipped configurations have it."""
    with initialize_config_dir(str(conf_dir()), job_name="feature_page"):
        names = sorted(file.stem for file in (conf_dir() / "features").glob("*.yaml"))
        configs = {name: compose("train", [f"features={name}"]).features for name in names}
        return reference_page({name: build(config).names(()) for name, config in configs.items()})


if __name__ == "__main__":
    sys.stdout.write(page())
