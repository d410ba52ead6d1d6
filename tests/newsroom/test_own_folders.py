"""What an operator says in .env holds for the command itself; the demo and a replay keep to folders of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.newsroom.running import ROOT, environment, manage


@pytest.mark.parametrize("command", ["demo", "replay"])
def test_no_key_is_made_in_the_sites_data_folder(command: str, tmp_path: Path) -> None:
    own = {"DATA_DIR": str(tmp_path / "site"), f"{command.upper()}_DATA_DIR": str(tmp_path / "own")}
    done = manage(environment(tmp_path, SECRET_KEY="", **own), command, "--help")
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "site").exists()
    assert (tmp_path / "own/secret_key").read_text()


def test_a_command_reads_the_file_before_its_settings_and_the_environment_wins(tmp_path: Path) -> None:
    shutil.copy(ROOT / "manage.py", tmp_path)
    for package in ("newsroom", "aggregator"):
        (tmp_path / package).symlink_to(ROOT / package)
    (tmp_path / ".env").write_text("SITE_NAME=The Courier's own\nPORT=9123\n")
    code = "from django.conf import settings; print(settings.SITE_NAME, settings.PORT)"
    argv = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    environ = {k: v for k, v in environment(tmp_path, PORT="9124").items() if k != "SITE_NAME"}
    done = subprocess.run(argv, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "The Courier's own 9124", done.stderr
