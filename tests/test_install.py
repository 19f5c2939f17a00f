"""The wheel: built, installed, and run from another directory.

Nothing comes from a network: the build backend and the dependencies are those of the environment
that the tests run in.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
RUNNING = [path for path in sys.path if path.endswith("site-packages")]


def run(*command: str | Path, cwd: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with only this on Python's search path."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, offline."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "-w", str(folder)]
    done = run(sys.executable, "-m", "pip", "wheel", *options, ROOT, cwd=folder)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, and return its folder of programs.

    The dependencies are those of the running environment; the package itself is not among them.
    """
    home = tmp_path_factory.mktemp("installed") / "venv"
    assert run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home.parent).returncode == 0
    (packages,) = home.glob("lib/python*/site-packages")
    options = ["--no-deps", "--no-index", "--quiet", "--python", str(home)]
    done = run(sys.executable, "-m", "pip", *options[3:], "install", *options[:3], wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    (packages / "dependencies.pth").write_text("\n".join(RUNNING))
    return home / "bin"


def test_the_wheel_carries_the_shipped_files(wheel: Path) -> None:
    """
    Every file of config/ is in the wheel, and nothing of the tests.
    """
    held = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"sensor/_config/{path.relative_to(ROOT / 'config')}"
        for path in (ROOT / "config").rglob("*")
        if path.is_file()
    }

    assert {"sensor/_config/sensor.yaml", "sensor/_config/rules/telegram-bot-api.yaml"} <= shipped
    assert shipped == {name for name in held if name.startswith("sensor/_config/")}
    assert {"sensor"} == {name.partition("/")[0] for name in held if ".dist-info/" not in name}


def test_the_installed_package_finds_them_from_anywhere(installed: Path, tmp_path: Path) -> None:
    """
    Shipped configuration, rule and schemas come from the installed package, not from a checkout.
    """
    script = (
        "import json, sensor, sensor.config as c; loaded = c.load();"
        "print(json.dumps([sensor.__file__, str(c.shipped()), [r.id for r in loaded.rules]]))"
    )

    done = run(installed / "python", "-c", script, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    module, shipped, rules = json.loads(done.stdout)
    assert Path(module).is_relative_to(installed.parent)
    assert Path(module).parent / "_config" == Path(shipped)
    assert ["telegram-bot-api"] == rules


@pytest.mark.parametrize("kind", ["alert", "message", "lookup", "config", "rule"])
def test_schemas_print_without_a_configuration(installed: Path, tmp_path: Path, kind: str) -> None:
    """
    `dns-sensor schema KIND` needs no file of the user's, and prints the one that is shipped.
    """
    done = run(installed / "dns-sensor", "schema", kind, cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    shipped = ROOT / "config" / "schema" / f"{kind}.json"
    assert json.loads(shipped.read_text()) == json.loads(done.stdout)


def test_the_module_is_the_command(installed: Path, tmp_path: Path) -> None:
    """
    `python -m sensor` does what `dns-sensor` does.
    """
    one = run(installed / "dns-sensor", "schema", "alert", cwd=tmp_path)
    other = run(installed / "python", "-m", "sensor", "schema", "alert", cwd=tmp_path)

    assert (0, one.stdout) == (other.returncode, other.stdout)


def test_check_takes_a_copy_of_the_shipped_configuration(installed: Path, tmp_path: Path) -> None:
    """
    A copy of sensor.yaml and its rules anywhere is right; a slip in it is told and exits 2.
    """
    rules = tmp_path / "rules"
    rules.mkdir()
    shipped = ROOT / "config" / "rules" / "telegram-bot-api.yaml"
    (rules / "mine.yaml").write_text(shipped.read_text())
    config = tmp_path / "sensor.yaml"
    config.write_text((ROOT / "config" / "sensor.yaml").read_text())
    slip = tmp_path / "slip.yaml"
    slip.write_text(yaml.safe_dump({"attribution": {"hold": 15}}))

    right = run(installed / "dns-sensor", "check", "-c", config, cwd=tmp_path)
    wrong = run(installed / "dns-sensor", "check", "-c", "slip.yaml", cwd=tmp_path)

    assert right.returncode == 0, right.stderr
    assert (2, "") == (wrong.returncode, wrong.stdout)
    assert "slip.yaml:2: attribution.hold: expected a duration" in wrong.stderr
    assert "Traceback" not in wrong.stderr
