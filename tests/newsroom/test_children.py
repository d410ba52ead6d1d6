"""What a child of ours starts in turn does not outlive it, not even when that one is killed during the start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
GRANDCHILD = """
import os, sys, time
from newsroom import children
os.read(int(sys.argv[1]), 1)  # until its parent has ended, or is known to live
children.die_with_leader()
print("lives", flush=True)
"""
CHILD = """
import os, subprocess, sys
ours, theirs = int(sys.argv[1]), sys.argv[2]
child = subprocess.Popen([sys.executable, "-c", theirs, str(ours)], pass_fds=[ours])
if sys.argv[3] == "stays":
    child.wait()
"""


@pytest.mark.parametrize(("parent", "said"), [("stays", "lives\n"), ("ends", "")])
def test_a_grandchild_whose_parent_ended_before_it_asked_the_kernel_ends(parent: str, said: str) -> None:
    ours, theirs = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ours), GRANDCHILD, parent],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[ours],
        start_new_session=True,
    )
    if parent == "ends":
        child.wait(30)
    os.write(theirs, b"x")
    assert child.communicate(timeout=30)[0] == said  # until the grandchild, too, has closed it
    os.close(ours)
    os.close(theirs)
