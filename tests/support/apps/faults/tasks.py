"""Jobs that a test holds, starves and kills. Needs the app `ledger` for its effects."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import frappe
from ledger.tasks import insert


def record_when(number, folder):
    """An effect that is written at once and committed when the test says so."""
    insert(number)
    begun(number, folder)
    while not Path(folder, "go").exists():
        time.sleep(0.01)


def begun(number, folder):
    """Tell the test which process runs the job; an attempt a line."""
    with Path(folder, f"begun-{number}").open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")


def hold(number, folder):
    """As `record_when`, with nothing written before the test says so."""
    begun(number, folder)
    while not Path(folder, "go").exists():
        time.sleep(0.01)
    insert(number)


def kill_itself(number, folder):
    """Takes its worker down, each time."""
    begun(number, folder)
    os.kill(os.getpid(), signal.SIGKILL)


def occupy(seconds):
    """A long job."""
    time.sleep(seconds)


def stamp(number, folder):
    """Tells when it began."""
    Path(folder, f"stamp-{number}").write_text(f"{time.time()}", encoding="ascii")


def hang_in_c(folder):
    """Waits in C for what never comes, holding the interpreter's lock, with a child that would outlive it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(folder, "pids").write_text(f"{os.getpid()} {child.pid}", encoding="ascii")
    mutex = ctypes.create_string_buffer(64)
    libc = ctypes.PyDLL(None)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


def take_place(folder, places, seconds):
    """Takes one of so many places for a while; tells if none was free. Who dies gives its place back."""
    for number in range(places):
        with Path(folder, f"place-{number}").open("a", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            time.sleep(seconds)
            return
    Path(folder, "too-many").touch()


def fail(number):
    """Fails, always."""
    raise ValueError(f"{number} fails")


def wait_for_a_row(number, other):
    """Writes, and waits for whoever has the other row locked."""
    insert(number)
    frappe.db.sql("select name from `tabEffect` where number = %s for update", other)
