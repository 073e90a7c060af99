"""calsync never writes to anybody but its leader: it asks for no permission to, and there is no code that could.

The leader's own notices go through one module, to the URLs of `notify` and to nothing else.
"""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import pytest

from providers.google import scopes as google
from providers.microsoft import clouds as microsoft

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for room in ("calsync", "providers") for p in (PROJECT / room).rglob("*.py"))
GOOGLE = re.compile(r"https://www\.googleapis\.com/auth/(calendar(\.[a-z.]+)?|contacts\.readonly|directory\.readonly)")
MICROSOFT = re.compile(r"Calendars\.(Read|ReadWrite)(\.Shared)?|User\.Read(Basic\.All)?|People\.Read(\.All)?")
MESSENGERS = {
    "smtplib",
    "imaplib",
    "poplib",
    "nntplib",
    "email.mime",
    "aiosmtplib",
    "slack_sdk",
    "telegram",
    "apprise",
    "twilio",
}
NOTICES = PROJECT / "calsync" / "notifying.py"
CALLERS = {
    "calsync/cli/coming.py": ["desk.config.notify"],
    "calsync/cli/night.py": ["desk.config.notify"],
    "calsync/doctor/outlets.py": [],
}
"""Who uses the module that sends, and to whom they send; the doctor asks it whether it knows the URLs."""
CALLS = re.compile(
    r"""sendmail|send_mail|send_message|/me/sendMail|/messages\b|/chats\b|/channels/|gmail\.(?!com\b)|chat\.postMessage
    |mail\.(send|readwrite)|chat\.(create|readwrite)|sendUpdates=["']?(all|externalOnly)|sendNotifications=["']?true
    |["']attendees["']\s*:""",
    re.IGNORECASE | re.VERBOSE,
)


def test_no_permission_of_google_speaks_of_mail_or_chat() -> None:
    for write, primary, people in product((False, True), repeat=3):
        for scope in google.scopes_for(write=write, primary=primary, people=people):
            assert GOOGLE.fullmatch(scope), scope
            assert write or scope.endswith((".readonly", ".freebusy")), f"{scope} is more than reading"


def test_no_permission_of_microsoft_speaks_of_mail_or_chat() -> None:
    for write, people in product((False, True), repeat=2):
        for scope in microsoft.scopes_for(write=write, people=people):
            assert MICROSOFT.fullmatch(scope), scope
            assert write or "Write" not in scope


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_no_module_can_send_or_invite(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not CALLS.search(text), CALLS.search(text)
    for node in ast.walk(ast.parse(text)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            found = {m for m in MESSENGERS if name == m or name.startswith(f"{m}.")}
            assert found <= ({"apprise"} if path == NOTICES else set()), name


def test_notices_go_to_the_urls_of_the_configuration_and_to_no_other() -> None:
    """Whoever calls the one module that sends gives it `config.notify`, as it stands."""
    texts = {str(path.relative_to(PROJECT)): path.read_text("utf-8") for path in SOURCES if path != NOTICES}
    assert {name for name, text in texts.items() if "calsync.notifying" in text} == CALLERS.keys()
    for name, to in CALLERS.items():
        calls = [
            node
            for node in ast.walk(ast.parse(texts[name]))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "send"
        ]
        assert [ast.unparse(call.args[0]) for call in calls] == to


def test_every_write_to_google_tells_nobody() -> None:
    """Each call that changes an event says so itself: the default of the API would do for some and not for others."""
    text = (PROJECT / "providers" / "google" / "writing.py").read_text("utf-8")
    writes = re.findall(r"events\.(?:insert|update|patch|delete|move|quickAdd|import_)\(.*?\)\n", text, re.DOTALL)
    assert len(writes) >= 3
    assert all('sendUpdates="none"' in one for one in writes)


@pytest.mark.parametrize(
    "text",
    [
        "service.users().messages().send_message(x)",
        "POST /me/sendMail",
        'sendUpdates="all"',
        "{'attendees': []}",
        "gmail.send",
    ],
)
def test_the_search_would_find_one(text: str) -> None:
    assert CALLS.search(text)
