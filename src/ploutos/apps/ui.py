"""`ploutos ui`: the MLflow UI on the local store."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from omegaconf import DictConfig

from ploutos.apps.command import command
from ploutos.types import ConfigError


@dataclass(frozen=True)
class Server:
    """What the UI serves and where."""

    uri: str
    host: str
    port: int


def prepare(config: DictConfig) -> Server:
    """Refuse a store that is not there and an address that cannot be listened on."""
    from ploutos.apps.parts import build
    from ploutos.apps.preflight import check_folders, check_values

    check_values(config)
    check_folders(config)
    port = int(config.port)
    tracking = build(config.tracking)
    tracking.require_store()
    with socket.socket(socket.AF_INET6 if ":" in str(config.host) else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(config.host), port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(
                f"port: cannot listen on {config.host}:{port}: {reason}; try port=..."
            ) from error
    return Server(tracking.uri, str(config.host), port)


def run(config: DictConfig, server: Server) -> float:
    """Serve until Ctrl-C."""
    address = f"http://{server.host}:{server.port}"
    sys.stdout.write(f"MLflow UI at {address}  (Ctrl-C ends it)\n")
    sys.stdout.flush()
    command_line = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", server.uri]
    command_line += ["--host", server.host, "--port", str(server.port), "--workers", "1"]
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # libraries put handlers of their own there
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    # A session of its own: Ctrl-C reaches this process alone, which then ends all of the server.
    process = subprocess.Popen(
        command_line, env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}, start_new_session=True
    )
    try:
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        return 0.0
    raise RuntimeError(f"the MLflow server ended with exit code {code}")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the server and its workers."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> int:
    """Compose and serve."""
    return command("ui", prepare, run)
