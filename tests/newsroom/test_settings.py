"""Whatever a setting may not be is said at the start, in one sentence that names it and shows no secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom.running import CLEARED, ROOT

WRONG = {
    "SITE_URL": ["news.example.org", "ftp://news.example.org", "https://news.example.org/path", "https://x:port"],
    "ALLOWED_HOSTS": ["https://news.example.org", "news.example.org:8000", "news.example.org/"],
    "PROXY": ["proxy", "socks5://127.0.0.1:9", "http://proxy/path"],
    "DATABASE_URL": ["mysql://u:secretive@h/d", "postgresql://u:secretive@h", "postgresql://u:secretive@h:port/d"],
    "REDIS_URL": ["http://:secretive@h", "127.0.0.1:6379", "redis://:secretive@h:port/0"],
    "CLOCK": ["yesterday", "2023-09-18,x0", "2023-09-18,xinf", "2023-09-18,xnan"],
    "FETCH_ALLOW": ["everything", "127.0.0.1/99"],
    "MAIL_FROM": ["nobody", "Newsroom <>"],
    "MAIL_SECURITY": ["ssl"],
    "LOG_SHAPE": ["xml"],
    "LOG_LEVEL": ["loud"],
    "SECRET_KEY": ["secretive"],
    "SECRET_KEY_FALLBACKS": ["secretive", f"{'x' * 40},secretive"],
    "METRICS_TOKEN": ["secretive"],
    "DATA_DIR": ["/proc/nowhere"],
    "CONTACT": ["desk@example.org\nX-Other: 1"],
}  # fmt: skip
READER = re.compile(r'env\.(integer|seconds|flag)\(\s*"([A-Z_]+)"')
for kind, name in READER.findall((ROOT / "newsroom/settings.py").read_text()):
    WRONG[name] = ["many", "-1"] if kind != "flag" else ["perhaps"]
    if kind == "integer":
        WRONG[name].append("99999999999")
CASES = [(name, value) for name, values in sorted(WRONG.items()) for value in values]
TRY = """
import json, os, runpy, sys
from newsroom.env import EnvError
said = []
for name, value in json.load(sys.stdin):
    os.environ[name] = value
    try:
        runpy.run_path("newsroom/settings.py")
        said.append("")
    except EnvError as error:
        said.append(str(error))
    del os.environ[name]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Return what is said about each wrong value; the settings are read anew for each."""
    clean = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path_factory.mktemp("settings"))}
    argv = [sys.executable, "-c", TRY]
    cases = [case for case in CASES if case[0] != "DATA_DIR"] + [c for c in CASES if c[0] == "DATA_DIR"]
    done = subprocess.run(argv, cwd=ROOT, env=clean, input=json.dumps(cases), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(cases, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_wrong_value_gets_one_sentence(said: dict[tuple[str, str], str], name: str, value: str) -> None:
    sentence = said[name, value]
    assert name in sentence
    assert sentence.count("\n") == 0
    assert re.search(r"write|set", sentence), sentence
    assert "secretive" not in sentence


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["-m", "celery", "-A", "newsroom", "worker", "-Q", "cpu"], id="worker"),
        pytest.param(["-m", "celery", "-A", "newsroom", "beat"], id="timetable"),
        pytest.param(["-c", "import newsroom.wsgi"], id="web"),
        pytest.param(["manage.py", "prepare"], id="command"),
    ],
)
def test_every_process_says_it_and_ends(argv: list[str], tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in CLEARED}
    environ |= {"DATA_DIR": str(tmp_path), "FETCH_REDIRECTS": "many"}
    done: Any = subprocess.run([sys.executable, *argv], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == "newsroom: FETCH_REDIRECTS='many' cannot be used: write a whole number from 0 to 20."
    assert "Traceback" not in done.stderr
