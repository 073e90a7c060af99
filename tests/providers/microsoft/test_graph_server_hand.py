"""The hand on the Graph test server speaks iCalendar, and does what people do in Outlook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

import pytest

from tests.contract.samples import calendar, meeting, single, vevent
from tests.servers.graph import GraphServer
from tests.servers.graph_client import Client, client_of, weekly

KEY = "String {6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01} Name calsyncKey"
DATA = "String {6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01} Name calsyncData"


@pytest.fixture
def server() -> GraphServer:
    return GraphServer()


@pytest.fixture
def client(server: GraphServer) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def test_what_the_hand_reads_and_puts_again_stays_as_it_is(server: GraphServer) -> None:
    hand = server.hand
    odd = calendar(
        vevent(
            "odd",
            "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20270301T080000Z",
            "EXDATE;TZID=Europe/Berlin:20261231T100000",
            "LOCATION:Room\\, 4",
            "CLASS:CONFIDENTIAL",
            "CATEGORIES:one,two",
            "TRANSP:TRANSPARENT",
            "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",
            "ORGANIZER;CN=Ana:mailto:ana@example.com",
            "ATTENDEE;CN=Maya;PARTSTAT=TENTATIVE:mailto:maya@example.com",
            "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:ben@example.com",
            "ATTENDEE;CUTYPE=ROOM:mailto:room@example.com",
            start="20261130T100000",
            end="20261130T110000",
        ),
        vevent(
            "odd", "RECURRENCE-ID;TZID=Europe/Berlin:20270129T100000", start="20270115T100000", end="20270115T113000"
        ),
        vevent(
            "odd", "RECURRENCE-ID:20270226T090000Z", "STATUS:CANCELLED", start="20270226T100000", end="20270226T110000"
        ),
    )
    texts = [odd, meeting("weekly"), single("single")]
    texts += [
        calendar(vevent(f"day{n}", f"DTSTART;VALUE=DATE:2026120{n}", *more), zones=False)
        for n, more in ((3, ()), (4, ("RRULE:FREQ=DAILY;COUNT=2",)))
    ]
    texts.append(calendar(vevent("float", "DTSTART:20261204T090000", "DURATION:PT90M"), zones=False))
    for number, text in enumerate(texts):
        name = hand.put("", f"u{number}", text)
        before = hand.ical("", name)
        hand.put_named("", name, before)
        assert hand.ical("", name) == before
        assert hand.put("", f"u{number}", before) == name
    shown = hand.json("", hand.put("", "odd", odd))
    assert (shown["showAs"], shown["sensitivity"], shown["isOrganizer"]) == ("workingElsewhere", "confidential", False)
    assert shown["responseStatus"]["response"] == "tentativelyAccepted"
    assert [a["type"] for a in shown["attendees"]] == ["required", "optional", "resource"]
    assert shown["recurrence"]["pattern"]["index"] == "last"
    assert shown["recurrence"]["range"]["endDate"] == "2027-02-28"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=YEARLY;BYWEEKNO=3",
        "FREQ=DAILY\nRDATE:20261201T100000Z",
    ],
)
def test_the_hand_refuses_what_graph_cannot_say(server: GraphServer, rule: str) -> None:
    text = calendar(vevent("x", f"RRULE:{rule}", start="20261130T100000", end="20261130T110000"))
    with pytest.raises(ValueError, match="Graph"):
        server.hand.put("", "x", text)


def test_marks_go_to_where_calsync_keeps_them_and_come_back(server: GraphServer, client: Client) -> None:
    data = '{"kind":"connect","slot":"1/0","sums":{"20261207":"ab cd"},"was":{"text":"one\\ntwo; \\\\ three, four"}}'
    marks = [{"id": KEY, "value": "k1"}, {"id": DATA, "value": data}]
    made = client.made(weekly(transactionId="calsync:k1", categories=["calsync"], singleValueExtendedProperties=marks))
    text = server.hand.ical("", made["id"]).decode()
    for line in (
        "UID:k1@calsync",
        "CATEGORIES:calsync",
        "X-CALSYNC-KEY:k1",
        "X-CALSYNC-KIND:connect",
        "X-CALSYNC-SLOT:1/0",
    ):
        assert f"\r\n{line}\r\n" in text
    server.hand.put_named("", made["id"], text.replace("SUMMARY:Review", "SUMMARY:Mine").encode())
    again = client.get(
        f"/me/events/{made['id']}?$expand=singleValueExtendedProperties($filter=id eq '{KEY}' or id eq '{DATA}')"
    )
    assert again["subject"] == "Mine"
    assert again["transactionId"] == "calsync:k1"
    assert again["@odata.etag"] != made["@odata.etag"]
    assert again["singleValueExtendedProperties"] == marks
    copy = server.hand.put("", "copy", text.replace("UID:k1@calsync", "UID:copy").encode())
    assert client.get(f"/me/events/{copy}")["transactionId"] is None
    assert b"UID:copy\r\n" in server.hand.ical("", copy)
    assert b"X-CALSYNC-KEY:k1\r\n" in server.hand.ical("", copy)


def test_the_leader_deletes_moves_and_retitles_dates_and_puts_a_deleted_event_back_under_its_id(
    server: GraphServer, client: Client
) -> None:
    hand = server.hand
    master = client.made(weekly())["id"]
    _, link = client.delta()
    hand.delete_date("", master, date(2026, 12, 7))
    hand.move_date("", master, date(2026, 12, 14), date(2026, 12, 16), time(8, 30), minutes=45, title="Moved")
    hand.retitle("", master, "Mine", date(2026, 12, 21))
    rows, link = client.delta(link)
    shown = [(row["type"], row["start"]["dateTime"][5:16], row.get("subject")) for row in rows]
    assert shown[:4] == [
        ("seriesMaster", "11-30T09:00", "Review"),
        ("occurrence", "11-30T09:00", None),
        ("exception", "12-16T07:30", "Moved"),
        ("exception", "12-21T09:00", "Mine"),
    ]
    with pytest.raises(KeyError):
        hand.delete_date("", master, date(2026, 12, 7))
    name = hand.put("", "x", single("x"))
    hand.delete("", name)
    assert hand.put("", "x", single("x", title="Again")) == name
    rows, _ = client.delta(link)
    assert [row["subject"] for row in rows] == ["Again"]
    assert hand.names() == sorted([master, name])
    hand.change("", name, hideAttendees=True, showAs="oof")
    assert hand.json("", name)["hideAttendees"] is True
