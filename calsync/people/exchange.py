"""People in and out as files: CSV and vCard read, CSV written.

Text in, values out: nothing here opens a file. A row that cannot be used comes back with its line, its reason and its
text, so that nothing is lost on the way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from calsync.model import Person
from calsync.names import is_east_asian, tidy_name
from calsync.people.rows import Checker, Imported, Row, RowProblem, Rules, zones
from calsync.people.vcard import Card, Property, cards_of, split_text
from calsync.people.workweek import days_and_hours, week_text

__all__ = [
    "IDEAL_DAYS",
    "MAX_DAYS",
    "Imported",
    "RowProblem",
    "Rules",
    "people_from_csv",
    "people_from_vcard",
    "people_to_csv",
    "person_fields",
]

IDEAL_DAYS = 30
MAX_DAYS = 60
"""The gaps of an imported person for whom the file has none."""

USUAL = Rules(IDEAL_DAYS, MAX_DAYS)

_COLUMNS = (
    "name",
    "email",
    "ideal",
    "max",
    "timezone",
    "tags",
    "channel",
    "call_name",
    "working_hours",
    "holidays",
    "thanks",
)

_USUAL_COLUMNS = 7

# Headers without case, spaces and punctuation; first and last names as the exports of Google and Outlook have them.
_HEADERS: Mapping[str, str] = {
    **dict.fromkeys(("name", "fullname", "displayname", "fn", "person"), "name"),
    **dict.fromkeys(("firstname", "givenname", "first", "given"), "given"),
    **dict.fromkeys(("lastname", "familyname", "surname", "last", "family"), "family"),
    **dict.fromkeys(("ideal", "idealgap", "idealdays", "every", "cadence"), "ideal"),
    **dict.fromkeys(("max", "maximum", "maxgap", "maximumgap", "maxdays", "longest"), "max"),
    **dict.fromkeys(("timezone", "tz", "zone"), "timezone"),
    **dict.fromkeys(("tags", "tag", "labels", "label", "groupmembership", "categories", "category"), "tags"),
    **dict.fromkeys(("channel", "preferredchannel"), "channel"),
    **dict.fromkeys(("callname", "nickname"), "call_name"),
    **dict.fromkeys(("workinghours", "hours"), "working_hours"),
    **dict.fromkeys(("holidays", "publicholidays"), "holidays"),
    "thanks": "thanks",
}
_EMAIL_HEADER = re.compile(r"e?mails?\d*(address(es)?|value)?|address(es)?")
_BETWEEN_ADDRESSES = re.compile(r":::|[,;]")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_BETWEEN_TAGS = re.compile(r":::|[,;]")

_CSV_REASONS = {
    "unexpected end of data": 'a quote (") opens in this row and never closes; nothing after it was read',
    "',' expected after '\"'": 'text follows a closing quote; write a quote inside a cell twice ("")',
}


def people_from_csv(data: str | bytes, rules: Rules = USUAL) -> Imported:
    """The people of a CSV file whose first line names its columns, in any order; columns of other names are not used.

    Commas, semicolons or tabs separate; a byte order mark does not matter. Rows with an address in common, and rows of
    one name unless both have addresses of their own, are one person.
    """
    text, problem = _text(data)
    if problem is not None:
        return Imported([], [problem])
    lines = text.split("\n")
    head = next(n for n, line in enumerate(lines) if line.strip())
    delimiter = _delimiter(lines[head])
    if lines[head].lower().startswith("sep="):
        # Excel's own way to name the separator.
        delimiter = lines[head][4:5] or delimiter
        head += 1
    if lines[head : head + 1] and lines[head].strip().upper() == "BEGIN:VCARD":
        return Imported([], [RowProblem(head + 1, "", "this is a vCard file, not CSV", lines[head])])
    checker = Checker(rules)
    header: list[str] = []
    for line, cells, reason, raw in _csv_rows(lines, head, delimiter):
        if reason:
            checker.problems.append(RowProblem(line, "", reason, raw))
        elif not header:
            header = [_column(cell) for cell in cells]
            if not {"name", "given", "family"} & set(header):
                usual = ", ".join(_COLUMNS[:_USUAL_COLUMNS])
                reason = f"no column is called `name`; the first line names the columns, such as {usual}"
                return Imported([], [*checker.problems, RowProblem(line, "", reason, raw)])
        elif any(cell.strip() for cell in cells[len(header) :]):
            shown = "a tab" if delimiter == "\t" else f"`{delimiter}`"
            reason = f"{len(cells)} cells under {len(header)} columns; a cell with {shown} in it must stand in quotes"
            checker.problems.append(RowProblem(line, "", reason, raw))
        elif any(cell.strip() for cell in cells):
            checker.take(_csv_row(line, raw, header, cells))
    if not header and not checker.problems:
        checker.problems.append(RowProblem(head + 1, "", "no line names the columns", ""))
    return checker.done()


def people_from_vcard(data: str | bytes, rules: Rules = USUAL) -> Imported:
    """The people of a file of vCards (2.1, 3.0, 4.0): name, mail addresses, IANA time zone, categories as tags.

    A preferred address comes first. Cards of groups, organisations and places are problems. Cards of one person are
    told as in `people_from_csv`.
    """
    text, problem = _text(data)
    if problem is not None:
        return Imported([], [problem])
    lines = text.split("\n")
    cards, faults = cards_of(lines)
    checker = Checker(rules)
    checker.problems += [RowProblem(line, "", reason, lines[line - 1]) for line, reason in faults]
    if not cards and not faults:
        checker.problems.append(RowProblem(1, "", "no BEGIN:VCARD in the file; it is no vCard file", lines[0]))
    for card in cards:
        raw = "\n".join(lines[card.first - 1 : card.last])
        kind = (card.text("KIND") or card.text("X-ADDRESSBOOKSERVER-KIND") or "individual").lower()
        if card.text("X-ABSHOWAS").lower() == "company":
            kind = "org"
        if kind != "individual":
            name = card.text("FN") or card.text("ORG") or "this card"
            checker.problems.append(
                RowProblem(card.first, "", f"{tidy_name(name)[:60]} is no person (KIND: {tidy_name(kind)[:20]})", raw)
            )
        else:
            checker.take(_card_row(card, raw))
    return checker.done()


def person_fields(person: Person, tag_gaps: Mapping[str, tuple[int, int]] | None = None) -> dict[str, object]:
    """`person` with the keys and in the form of the configuration, without what is empty.

    A gap that their tag gives them too, by `tag_gaps`, stays with the tag.
    """
    folded = {tag.casefold(): gaps for tag, gaps in (tag_gaps or {}).items()}
    ideal, longest = next((folded[tag.casefold()] for tag in person.tags if tag.casefold() in folded), (0, 0))
    fields: dict[str, object] = {
        "name": person.name,
        "email": person.addresses[0] if len(person.addresses) == 1 else list(person.addresses),
        "call_name": person.call_name,
        "ideal": "" if person.ideal_days == ideal else f"{person.ideal_days}d",
        "max": "" if person.max_days == longest else f"{person.max_days}d",
        "timezone": person.timezone,
        "working_hours": {} if person.working_hours is None else days_and_hours(person.working_hours),
        "holidays": person.holidays,
        "tags": list(person.tags),
        "channel": person.channel,
        "thanks": person.thanks,
    }
    return {key: value for key, value in fields.items() if value}


def people_to_csv(people: Iterable[Person]) -> str:
    """CSV (RFC 4180) that `people_from_csv` reads back."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for p in people:
        gaps = (f"{p.ideal_days}d", f"{p.max_days}d")
        hours = "" if p.working_hours is None else week_text(p.working_hours)
        first = (p.name, ", ".join(p.addresses), *gaps, p.timezone, ", ".join(p.tags), p.channel)
        writer.writerow((*first, p.call_name, hours, p.holidays, p.thanks))
    return out.getvalue()


