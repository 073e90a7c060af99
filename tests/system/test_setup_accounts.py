"""The whole setup at a terminal for accounts: a CalDAV server with a password, Google and Microsoft with a sign-in."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

import calsync
from calsync.state.lock import hold
from tests.conftest import NO_KEYRING
from tests.servers.accounts import google_front, microsoft_front
from tests.servers.hand import Hand
from tests.servers.oauth_microsoft import MICROSOFT_APP
from tests.servers.process import ServerProcess
from tests.servers.radicale import start_radicale
from tests.system.office import Office, office
from tests.system.terminal import Terminal, at_terminal
from tests.system.test_sign_in import MAYA, client_file, opened
from tests.system.world import NOW, meeting
from tests.unit.schedule.programs import Machine

AT = NOW.isoformat()
CALSYNC = [sys.executable, "-P", "-W", "error", "-m", "calsync"]
PASSWORD = "s3cret: ünïcode"
KEPT = "Stopped. What you have answered is kept; `calsync setup` goes on there."
Answer = str | Callable[[str], str]
Answers = Mapping[str, Sequence[Answer]]


def number_of(words: str) -> Callable[[str], str]:
    """Choose or tick the row with those words by its number."""

    def chosen(shown: str) -> str:
        found = re.findall(rf"^ *(\d+) (?:\[.\])? *{re.escape(words)}", shown, re.MULTILINE)
        assert found, (words, shown)
        return str(found[-1])

    return chosen


COMMON: Answers = {
    "Your own mail addresses": [MAYA],
    "Where from?": ["1"],
    "Who of them should come": ["1-2"],
    "What should run calsync": ["nothing"],
}


@dataclass
class Going:
    """Somebody at a terminal: each question is answered by the words of it that they know, once, else with Enter.

    `asked` are the questions in order, as they stood on the screen.
    """

    terminal: Terminal
    answers: dict[str, list[Answer]]
    asked: list[str] = field(default_factory=list)

    def until(self, words: str) -> str:
        """Answer until a question with those words stands there unanswered; what was shown of it."""
        while words not in (shown := self._next()):
            assert shown, f"{words!r} was not asked; the screen has:\n{self.terminal.screen[-3000:]}"
            self._reply(shown)
        return shown

    def on(self) -> None:
        """Answer what is asked there."""
        self._reply(self.asked[-1])

    def to_the_end(self) -> int:
        """Answer everything; the exit code."""
        while shown := self._next():
            self._reply(shown)
        return self.terminal.end()

    def next_not_in(self, seen: Collection[str]) -> str:
        """Answer until a question stands there that is not among those of `seen`; "" at the end."""
        while (shown := self._next()) and key_of(shown) in seen:
            self._reply(shown)
        return shown

    def _next(self) -> str:
        shown = self.terminal.prompted()
        if shown:
            self.asked.append(shown)
        return shown

    def _reply(self, shown: str) -> None:
        # The words of a choice stand above its options; of two that are known the later one is asked.
        asked = " ".join(shown.split())
        known = [(asked.rfind(words), words) for words, rest in self.answers.items() if rest and words in asked]
        said = self.answers[max(known)[1]].pop(0) if known else ""
        self.terminal.type(said if isinstance(said, str) else said(shown))


def going(terminal: Terminal, *answers: Answers) -> Going:
    return Going(terminal, {words: list(rest) for one in answers for words, rest in one.items()})


def one_on_ones(put: Callable[[str, bytes], object], *names: str) -> None:
    """Talks of the last weeks with each of those people."""
    for hour, name in enumerate(names, 9):
        for week in (1, 2, 3):
            start = (NOW - timedelta(weeks=week)).replace(hour=hour)
            lines = meeting(f"{name}-{week}@example.com", start, 30, title="Talk").decode().splitlines()
            lines = [line for line in lines if not line.startswith("ATTENDEE")]
            guest = f"ATTENDEE;PARTSTAT=ACCEPTED;CN={name.title()} Berg:mailto:{name}@example.com"
            lines.insert(lines.index("ORGANIZER:mailto:maya@example.com") + 1, guest)
            put(f"{name}-{week}@example.com", ("\r\n".join(lines) + "\r\n").encode())


# --- a CalDAV server ---


@dataclass
class Dav:
    """A leader with an account on Radicale that has three calendars, and a machine with cron."""

    server: ServerProcess
    machine: Machine
    hand: Hand

    @property
    def answers(self) -> Answers:
        return COMMON | {
            "Where is the calendar?": ["another CalDAV server"],
            "The calendar's or the server's address": [self.server.url],
            "The name that you sign in with": ["maya"],
            "Password for": [PASSWORD],
            "Which of these should count": [number_of("Choir")],
            "Which one are blocks written to?": ["Work"],
        }

    @property
    def environment(self) -> dict[str, str]:
        own = {"HOME": str(self.machine.home), "PATH": str(self.machine.bin), "TZ": "Europe/Berlin", "LANG": "C.UTF-8"}
        return own | NO_KEYRING | {"PYTHONPATH": str(Path(calsync.__file__).parents[1]), "TERM": "xterm"}

    def fresh(self) -> None:
        """Three calendars with some talks in one of them, and a home with nothing in it."""
        for name in ("work", "home", "choir"):
            self.hand.ask("DELETE", f"/maya/{name}/")
            self.hand.make_calendar(f"/maya/{name}/", name.title())
        one_on_ones(lambda uid, data: self.hand.put("/maya/work/", f"{uid}.ics", data), "ana", "bo", "chiara")

    def setup(self, *options: str, **more: str) -> AbstractContextManager[Terminal]:
        command = [*CALSYNC, "setup", "--now", AT, *options]
        return at_terminal(command, self.environment | more, self.machine.home)

    def events(self) -> dict[str, list[str]]:
        return {name: self.hand.names(f"/maya/{name}/") for name in ("work", "home", "choir")}

    @property
    def config(self) -> Path:
        return self.machine.home / ".config" / "calsync" / "config.yaml"

    @property
    def draft(self) -> Path:
        return self.config.with_name("config.yaml.unfinished")

    @property
    def state(self) -> Path:
        return self.machine.home / ".local" / "state" / "calsync"


@pytest.fixture(scope="module")
def dav_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = start_radicale(tmp_path_factory.mktemp("radicale"), {"maya": PASSWORD})
    yield server
    server.stop()


@pytest.fixture
def dav(dav_server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dav:
    hand = Hand(dav_server.url, "maya", PASSWORD)
    hand.ask("PROPFIND", "/maya/", None, {"Depth": "0"})
    made = Dav(dav_server, Machine(tmp_path, monkeypatch, "crontab"), hand)
    made.fresh()
    return made


def test_a_caldav_account_from_the_first_question_to_the_second_night(dav: Dav) -> None:
    before = dav.events()
    with dav.setup() as terminal:
        answers = {"Password for": ["wrong", PASSWORD], "What should run calsync": ["cron"]}
        leader = going(terminal, dav.answers, answers)
        assert "refuses the user name or the password\n  try again\n" in leader.until("What now?")
        leader.on()
        leader.until("Your time zone")
        assert f"Work: {dav.server.url}maya/work/; blocks" in terminal.screen
        assert "Work can be written: a test event was made there and removed again." in terminal.screen
        assert dav.events() == before
        leader.on()
        leader.until("Write it now?")
        assert dav.events() == before
        assert not dav.config.exists()
        assert dav.machine.crontab is None
        leader.on()
        assert leader.to_the_end() == 0
        assert PASSWORD not in terminal.raw
        assert "wrong" not in terminal.raw
        assert "4 writes done" in terminal.screen
    text = dav.config.read_text("utf-8")
    assert PASSWORD not in text
    assert re.findall(r"(?:- |\{)name: (\w+)", text) == ["Work", "Home", "Ana", "Bo"]
    assert re.findall(r'url: "(.+)"', text) == [f"{dav.server.url}maya/work/", f"{dav.server.url}maya/home/"]
    assert dav.machine.crontab is not None
    assert b"nightly --if-due 04:15" in dav.machine.crontab
    after = dav.events()
    assert len(after["work"]) == len(before["work"]) + 4
    assert [after["home"], after["choir"]] == [[], []]
    assert sorted(path.name for path in dav.config.parent.iterdir()) == ["config.yaml"]
    with at_terminal([*CALSYNC, "nightly", "--now", AT], dav.environment, dav.machine.home) as terminal:
        assert terminal.end() == 0
        assert "Nothing to change" in terminal.screen
    assert dav.events() == after


def key_of(shown: str) -> str:
    """What tells one question from the others, whatever its default is: with its options, where it has some."""
    lines = [line for line in shown.splitlines() if line.strip()]
    if not lines[-1].startswith(("Which one", "Numbers to tick")):
        return lines[-1].rpartition("[")[0] or lines[-1]
    begin = max(at for at, line in enumerate(lines) if re.match(r" +1 ", line))
    return "\n".join(lines[max(0, begin - 1) :])


@pytest.mark.slow
def test_ctrl_c_at_every_question_and_going_on_ends_where_no_stop_would_have(dav: Dav) -> None:
    before = dav.events()
    with dav.setup() as terminal:
        leader = going(terminal, dav.answers)
        assert leader.to_the_end() == 0
    questions = [key_of(shown) for shown in leader.asked]
    assert len(questions) > 20
    config, blocks = dav.config.read_bytes(), blocks_of(dav)
    for path in (dav.config, *sorted(dav.state.rglob("*"), reverse=True)):
        path.rmdir() if path.is_dir() else path.unlink()
    dav.fresh()
    for question in dict.fromkeys(questions):
        with dav.setup() as terminal:
            leader = going(terminal, dav.answers)
            while key_of(leader.until(": ")) != question:
                leader.on()
            assert terminal.interrupt() == 130, question
            told = terminal.new.replace("^C", "").strip()
            assert told == (KEPT if dav.draft.exists() else "Stopped. Nothing was written."), question
        assert dav.events() == before, question
        assert not dav.config.exists()
    with dav.setup() as terminal:
        assert going(terminal, dav.answers).to_the_end() == 0
    assert dav.config.read_bytes() == config
    assert blocks_of(dav) == blocks


def blocks_of(dav: Dav) -> list[tuple[str, str]]:
    """The begin and the rule of every block on the server; names and stamps are new each time."""
    texts = [dav.hand.get("/maya/work/", name).decode() for name in dav.hand.names("/maya/work/") if name[:2] == "cs"]
    found = [(re.search(r"DTSTART.*", text), re.search(r"RRULE.*", text)) for text in texts]
    return sorted((begin[0] if begin else "", rule[0] if rule else "") for begin, rule in found)


# --- Google and Microsoft ---


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Office]:
    with google_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        client_file(tmp_path)
        front.calendars.add_calendar("team@group.calendar.google.com", "Team")
        front.calendars.add_calendar("days@group.calendar.google.com", "Holidays", role="reader")
        bo = {"names": [{"displayName": "Bo Berg"}], "emailAddresses": [{"value": "bo@example.com"}]}
        front.calendars.connections = [bo]
        yield place


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[Office]:
    with microsoft_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        front.calendars.scopes.add("People.Read")
        front.calendars.add_calendar("Team")
        bo = {"displayName": "Bo Berg", "scoredEmailAddresses": [{"address": "bo@example.com"}]}
        front.calendars.directory.people = [bo | {"personType": {"class": "Person", "subclass": "OrganizationUser"}}]
        yield place


def setup_in(place: Office, *options: str, **more: str) -> AbstractContextManager[Terminal]:
    start = [*CALSYNC, "--config", str(place.folder / "config.yaml"), "--state", str(place.state)]
    own = {"HOME": str(place.folder), "TZ": "UTC", "TERM": "xterm"} | NO_KEYRING
    return at_terminal(
        [*start, "setup", "--now", AT, *options], place.environment | own | more, place.folder, columns=200
    )


GOOGLE: Answers = COMMON | {
    "Where is the calendar?": ["Google Calendar"],
    "Your address at Google": [MAYA],
    "The client's file": ["client.json"],
    "Which of these should count": [number_of("Team")],
    "Where from?": ["your Google", "those"],
    "Who of them should come": ["1", "1"],
}
MICROSOFT: Answers = COMMON | {
    "Where is the calendar?": ["Microsoft"],
    "Your address at Microsoft": [MAYA],
    "The application's id": [MICROSOFT_APP],
    "May calsync also see": ["y"],
    "Which of these should count": [number_of("Team")],
    "Where from?": ["whom your", "those"],
    "Who of them should come": ["1", "1"],
}


def test_a_google_account_from_the_first_question_to_the_second_night(google: Office) -> None:
    server = google.front.calendars
    one_on_ones(lambda uid, data: server.hand.put("primary", uid, data), "ana")
    before = server.hand.names("primary")
    with setup_in(google) as terminal:
        leader = going(terminal, GOOGLE)
        assert "Holidays (read only)" in leader.until("Which of these should count")
        leader.on()
        leader.until("Your time zone")
        assert "google can be written: a test event was made there and removed again." in terminal.screen
        assert server.hand.names("primary") == before
        leader.on()
        assert "The sign-in does not include whom the account knows." in leader.until("Sign in again")
        leader.on()
        leader.until("Write it now?")
        assert server.hand.names("primary") == before
        leader.on()
        assert leader.to_the_end() == 0
        assert "In the rotation: Bo Berg, Ana Berg." in terminal.screen
    assert opened(google).count("accounts.google.com") == 4  # the page and its form, twice
    assert server.mailed == []
    written = google.folder.joinpath("config.yaml").read_text("utf-8")
    assert re.findall(r"  - name: (\w+)", written) == ["google", "Team"]
    second_night(google, before, "primary")


def test_a_microsoft_account_from_the_first_question_to_the_second_night(microsoft: Office) -> None:
    server = microsoft.front.calendars
    one_on_ones(lambda uid, data: server.hand.put(server.calendar, uid, data), "ana")
    before = server.hand.names(server.calendar)
    with setup_in(microsoft) as terminal:
        leader = going(terminal, MICROSOFT)
        leader.until("Your time zone")
        assert "office can be written: a test event was made there and removed again." in terminal.screen
        assert server.hand.names(server.calendar) == before
        leader.on()
        assert "[mon-fri 09:00-17:00]" in " ".join(leader.until("Your working hours").split())
        leader.on()
        leader.until("Write it now?")
        assert server.hand.names(server.calendar) == before
        leader.on()
        assert leader.to_the_end() == 0
        assert "In the rotation: Bo Berg, Ana Berg." in terminal.screen
    assert server.mailed == []
    assert 'mon-fri: "09:00-17:00"' in microsoft.folder.joinpath("config.yaml").read_text("utf-8")
    second_night(microsoft, before, server.calendar)


def second_night(place: Office, before: list[str], calendar: str) -> None:
    """The setup has written blocks, with nobody invited; the night after it writes nothing."""
    hand = place.front.calendars.hand
    after = hand.names(calendar)
    new = [hand.ical(calendar, name) for name in after if name not in before]
    assert len(new) == 4
    assert not any(b"ATTENDEE" in text for text in new)
    night = place.run("nightly", "--json", "--now", AT)
    assert night.code == 0, night.stderr
    assert night.json()["written"] == 0
    assert hand.names(calendar) == after


def stopped_at_every_question(
    setup: Callable[[], AbstractContextManager[Terminal]],
    answers: Answers,
    untouched: Callable[[], object],
    config: Path,
) -> set[str]:
    """Stop at each question once, by Ctrl-C, and go on, to the end of the setup; the questions.

    Until then `untouched` stays what it is, and there is no configuration.
    """
    before, seen = untouched(), set[str]()
    while True:
        with setup() as terminal:
            leader = going(terminal, answers)
            shown = leader.next_not_in(seen)
            if not shown:
                assert terminal.end() == 0
                return seen
            seen.add(key_of(shown))
            assert terminal.interrupt() == 130, shown
            assert "Stopped. " in terminal.new
            assert "Traceback" not in terminal.screen
        assert untouched() == before, shown
        assert not config.exists()


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["google", "microsoft"])
def test_ctrl_c_at_every_question_of_a_sign_in_too_costs_nothing(vendor: str, request: pytest.FixtureRequest) -> None:
    place: Office = request.getfixturevalue(vendor)
    server, answers = place.front.calendars, GOOGLE if vendor == "google" else MICROSOFT
    calendar = "primary" if vendor == "google" else server.calendar
    one_on_ones(lambda uid, data: server.hand.put(calendar, uid, data), "ana")
    before, config = server.hand.names(calendar), place.folder / "config.yaml"
    asked = stopped_at_every_question(lambda: setup_in(place), answers, lambda: server.hand.names(calendar), config)
    assert len(asked) > 20
    assert server.mailed == []
    stopped = config.read_bytes()
    second_night(place, before, calendar)
    assert place.run("uninstall", "--everything", "--yes", "--now", AT).code == 0
    assert server.hand.names(calendar) == before
    config.unlink()
    with setup_in(place) as terminal:
        assert going(terminal, answers).to_the_end() == 0
    assert config.read_bytes() == stopped


# --- what goes wrong on the way ---


def test_answers_about_an_account_that_did_not_do_are_asked_for_again(microsoft: Office) -> None:
    with setup_in(microsoft) as terminal:
        leader = going(terminal, MICROSOFT, {"Your organisation's tenant": ["nowhere.example"]})
        assert "Microsoft knows no tenant nowhere.example (AADSTS90002)" in leader.until("What now?")
        terminal.type("answer the questions")
        assert "Which one [2]: " in leader.until("Where is the calendar?")
        terminal.type()
        assert f"[{MAYA}]" in leader.until("Your address at Microsoft")
        terminal.type()
        leader.until("The application's id")
        leader.on()
        leader.until("Your time zone")
        assert "office can be written" in terminal.screen
        assert terminal.interrupt() == 130


def test_calendars_that_were_not_ticked_yet_are_ticked_after_a_stop(dav: Dav) -> None:
    with dav.setup() as terminal:
        going(terminal, dav.answers).until("Which of these should count")
        assert terminal.interrupt() == 130
    with dav.setup() as terminal:
        leader = going(terminal, dav.answers)
        assert "Choir" in leader.until("Which of these should count")
        leader.on()
        leader.until("Your time zone")
        assert "Work can be written" in terminal.screen
        assert terminal.interrupt() == 130


def test_a_night_under_way_and_a_scheduler_that_refuses_cost_no_answer(dav: Dav) -> None:
    with dav.setup() as terminal:
        leader = going(terminal, dav.answers, {"What should run calsync": ["cron"]})
        leader.until("From what time of the night")
        with hold(dav.state):
            leader.on()
            assert leader.to_the_end() == 75
        assert "another calsync run is using" in terminal.screen
    dav.machine.says("crontab.mood", "full")
    with dav.setup() as terminal:
        leader = Going(terminal, {})
        assert "Answered already: calendars, hours and holidays" in leader.until("Write it now?")
        leader.on()
        assert leader.to_the_end() == 3
        assert "no space left" in terminal.new
        assert "4 writes done" in terminal.screen
    assert dav.config.exists()
    assert not dav.draft.exists()


def test_a_stopped_change_of_a_configuration_goes_on_at_the_list_and_changes_its_line_alone(dav: Dav) -> None:
    before = (
        "# mine\ntimezone: Europe/Berlin # where I live\n"
        "calendars: [{name: Work, provider: caldav, write: true, username: maya, "
        f"url: '{dav.server.url}maya/work/'}}]\n"
        "working_hours:\n  mon-thu: 09:00-17:00 # long\n  fri: 09:00-13:00 # short\nme: [maya@example.com]\n"
    )
    dav.config.parent.mkdir(parents=True)
    dav.config.write_text(before, "utf-8")
    secret = {"CALSYNC_SECRET_WORK": PASSWORD}
    with dav.setup(**secret) as terminal:
        leader = going(
            terminal,
            {
                "What do you want to change?": ["Hours"],
                "Your working hours": ["mon-thu 09:00-17:00; fri 09:00-12:00"],
            },
        )
        leader.until("Whose public holidays")
        assert terminal.interrupt() == 130
    assert dav.config.read_text("utf-8") == before
    with dav.setup(**secret) as terminal:
        leader = Going(terminal, {})
        assert "What you changed before you stopped is kept" in " ".join(
            leader.until("What do you want to change?").split()
        )
        leader.on()
        assert leader.to_the_end() == 0
        assert "Write it now?" not in terminal.screen
    assert dav.config.read_text("utf-8") == before.replace("fri: 09:00-13:00", 'fri: "09:00-12:00"')


def test_a_second_setup_at_the_same_time_is_refused(dav: Dav) -> None:
    with dav.setup() as first, dav.setup() as second:
        # Which of the two came first is theirs to say.
        shown = {terminal: terminal.prompted() for terminal in (first, second)}
        refused, other = (first, second) if not shown[first] else (second, first)
        assert shown[other]
        assert refused.end() == 75
        assert "another setup of the configuration in" in refused.screen
        assert other.interrupt() == 130


def test_a_setup_that_is_killed_and_one_that_ctrl_d_ends_go_on_where_they_were(dav: Dav) -> None:
    before = dav.events()
    for question in ("Which one are blocks written to?", "Your working hours", "How often would you like"):
        with dav.setup() as terminal:
            going(terminal, dav.answers).until(question)
        # Leaving a terminal kills what runs on it.
    with dav.setup() as terminal:
        assert "calendars, hours and holidays, blocks;" in " ".join(going(terminal, {}).until("Where from?").split())
        terminal.press("\x04")
        assert terminal.end() == 130
        assert terminal.new.strip() == KEPT
    assert dav.events() == before
    with dav.setup() as terminal:
        assert going(terminal, dav.answers).to_the_end() == 0
    text = dav.config.read_text("utf-8")
    assert re.findall(r"(?:- |\{)name: (\w+)", text) == ["Work", "Home", "Ana", "Bo"]
    assert len(dav.events()["work"]) == len(before["work"]) + 4
