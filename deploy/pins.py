"""`python deploy/pins.py`: write docs/dependencies.md, each pinned release with its date and licence.

Where no list of known weaknesses can be asked (`pip-audit` needs one), the dates are what an operator can
compare by hand with the advisories of each project. Dates come from the registry by way of uv, licences
from what is installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = {"requirements.txt": "What runs", "requirements-dev.txt": "Only for tests, checks and benches"}
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;[^\\]*)?", re.MULTILINE)
HEAD = """# Dependencies

Made by `make pins`; do not edit. Every release is pinned with hashes in `requirements*.txt`; `make sbom`
writes the same as a CycloneDX document. The date is the one of the release's first file.
"""


Pin = tuple[str, str]  # name and release; one name may have two, for different Pythons


def main() -> None:
    """Write the page."""
    shown: set[Pin] = set()
    parts = [HEAD]
    for file, title in FILES.items():
        pins = {(name, version): marker for name, version, marker in PIN.findall((ROOT / file).read_text())}
        dates = released(pins)
        rows = [row(pin, dates.get(pin, "")) for pin in sorted(pins.keys() - shown)]
        head = [f"## {title}\n", "| package | version | released | licence |", "|---|---|---|---|"]
        parts.append("\n".join([*head, *rows, ""]))
        shown |= pins.keys()
    (ROOT / "docs/dependencies.md").write_text("\n".join(parts))


def released(pins: dict[Pin, str]) -> dict[Pin, str]:
    """Return the day of each release, from a lock file that uv makes of the pins."""
    lines = [f"{name}=={version} {marker}".strip() for (name, version), marker in pins.items()]
    with tempfile.TemporaryDirectory() as folder:
        project = {"name": "pins", "version": "0", "requires-python": ">=3.11", "dependencies": lines}
        words = "\n".join(f"{key} = {value!r}" for key, value in project.items())
        Path(folder, "pyproject.toml").write_text(f"[project]\n{words}\n")
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "lock", "--quiet", "--project", folder], check=True)
        locked = tomllib.loads(Path(folder, "uv.lock").read_text())
    return {(package["name"], package["version"]): _first(package) for package in locked["package"]}


def _first(package: dict[str, object]) -> str:
    files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]  # type: ignore[misc]
    return min((file["upload-time"][:10] for file in files if "upload-time" in file), default="")


def row(pin: Pin, day: str) -> str:
    """Return a line of the table."""
    name, version = pin
    return f"| {name} | {version} | {day} | {licence(name)} |"


def licence(name: str) -> str:
    """Return the licence that an installed package names, '' when it is not installed here."""
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classified = [
        c.rpartition(" :: ")[2] for c in facts.get_all("Classifier", []) if c.startswith("License ::")
    ]
    words = facts.get("License-Expression") or (classified[0] if classified else facts.get("License") or "")
    return words.strip().splitlines()[0][:40] if words.strip() else ""


if __name__ == "__main__":
    main()
