"""Create the virtual environment and fill it, showing how far it is.

Standard library only: runs before anything is installed, started by path as
``python3 -P portal/bootstrap.py requirements.txt``. Does nothing, and says
nothing, when the environment already holds what the files ask for.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

STAMP_NAME = "installed.json"
LOG_NAME = "install.log"
LOG_TAIL_LINES = 25
POLL_SECONDS = 0.5
NO_VENV = """\
This Python ({python}) cannot create virtual environments: its module {module} is missing.
  Debian, Ubuntu:  apt install python3-venv     (as root; then run the same command again)
  elsewhere:       install a complete Python 3.11 or newer, and name it if need be:
                   make run PYTHON=/path/to/python3"""


class CannotInstall(Exception):
    """Something outside this program must be put right first; the message says what."""


def pinned_files(requirements: Path) -> list[Path]:
    """Return the file and those it includes with ``-r``, in order of reading."""
    found = [requirements]
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += pinned_files(requirements.parent / line[3:].strip())
    return found


def fingerprint(requirements: Path) -> str:
    """Return a hash of everything that decides what gets installed."""
    digest = hashlib.sha256(sys.version.encode())
    for path in pinned_files(requirements):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def count_packages(requirements: Path) -> int:
    """Return how many packages the files pin."""
    lines = [
        line
        for path in pinned_files(requirements)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return len({re.split(r"[=\[]", line)[0] for line in lines if re.match(r"[A-Za-z].*==", line)})


class Progress:
    """One line that is written over on a terminal, and now and then a line elsewhere."""

    def __init__(self) -> None:
        self.on_terminal = sys.stdout.isatty()
        self.started = time.monotonic()
        self.last_shown = self.started
        self.columns = shutil.get_terminal_size().columns - 1

    def show(self, text: str) -> None:
        """Show the state; elsewhere than on a terminal at most every five seconds."""
        now = time.monotonic()
        line = f"      {now - self.started:4.0f} s  {text}"
        if self.on_terminal:
            print(f"\r{line[: self.columns]:<{self.columns}}", end="", flush=True)
        elif now - self.last_shown >= 5:
            self.last_shown = now
            print(line, flush=True)

    def finish(self, text: str) -> None:
        """Show the last state and end the line."""
        elapsed = time.monotonic() - self.started
        start = f"\r{'':<{self.columns}}\r" if self.on_terminal else ""
        print(f"{start}      {text} in {elapsed:.0f} s", flush=True)


def has_pip(python: Path) -> bool:
    """Tell whether an environment made earlier still works."""
    probe = [str(python), "-c", "import pip"]
    return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0


def create_environment(folder: Path) -> Path:
    """Make the virtual environment if there is none that works; return its Python."""
    python = folder / "bin" / "python"
    if python.exists() and has_pip(python):
        return python
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise CannotInstall(NO_VENV.format(python=sys.executable, module=module))
    print(f"Creating {folder} with Python {sys.version.split()[0]} ...", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", folder],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        raise CannotInstall(
            f"{made.stdout.strip()}\n\n" + NO_VENV.format(python=sys.executable, module="ensurepip")
        )
    return python


def install(python: Path, requirements: Path, folder: Path) -> None:
    """Let pip install the pinned set; what it says goes to a log file."""
    total = count_packages(requirements)
    print(f"Installing {total} packages from {requirements.name} ...", flush=True)
    command = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "-r", str(requirements)]
    log = folder / LOG_NAME
    progress = Progress()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        while still_running(process):
            progress.show(state_of(log.read_text(encoding="utf-8", errors="replace"), total))
    if process.returncode:
        progress.finish("pip gave up")
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        raise CannotInstall(
            "\n".join(tail) + f"\n\nInstalling failed; the whole log is {log}.\n"
            "Is the network there? Nothing is lost: run the same command again."
        )
    progress.finish("done")


def still_running(process: "subprocess.Popen[bytes]") -> bool:
    """Wait a moment; tell whether the process still runs."""
    try:
        process.wait(timeout=POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def state_of(log: str, total: int) -> str:
    """Return in words how far pip is, from what it has printed."""
    if "\nInstalling collected packages" in log:
        return "unpacking (the longest part)"
    found = re.findall(r"^(?:Collecting|Requirement already satisfied:) ([\w.-]+)", log, re.M)
    return f"{min(len(set(found)), total)} of {total} found  {found[-1] if found else ''}"


def main() -> int:
    """Bring the environment up to what the file asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--folder", type=Path, default=Path(".venv"))
    options = parser.parse_args()
    stamp = options.folder / STAMP_NAME
    wanted = {path.name: fingerprint(path) for path in pinned_files(options.requirements)}
    present = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    if all(present.get(name) == value for name, value in wanted.items()):
        return 0
    try:
        python = create_environment(options.folder)
        install(python, options.requirements, options.folder)
    except CannotInstall as problem:
        print(problem, file=sys.stderr)
        return 1
    stamp.write_text(json.dumps({**present, **wanted}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
