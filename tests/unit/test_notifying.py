"""What is sent, byte for byte, to whom; and that nothing of a URL shows when it fails."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from calsync.digest import Message
from calsync.errors import UsageError
from calsync.notifying import send, unknown
from tests.servers.inbox import Inbox, inbox

MESSAGE = Message("calsync: Mon 9 Nov", "14:00-14:30 connect\n`calsync today` says whom.")
SECRET = "hush-hush-token"
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as one:
        yield one


def test_a_message_goes_out_as_it_is_and_nothing_with_it(box: Inbox) -> None:
    assert send([box.url("to/me")], MESSAGE) == []
    ((method, path, headers, body),) = box.came
    assert (method, path) == ("POST", "/to/me")
    assert headers["User-Agent"] == "calsync"
    assert json.loads(body) == {
        "version": "1.0",
        "title": "calsync: Mon 9 Nov",
        "message": "14:00-14:30 connect\n`calsync today` says whom.",
        "attachments": [],
        "type": "info",
    }
    assert body == (
        b'{"version": "1.0", "title": "calsync: Mon 9 Nov", '
        b'"message": "14:00-14:30 connect\\n`calsync today` says whom.", "attachments": [], "type": "info"}'
    )


def test_each_url_is_asked_once_and_one_that_fails_keeps_no_other_from_it(box: Inbox) -> None:
    failed = send(["json://127.0.0.1:1/closed", box.url("a"), box.url("b")], MESSAGE)
    assert [path for _, path, _, _ in box.came] == ["/a", "/b"]
    assert [error.what for error in failed] == ["notify[#1] (json): the notice was not sent: no answer"]
    assert failed[0].exit_code == 3


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_server_that_refuses_is_told_by_its_answer_without_the_url(
    box: Inbox, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    box.status = status
    (error,) = send([f"json://maya:{SECRET}@127.0.0.1:{box.port}/{SECRET}"], MESSAGE)
    assert error.what == f"notify[#1] (json): the notice was not sent: the server answered {status}"
    assert SECRET not in error.what + error.next_step
    assert capfd.readouterr() == ("", ""), "what Apprise logs goes nowhere"


def test_no_other_host_is_asked_even_when_the_server_says_so(box: Inbox) -> None:
    with inbox() as other:
        box.status, box.location = 307, f"http://127.0.0.1:{other.port}/elsewhere"
        (error,) = send([box.url()], MESSAGE)
        assert error.what.endswith("the server answered 307")
        assert other.came == []


def test_a_server_that_never_ends_its_answer_is_given_so_much_time_and_no_more(box: Inbox) -> None:
    box.hangs = True
    (error,) = send([box.url(SECRET)], MESSAGE, patience=0.3)
    assert error.what == "notify[#1] (json): the notice was not sent: no answer within 0.3 seconds"


@pytest.mark.parametrize("url", [f"nonsense://{SECRET}", f"tgram://{SECRET}", f"json://{SECRET}:{SECRET}:1/"])
def test_a_url_that_apprise_cannot_use_is_named_by_its_number_and_kind(url: str) -> None:
    (error,) = send([url], MESSAGE, patience=5)
    assert error.what.startswith(f"notify[#1] ({url.partition(':')[0]}): the notice was not sent: ")
    assert SECRET not in error.what + error.next_step


def test_without_apprise_the_error_has_the_command_for_each_way_of_installing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # as Python marks what cannot be imported
    with pytest.raises(UsageError) as failure:
        send(["json://127.0.0.1:1/"], MESSAGE)
    assert failure.value.what == "notify: what sends notices is not installed"
    for command in (
        "or pip install '.[notify]'",
        "pipx inject calsync apprise",
        "uv tool install '.[notify]'",
    ):
        assert command in failure.value.next_step


def test_an_apprise_that_is_too_old_is_told_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_options: object) -> None:
        raise AttributeError("AppriseAsset init(): An invalid key http_redirects was specified.")

    old = ModuleType("apprise")
    old.__dict__.update(__version__="1.2.0", AppriseAsset=refused, PersistentStoreMode=SimpleNamespace(MEMORY=""))
    monkeypatch.setitem(sys.modules, "apprise", old)
    for ask in (lambda: send(["json://127.0.0.1:1/"], MESSAGE), lambda: unknown(["json://127.0.0.1:1/"])):
        with pytest.raises(UsageError) as failure:
            ask()
        assert failure.value.what == "notify: Apprise 1.2.0 is installed, which is too old to be kept to a host"
        assert "pipx runpip calsync install --upgrade apprise" in failure.value.next_step


def test_the_listener_is_one_however_often_something_is_sent(box: Inbox) -> None:
    for _ in range(3):
        send([box.url()], MESSAGE)
    assert [type(h).__name__ for h in logging.getLogger("apprise").handlers].count("_Listener") == 1


def test_apprise_knows_every_url_that_the_page_gives() -> None:
    import warnings

    import apprise

    table = (PROJECT / "docs" / "notices.md").read_text("utf-8").partition("\n## URLs\n")[2].partition("\n## ")[0]
    urls = re.findall(r"`([a-z]+://[^`]+)`", table)
    assert len(urls) >= 8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [url for url in urls if not apprise.Apprise.instantiate(url)] == []
