"""A task of the Windows Task Scheduler, made from its XML."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from calsync.errors import StateError
from calsync.schedule.calling import call, has
from calsync.schedule.job import Job, Placed

__all__ = [
    "command_of",
    "fits",
    "place",
    "present",
    "preview",
    "take",
    "task_bytes",
    "task_name",
    "task_text",
    "where",
    "words_of",
]

_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>The night of calsync; `calsync schedule remove` takes it away. Mark: {mark}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T00:{minute:02}:00</StartBoundary>
      <Repetition>
        <Interval>PT1H</Interval>
        <Duration>P1D</Duration>
      </Repetition>
      <RandomDelay>PT2M</RandomDelay>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions>
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def fits(_environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether this machine has the Task Scheduler, and why (not)."""
    if os.name == "nt" and has("schtasks"):
        return True, "the Task Scheduler makes up for what was missed while the machine was off"
    return False, "the Task Scheduler is Windows', and this is not Windows"


def task_name(job_id: str) -> str:
    """The task's name."""
    return f"calsync-{job_id}"


def where(job_id: str) -> str:
    """Where the task is."""
    return f"the task {task_name(job_id)} in the Task Scheduler"


def task_text(job: Job) -> str:
    """The task. It runs while you are logged in; what your account has in its environment, it has too."""
    program, *arguments = job.command
    return _TASK.format(
        mark=job.id,
        minute=job.minute,
        program=escape(program),
        arguments=escape(subprocess.list2cmdline(arguments)),
        folder=escape(str(job.state)),
    )


def task_bytes(job: Job) -> bytes:
    """The file for schtasks: UTF-16 with its mark, and the ends of lines that Windows has."""
    return b"\xff\xfe" + task_text(job).replace("\n", "\r\n").encode("utf-16-le")


def command_of(text: str) -> tuple[str, ...]:
    """The command of a task's XML; () when there is none that can be read."""
    program, arguments = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Command", "Arguments"))
    if program is None:
        return ()
    return (unescape(program[1]), *(words_of(unescape(arguments[1])) if arguments else ()))


def words_of(line: str) -> list[str]:
    """The words of a Windows command line, as C programs there take it apart."""
    words, word, quoted, there = [], "", False, False
    for slashes, sign in re.findall(r"(\\*)([^\\]|$)", line):
        if sign == '"':
            word += "\\" * (len(slashes) // 2)
            there = True
            if len(slashes) % 2:
                word += '"'
            else:
                quoted = not quoted
            continue
        word += slashes
        there = there or bool(slashes)
        if sign in ("", " ", "\t") and not quoted:
            if there:
                words.append(word)
            word, there = "", False
        else:
            word += sign
            there = True
    return words


def preview(job: Job) -> str:
    """The task's XML."""
    return task_text(job).rstrip("\n")


def place(job: Job) -> None:
    """Give the task to the scheduler, in the place of an older one. Raises StateError."""
    with tempfile.TemporaryDirectory(prefix="calsync-") as folder:
        path = Path(folder) / "task.xml"
        path.write_bytes(task_bytes(job))
        ended = call("schtasks", "/Create", "/TN", task_name(job.id), "/XML", str(path), "/F")
    if ended.code != 0:
        raise StateError(
            f"schtasks /Create: {ended.complaint}",
            "see whether this account may make tasks, then run the command again",
        )


def present(job_id: str) -> Placed | None:
    """The task as the scheduler has it, None when there is none."""
    if not has("schtasks"):
        return None
    ended = call("schtasks", "/Query", "/TN", task_name(job_id), "/XML")
    if ended.code != 0:
        return None
    text = _decoded(ended.out)
    begin = re.search(r"<StartBoundary>[^<]*T\d\d:(\d\d)", text)
    problems = ["the task is switched off"] if re.search(r"<Enabled>\s*false", text) else []
    if begin is None:
        problems.append("the task was changed by hand: when it runs cannot be told")
    return Placed(
        where(job_id),
        text.strip().replace("\r\n", "\n"),
        command_of(text),
        int(begin[1]) if begin else 0,
        tuple(problems),
    )


def take(job_id: str, *, dry_run: bool) -> list[str]:
    """Take the task from the scheduler; what was taken, a line each. Raises StateError."""
    if present(job_id) is None:
        return []
    if not dry_run:
        ended = call("schtasks", "/Delete", "/TN", task_name(job_id), "/F")
        if ended.code != 0:
            raise StateError(f"schtasks /Delete: {ended.complaint}", "remove the task in the Task Scheduler")
    return [where(job_id)]


def _decoded(data: bytes) -> str:
    """What schtasks answers: UTF-16 or the code page of the console, by the version of Windows."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-8", "replace")
