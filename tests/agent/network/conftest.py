"""The variants by name."""

import pytest
from some_networks import EQUIVARIANT, VARIANTS, WITH_MEMORY


@pytest.fixture(params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture(params=EQUIVARIANT)
def equivariant(request):
    return request.param


@pytest.fixture(params=WITH_MEMORY)
def with_memory(request):
    return request.param
