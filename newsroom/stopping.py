"""A signal reaches the main thread, whichever thread the system hands it to.

Python runs signal handlers in the main thread only. A web worker's main thread waits without end for its
stop; when a thread of the server's own gets the signal, nothing wakes it, and the worker answers on until
it is killed, with what it has begun (seen in every second stop).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading

WAKE = signal.SIGUSR1  # says nothing, only interrupts the wait


def wake_main_thread_on_signals() -> None:
    """Have every signal wake the main thread. Does nothing when called from another thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.signal(WAKE, lambda *_: None)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    main = threading.main_thread().ident or 0
    threading.Thread(target=_wake, args=(told, main), name="signals", daemon=True).start()


def _wake(told: int, main: int) -> None:
    while numbers := os.read(told, 64):  # the numbers of the signals that came
        if any(number != WAKE for number in numbers):
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(main, WAKE)
