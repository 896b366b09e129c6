"""The compiled loops, made once for all tests, and both ways in which trees are walked."""

import shutil

import pytest

from workbench.tables import native


@pytest.fixture(scope="session")
def loops(tmp_path_factory):
    """The loops, compiled by this machine's compiler into a folder of the tests' own."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    place = tmp_path_factory.mktemp("compiled", numbered=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_COMPILER", "cc")
        patch.setenv("WORKBENCH_COMPILED", str(place))
        patch.setattr(native, "_KERNEL", [None])
        made = native.load()
    assert made is not None
    return made


@pytest.fixture(scope="module", params=["numpy", "loops"])
def either(request):
    """By numpy, then by the loops."""
    made = request.getfixturevalue("loops") if request.param == "loops" else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "_KERNEL", [made])
        yield made
