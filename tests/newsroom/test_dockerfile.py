"""The image's steps, one after the other in a clean directory, because there is no engine to build it with here."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.newsroom.running import CLEARED, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
LINES = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text()).splitlines()
STEPS = [tuple(line.split(maxsplit=1)) for line in LINES if line and not line.startswith("#")]
IGNORED = (ROOT / ".dockerignore").read_text().split()


def of(kind: str) -> list[str]:
    return [words for name, words in STEPS if name == kind]


def test_the_image_runs_as_nobody_from_a_named_release_and_holds_no_secret() -> None:
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+( AS \w+)?", words) for words in of("FROM"))
    assert of("USER") == ["newsroom"]
    assert not of("ADD")
    given = " ".join([*of("ENV"), *of("ARG")])
    assert not re.search(r"SECRET|PASSWORD|TOKEN|DATABASE_URL", given)
    assert "--require-hashes" in " ".join(of("RUN"))


def test_its_steps_give_a_site_that_starts(tmp_path: Path) -> None:
    app, venv, data = tmp_path / "app", tmp_path / "venv", tmp_path / "data"
    _copy(app)
    data.mkdir()
    for step in of("RUN"):
        if not step.startswith("useradd"):
            _sh(
                step.replace("/venv", str(venv)).replace("python -m venv", f"{sys.executable} -m venv"),
                app,
                os.environ,
            )
    pairs = dict(pair.split("=", 1) for words in of("ENV") for pair in shlex.split(words))
    given = {
        name: value.replace("/venv", str(venv)).replace("/data", str(data)) for name, value in pairs.items()
    }
    given["PATH"] = f"{venv}/bin:/usr/bin:/bin"
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in (*CLEARED, "PYTHONPATH", "VIRTUAL_ENV")
    }
    environ = kept | given
    said = _sh(" ".join(_cmd()), app, environ)
    assert "prepare" in said
    assert "no issues" in _sh("python manage.py check", app, environ)
    _sh("celery --version && granian --version", app, environ)
    assert not (app / "tests").exists()
    missing = subprocess.run([venv / "bin/python", "-c", "import pytest"], capture_output=True)
    assert missing.returncode == 1  # what only developers need is not in it


def _copy(app: Path) -> None:
    """Copy what is under version control, less what .dockerignore leaves out."""
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    for name in filter(None, files):
        top = name.split("/")[0]
        if any(fnmatch.fnmatch(top, pattern) for pattern in IGNORED) or not (ROOT / name).is_file():
            continue
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, app / name)


def _cmd() -> list[str]:
    (words,) = of("CMD")
    return [str(word) for word in re.findall(r'"([^"]+)"', words)]


def _sh(command: str, folder: Path, environ: object) -> str:
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environ, capture_output=True, text=True)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)
