"""What a config may instantiate: Ploutos itself and Hydra's own launchers, sweepers and log handlers."""

TRUSTED = (
    "ploutos.*",
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
)
