"""A monitor that keeps what it hears, and interrupts where it is told to."""

from ploutos.types.monitor import Silent


class Interrupted(Exception):
    """Stands for a kill: nothing after it runs."""


class Listener(Silent):
    """Keeps what it is told; interrupts the training when it reaches a step."""

    def __init__(self, until=None):
        self.until, self.steps, self.told, self.figures = until, [], {}, None

    def progress(self, done, total):
        self.steps.append((done, total))
        if self.until is not None and done >= self.until:
            raise Interrupted

    def curves(self, values, step):
        for name, value in values.items():
            self.told.setdefault(name, {})[step] = value

    def outcome(self, figures):
        self.figures = figures
