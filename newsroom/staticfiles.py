"""Static files under names that carry their hash, with our own ones compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

NOT_COMPRESSED = ("admin/", "ninja/")  # the desk's: brotli would take ten seconds for them


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Compresses what readers load and leaves the desk's files alone."""

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Return the compressed files' names, as whitenoise does."""
        return super().compress_files([path for path in paths if not path.startswith(NOT_COMPRESSED)])  # type: ignore[no-any-return]


def collect(root: Path) -> None:
    """Collect static files into `root` when they differ from what was collected last."""
    stamp, found = root / ".collected", _fingerprint()
    if stamp.exists() and stamp.read_text() == found:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(found)


def _fingerprint() -> str:
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()  # type: ignore[attr-defined]
            seen.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return seen.hexdigest()
