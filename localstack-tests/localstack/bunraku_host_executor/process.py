"""A function's process, with everything that it starts itself."""

import errno
import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable


class FunctionProcess:
    """Runs one program in a process group of its own; nothing of the group outlives it.

    Both of its outputs go to one file: so nobody has to read along, and what it wrote before it answered is
    there when the answer is. `on_exit` is called once, with how it ended, from a thread of this class.
    """

    def __init__(
        self,
        program: pathlib.Path,
        environment: dict[str, str],
        log: pathlib.Path,
        on_exit: Callable[[str], None],
    ):
        self._on_exit = on_exit
        self._guard = threading.Lock()
        self._reaped = False
        with open(log, "ab") as output:
            self._process = _start(
                [program],
                cwd=program.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._watcher = threading.Thread(target=self._watch, name=f"function-{self.pid}", daemon=True)
        self._watcher.start()

    def kill(self) -> None:
        """Kill the group and wait until it is gone. Does nothing if it is."""
        with self._guard:
            if not self._reaped:
                _kill_group(self.pid)
        if threading.current_thread() is not self._watcher:
            self._watcher.join()

    def peak_memory(self) -> int:
        """The most memory that the process itself had resident, in MB; 0 if it is gone."""
        try:
            lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)

    def _watch(self) -> None:
        # Left unreaped until its group is gone, too: so long nobody else gets the number.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._guard:
            _kill_group(self.pid)
            code = self._process.wait()
            self._reaped = True
        self._on_exit(_describe(code))


def _start(*arguments, **keywords) -> subprocess.Popen:
    """Start a program that was unpacked a moment ago."""
    for _ in range(50):
        try:
            return subprocess.Popen(*arguments, **keywords)
        except OSError as error:
            # Another thread forks just now, and its child has not yet closed the file that we unpacked.
            if error.errno != errno.ETXTBSY:
                raise
        time.sleep(0.02)
    return subprocess.Popen(*arguments, **keywords)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _describe(code: int) -> str:
    """How a process ended, in Lambda's words."""
    if code >= 0:
        return f"exit status {code}"
    return f"signal: {signal.strsignal(-code) or -code}".lower()
