"""The threat model names tests that exist, and what it bans is nowhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.newsroom.running import ROOT

NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/security.md").read_text())))
SOURCES = [file for part in ("aggregator", "newsroom") for file in (ROOT / part).rglob("*.py")]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_control_has_the_test_that_is_named(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_a_control_and_a_test() -> None:
    table = (ROOT / "docs/security.md").read_text().split("## Threats, controls, tests")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    assert all(len(row) == 3 and "`tests/" in row[2] for row in rows)


def calls(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            named = node.func
            found.add(named.id if isinstance(named, ast.Name) else getattr(named, "attr", ""))
            found |= {
                f"{word.arg}={word.value.value}"
                for word in node.keywords
                if isinstance(word.value, ast.Constant)
            }
    return found


def test_nothing_marks_text_as_safe() -> None:
    banned = {"mark_safe", "eval", "exec", "shell=True", "verify=False", "ssl=False", "yaml.load"}
    assert {str(file.relative_to(ROOT)): found for file in SOURCES if (found := calls(file) & banned)} == {}
    templates = "".join(file.read_text() for file in (ROOT / "templates").rglob("*.html"))
    assert not re.search(r"\|\s*safe\b|autoescape off|<script(?![^>]*\bsrc=)", templates)
    scripts = "".join(file.read_text() for file in (ROOT / "static").rglob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", scripts)


def test_a_foreign_host_is_refused(client: Client) -> None:
    assert "*" not in settings.ALLOWED_HOSTS
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
