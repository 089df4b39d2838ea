"""The decorators of compiled kernels under the name by which this package knows them."""

from ploutos.hardware.compiled import KERNEL_SOURCES, kernel, part, rare

__all__ = ["KERNEL_SOURCES", "kernel", "part", "rare"]
