"""What the site is made of: pinned with hashes, dated, and listed for programs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.newsroom.running import ROOT

FILES = ["requirements.txt", "requirements-dev.txt", "requirements-tools.txt"]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
TOOL = ROOT / ".venv-tools/bin/cyclonedx-py"


def pins(file: str) -> list[tuple[str, str]]:
    """Return name and version of each pin; one name may have two, for different Pythons."""
    return PIN.findall((ROOT / file).read_text())


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_pinned_with_hashes_and_without_an_index(file: str) -> None:
    text = (ROOT / file).read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(blocks) == len(pins(file))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "index-url" not in text
    assert "://" not in text


def test_the_list_of_dependencies_is_the_one_that_is_pinned() -> None:
    rows = re.findall(
        r"^\| (\S+) \| (\S+) \| (\S*) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    listed = {(name, version) for name, version, day in rows if name not in ("package", "---")}
    assert listed == {*pins("requirements-dev.txt"), *pins("requirements.txt")}
    dated = [day for name, version, day in rows if (name, version) in listed]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", day) for day in dated)


@pytest.mark.skipif(not TOOL.exists(), reason="the tools are not installed: make .venv-tools/.ready")
def test_the_bill_of_materials_names_every_pin(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    subprocess.run(["make", "--silent", "sbom", f"FILE={file}"], cwd=ROOT, check=True, capture_output=True)
    document = json.loads(file.read_text())
    assert document["bomFormat"] == "CycloneDX"
    found = {(part["name"], part["version"]) for part in document["components"]}
    assert found == {*pins("requirements.txt")}
    assert all(part["purl"].startswith("pkg:pypi/") for part in document["components"])
