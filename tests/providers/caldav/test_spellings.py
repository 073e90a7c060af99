"""Hrefs, ETags, challenges and cursors: pure functions against what servers really send."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import Malformed, NotFound, SignInNeeded, Unreachable
from providers.caldav.auth import best_digest, offers_basic, split_challenges
from providers.caldav.cursor import Cursor
from providers.caldav.dav import Answer, error_for
from providers.caldav.names import absolute, collection_url, etag_of, name_of, resource_url, same_url
from providers.caldav.quirks import KNOWN, UNKNOWN, quirks_for
from providers.caldav.xml import multiget_body, parse_multistatus, preconditions, propfind_body, sync_body

HERE = "https://dav.example.net/maya%40home/work/"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ('"abc"', '"abc"'),
        ('W/"abc"', '"abc"'),
        ('w/"abc"', '"abc"'),
        ("abc", '"abc"'),
        ("%22a%2Bb%22", '"a+b"'),
        ("W/%22abc%22", '"abc"'),
        ('  "abc"\n', '"abc"'),
        ('"a%20b"', '"a%20b"'),
        ("", ""),
        (None, ""),
    ],
)
def test_an_etag_has_one_spelling_however_a_server_writes_it(said: str | None, means: str) -> None:
    assert etag_of(said) == means
    assert etag_of(etag_of(said)) == means


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("/maya%40home/work/a.ics", "a.ics"),
        ("/maya@home/work/a.ics", "a.ics"),
        ("a.ics", "a.ics"),
        ("http://inner:8080/maya%40home/work/a.ics", "a.ics"),
        ("/behind/a/proxy/work/b%20c.ics", "b c.ics"),
        ("/maya%40home/work/%C3%BC%2Fx.ics", "ü/x.ics"),
        ("/maya%40home/work/%FF.ics", "%FF.ics"),
        ("/maya%40home/work/", None),
        ("/maya@home/work", None),
        ("https://dav.example.net/maya@home/work/", None),
        ("/maya%40home/work/sub/", None),
        ("http://[::1/a.ics", "a.ics"),
        ("/maya%40home/work/;", ";"),
    ],
)
def test_a_name_is_the_last_segment_and_a_collection_has_none(href: str, name: str | None) -> None:
    assert name_of(HERE, href) == name


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1).filter(
        lambda n: n not in (".", "..")
    )
)
def test_a_name_leads_to_an_address_that_has_this_name(name: str) -> None:
    assert name_of(HERE, resource_url(HERE, name)) == name
    assert name_of(HERE, "/maya%40home/work/" + quote(name, safe="")) == name


def test_addresses_are_equal_whatever_their_spelling() -> None:
    assert same_url("https://h:443/a%40b/c/", "https://H/a@b/c")
    assert not same_url("https://h/a/", "http://h/a/")
    assert collection_url("https://maya:pw@h/a?x#y") == "https://h/a/"
    assert absolute("https://h/a/b/", "http://h:8080/c/") == "https://h/c/"
    assert absolute("https://h/a/", "https://p7.h2/c/") == "https://p7.h2/c/"


@pytest.mark.parametrize(
    ("lines", "schemes"),
    [
        (['Basic realm="x"'], ["basic"]),
        (['Basic realm="x, Digest y", charset="UTF-8", Digest realm="d", nonce="1"'], ["basic", "digest"]),
        (["Negotiate, NTLM", 'basic realm="a"'], ["negotiate", "ntlm", "basic"]),
        (['X-MobileMe-AuthToken realm="MMCalDav", Basic realm="MMCalDav"'], ["x-mobileme-authtoken", "basic"]),
        (["Bearer"], ["bearer"]),
        (["NTLM TlRMTVNTUAAB=="], ["ntlm"]),
        ([""], []),
        ([], []),
    ],
)
def test_challenges_are_told_apart(lines: list[str], schemes: list[str]) -> None:
    challenges = split_challenges(lines)
    assert [scheme for scheme, _ in challenges] == schemes
    assert offers_basic(challenges) == ("basic" in schemes)


def test_the_strongest_digest_that_can_be_answered_is_chosen() -> None:
    line = (
        'Digest realm="a, b", nonce="1", algorithm=MD5, qop="auth", Digest realm="a, b", nonce="2", '
        'algorithm=SHA-256, qop="auth-int, auth", Digest realm="a, b", nonce="3", algorithm=SHA-512-256, qop="auth", '
        'Digest realm="a", nonce="4", algorithm=SHA-512, qop="auth-int"'
    )
    assert best_digest(split_challenges([line])) == {
        "realm": "a, b",
        "nonce": "2",
        "algorithm": "SHA-256",
        "qop": "auth",
    }
    assert best_digest(split_challenges(['Digest realm="no nonce"', 'Basic realm="x"'])) is None


def answer(status: int, body: bytes = b"") -> Answer:
    return Answer(status, {}, body, "https://dav.example.net/x/")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, SignInNeeded),
        (403, SignInNeeded),
        (404, NotFound),
        (410, NotFound),
        (400, Malformed),
        (405, Malformed),
        (429, Unreachable),
        (500, Unreachable),
        (502, Unreachable),
        (507, Unreachable),
    ],
)
def test_a_status_has_one_meaning_a_line_and_a_next_step(status: int, kind: type) -> None:
    error = error_for("work", answer(status, b"some words"))
    assert type(error) is kind
    assert error.what.startswith("work: ")
    assert "\n" not in error.what + error.next_step
    assert error.next_step


def test_a_403_with_a_condition_is_no_question_of_the_password() -> None:
    body = b'<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>'
    error = error_for("work", answer(403, body))
    assert type(error) is Malformed
    assert "valid-sync-token" in error.what


def test_sabres_own_words_are_no_condition_but_stand_in_the_message() -> None:
    body = b'<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>Not you</s:message>%s</d:error>'
    refused = answer(403, body % b"<d:need-privileges/>")
    assert refused.is_about_rights
    assert type(error_for("work", refused)) is SignInNeeded
    assert "Not you" in error_for("work", refused).what
    assert not answer(403, body % b"<d:valid-sync-token/>").is_about_rights


def test_nothing_that_is_sent_has_a_limit_in_it_and_odd_paths_are_escaped() -> None:
    assert b"limit" not in sync_body("http://t?a=1&b=<2>", ("{DAV:}getetag",))
    assert b"a=1&amp;b=&lt;2&gt;" in sync_body("http://t?a=1&b=<2>", ("{DAV:}getetag",))
    assert b"<d:href>/a&amp;b'c/</d:href>" in multiget_body(["/a&b'c/"])
    assert b"<cs:getctag/>" in propfind_body(["{http://calendarserver.org/ns/}getctag"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Log in</body></html>",
        b"<!doctype html><p>Log in",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><multistatus xmlns="DAV:">&a;</multistatus>',
        b'<?xml version="1.0" encoding="klingon"?><multistatus xmlns="DAV:"/>',
        b'<multistatus xmlns="DAV:"><response>',
    ],
)
def test_what_is_no_multistatus_is_refused_and_entities_are_never_expanded(body: bytes) -> None:
    with pytest.raises(ValueError, match="not"):
        parse_multistatus(body)
    assert preconditions(body) == frozenset()


def test_control_characters_that_xml_cannot_hold_are_dropped_instead_of_the_whole_answer() -> None:
    response = b"<response><href>/a\x0b\x00.ics</href><status>HTTP/1.1 404 x</status></response>"
    (member,) = parse_multistatus(b'<multistatus xmlns="DAV:">' + response + b"</multistatus>").members
    assert (member.href, member.status) == ("/a.ics", 404)


def test_only_properties_that_the_server_could_give_count() -> None:
    body = b"""<multistatus xmlns="DAV:"><response><href>/a</href>
        <propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat>
        <propstat><prop><displayname>no</displayname></prop><status>HTTP/1.1 404 Not Found</status></propstat>
        </response><response><href>/b</href><href>/c</href><status>HTTP/1.1 410 Gone</status></response>
        <response><href>/d</href><status>nonsense</status></response><sync-token>t</sync-token></multistatus>"""
    said = parse_multistatus(body)
    assert [(m.href, m.status) for m in said.members] == [("/a", 200), ("/b", 410), ("/c", 410), ("/d", 500)]
    assert (said.members[0].text("{DAV:}getetag"), said.members[0].text("{DAV:}displayname")) == ('"1"', "")
    assert said.sync_token == "t"


@given(
    etags=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
    token=st.text(st.characters(codec="utf-8")),
    reads=st.integers(0, 100),
)
def test_a_cursor_comes_back_as_it_was_and_equal_ones_are_equal_text(
    etags: dict[str, str], token: str, reads: int
) -> None:
    asked = ("https://h/", "maya", "", "")
    cursor = Cursor(asked, "https://h/a/", datetime(2026, 11, 23, tzinfo=UTC), token, etags, reads, 7, "basic")
    assert Cursor.load(cursor.dump(), asked) == cursor
    assert Cursor.load(cursor.dump(), ("https://other/", "maya", "", "")) is None
    turned = Cursor(asked, cursor.url, cursor.begin, token, dict(reversed(etags.items())), reads, 7, "basic")
    assert turned.dump() == cursor.dump()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "[]",
        "5",
        "null",
        '{"v":1}',
        '{"v":1,"asked":["u"],"url":5,"from":"2026-01-01T00:00:00+00:00","token":"","etags":{},"reads":0,"every":0,"auth":""}',
        '{"v":1,"asked":["u"],"url":"u","from":"2026-01-01T00:00:00","token":"","etags":{},"reads":0,"every":0,"auth":""}',
        '{"v":1,"asked":["u"],"url":"u","from":"2026-01-01T00:00:00+00:00","token":"","etags":[],"reads":0,"every":0,"auth":""}',
        '{"v":2,"asked":["u"],"url":"u","from":"2026-01-01T00:00:00+00:00","token":"","etags":{},"reads":0,"every":0,"auth":""}',
    ],
)
def test_text_that_is_no_cursor_is_none(text: str | None) -> None:
    assert Cursor.load(text, ("u",)) is None


@pytest.mark.parametrize(
    ("url", "headers", "product"),
    [
        ("https://caldav.icloud.com/", {}, "iCloud"),
        ("https://p42-caldav.icloud.com/1/calendars/", {}, "iCloud"),
        ("https://noticloud.com/", {}, "unknown server"),
        ("https://icloud.com.example.net/", {}, "unknown server"),
        ("https://cloud.example.net/remote.php/dav/", {}, "Nextcloud"),
        ("https://cloud.example.net/", {"DAV": "1, 3, nextcloud-checksum-update"}, "Nextcloud"),
        ("https://mail.example.net/SOGo/dav/maya/", {}, "SOGo"),
        ("https://caldav.fastmail.com/dav/", {}, "Fastmail"),
        ("https://caldav.gmx.net/", {}, "GMX"),
        ("https://posteo.de:8443/", {}, "Posteo"),
        ("https://x.example.net/", {"Server": "Cyrus-HTTP/3.10"}, "Cyrus"),
        ("https://x.example.net/caldav.php/maya/", {}, "DAViCal, Synology"),
        ("http://127.0.0.1:5232/", {"Server": "WSGIServer/0.2"}, "unknown server"),
    ],
)
def test_a_server_is_known_by_its_address_or_by_what_it_says(url: str, headers: dict[str, str], product: str) -> None:
    assert quirks_for(url, headers).product == product


def test_a_server_that_is_not_known_is_treated_with_care() -> None:
    assert UNKNOWN.look_first
    assert UNKNOWN.relist_every > 0
    for row in KNOWN:
        assert row.hosts or row.paths or row.headers, row
        assert row.account_hosts == "" or row.account_hosts in row.hosts
