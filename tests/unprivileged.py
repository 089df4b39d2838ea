"""A process that permission bits bind, also where it runs as root."""

import ctypes
import sys


def give_up_powers() -> None:
    """Give up all capabilities of this process (Linux); as root it is then an owner like any other."""
    if sys.platform != "linux":
        return
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(version_3, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
