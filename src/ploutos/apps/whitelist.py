"""What a config may instantiate: Ploutos, Hydra's own launchers and sweepers, and what the user trusts."""

from ploutos.panel.sources import trusted_packages

TRUSTED = (
    "ploutos.*",
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
    # A malformed name is left out here and refused with its reason when the sources are hashed.
    *(f"{name}.*" for name in trusted_packages() if name.isidentifier()),
)