def _text(data: str | bytes) -> tuple[str, RowProblem | None]:
    """The text with line feeds only, or what is wrong with the file as a whole."""
    text = data if isinstance(data, str) else ""
    if isinstance(data, bytes):
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        try:
            text = data.decode("utf-16" if wide else "utf-8")
        except UnicodeDecodeError as wrong:
            line = 1 if wide else data.count(b"\n", 0, wrong.start) + 1
            reason = "the file is cut off or is not UTF-16" if wide else f"byte 0x{data[wrong.start]:02X} is not UTF-8"
            raw = data.split(b"\n")[line - 1].decode("ascii", "backslashreplace").rstrip("\r")
            return "", RowProblem(line, "", f"{reason}; save the file as UTF-8", raw)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, None if text.strip() else RowProblem(1, "", "the file is empty", "")


def _delimiter(header: str) -> str:
    """The separator that stands most often in the first line, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


def _column(cell: str) -> str:
    """Which of our columns a header names, or ""."""
    word = re.sub(r"[\W_]", "", cell).lower()
    return "email" if _EMAIL_HEADER.fullmatch(word) else _HEADERS.get(word, "")


def _csv_rows(lines: Sequence[str], head: int, delimiter: str) -> Iterator[tuple[int, list[str], str, str]]:
    """Each row from line index `head`: its first line from 1, its cells, what is wrong with it or "", its text."""
    reader = csv.reader((f"{line}\n" for line in lines[head:]), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        first = head + reader.line_num
        cells: list[str] = []
        reason = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            words = str(wrong).replace(f"'{delimiter}'", "','")
            reason = _CSV_REASONS.get(words, f"it cannot be read as CSV ({wrong})")
        yield first + 1, cells, reason, "\n".join(lines[first : head + reader.line_num]).rstrip("\n")


def _csv_row(line: int, raw: str, header: Sequence[str], cells: Sequence[str]) -> Row:
    found: dict[str, list[str]] = {}
    for column, cell in zip(header, cells, strict=False):
        if cell.strip():
            found.setdefault(column, []).append(cell.strip())
    first = {column: values[0] for column, values in found.items()}
    return Row(
        line,
        raw,
        first.get("name", "") or _full_name(first.get("given", ""), first.get("family", "")),
        tuple(address for cell in found.get("email", ()) for address in _addresses(cell)),
        first.get("ideal", ""),
        first.get("max", ""),
        first.get("timezone", ""),
        tuple(t for cell in found.get("tags", ()) for t in _BETWEEN_TAGS.split(cell)),
        first.get("channel", ""),
        *(first.get(column, "") for column in ("call_name", "working_hours", "holidays", "thanks")),
    )


def _addresses(cell: str) -> list[str]:
    """The addresses in a cell: those in brackets behind names, or all that commas, semicolons or spaces part."""
    if found := _IN_BRACKETS.findall(cell):
        return found
    parts = [part.strip() for part in _BETWEEN_ADDRESSES.split(cell)]
    return [word for part in parts for word in (part.split() if part.count("@") > 1 else [part])]


def _card_row(card: Card, raw: str) -> Row:
    name = card.text("FN")
    if not name and card.all("N"):
        family, given, middle, *_ = [*split_text(card.all("N")[0].value, ";"), "", "", ""]
        name = _full_name(f"{given} {middle}".strip(), family)
    emails = sorted(card.all("EMAIL"), key=_preference)
    # An offset or an abbreviation is no zone: it does not say when the clocks change.
    zone = next((z for p in card.all("TZ") if "/" in (z := p.text.strip()) or z in zones()), "")
    tags = tuple(t for p in card.all("CATEGORIES") for t in split_text(p.value, ","))
    # A nickname is what the card's owner is called by everybody; several are too many to choose from.
    nickname = card.text("NICKNAME")
    return Row(
        card.first,
        raw,
        name,
        tuple(p.text for p in emails),
        timezone=zone,
        tags=tags,
        call_name="" if "," in nickname else nickname,
    )


def _preference(email: Property) -> int:
    """1 (RFC 6350 PREF) or "pref" (RFC 2426 TYPE) is the most preferred, 101 says nothing."""
    number = email.params.get("PREF", ("",))[0]
    if number.isdecimal():
        return int(number)
    return 1 if "pref" in email.types else 101


def _full_name(given: str, family: str) -> str:
    # Names in East Asian letters begin with the family's.
    return f"{family} {given}".strip() if is_east_asian(family) else f"{given} {family}".strip()
