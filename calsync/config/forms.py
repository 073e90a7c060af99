"""The forms that a value of the configuration can take: each checks one, says what was expected, and describes itself.

The reference page and the messages are made from the same objects, so that they cannot differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from calsync.config.hours import parse_hours, parse_weekdays
from calsync.config.wording import listed, nearest, shown
from calsync.config.zones import check_zone
from calsync.names import JOINERS, LONGEST_NAME, is_address

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "Address",
    "ApplicationId",
    "CalendarName",
    "Choice",
    "ClientFile",
    "Days",
    "Form",
    "HolidayCode",
    "Hours",
    "NotifyUrl",
    "PathText",
    "PersonName",
    "Tag",
    "Tenant",
    "Text",
    "Truth",
    "Url",
    "Weekdays",
    "Whole",
    "Zone",
]

_DURATION = re.compile(r"(\d{1,5})\s*(d|days?|w|weeks?)?", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+", re.DOTALL)
_LONGEST_TAG = 40
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}$)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_LONGEST = LONGEST_NAME
_LONGEST_CODE = 3
_SOME = 12


class Form:
    """One form of value. `text` describes it; `check` returns the value, or raises ValueError with the reason."""

    text = "text"
    any_text = False
    """True where a number in quotes would do."""

    def wrong(self, value: object, hint: str = "") -> ValueError:
        """What to raise for a `value` that has not this form."""
        if value is None or value == "" or (isinstance(value, str) and not value.strip()):
            return ValueError(f"is empty; expected {self.text}")
        return ValueError(f"expected {self.text}, not {shown(value)}{hint}")

    def check(self, value: Any) -> Any:
        """Text that is not empty, in one line."""
        if not isinstance(value, str) or not value.strip():
            quotes = self.any_text and isinstance(value, bool | int | float)
            raise self.wrong(value, "; put it in quotes" if quotes else "")
        if not value.isprintable():
            raise ValueError(f"has a line break or a control character in it: {shown(value)}")
        if len(value) > _LONGEST:
            raise ValueError(f"is longer than {_LONGEST} characters")
        return value.strip()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic call `check` and nothing else."""
        del source, handler
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.check)


class Text(Form):
    """A line of text. `text` says which."""

    any_text = True

    def __init__(self, text: str = "text") -> None:
        self.text = text


class PersonName(Text):
    """What a person is called: one line, in any script."""

    def check(self, value: Any) -> str:
        """The name as it is. Joiners may stand in it; other marks that cannot be seen are named."""
        text = str(value) if isinstance(value, str) else ""
        unseen = next((c for c in text if unicodedata.category(c) == "Cf" and c not in JOINERS), "")
        if unseen:
            raise ValueError(f"has an invisible mark in it (U+{ord(unseen):04X}); write the name anew without it")
        super().check(text.translate(dict.fromkeys(map(ord, JOINERS))) if text else value)
        return text.strip()


class Truth(Form):
    """true or false."""

    text = "true or false"

    def check(self, value: Any) -> bool:
        """A YAML truth value; the older spellings are refused with the new one named."""
        if isinstance(value, bool):
            return value
        now = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).casefold())
        raise self.wrong(value, f"; write `{now}`" if now else "")


class Whole(Form):
    """A whole number in a range."""

    def __init__(self, least: int, most: int, *, step: int = 1, unit: str = "") -> None:
        self.least, self.most, self.step = least, most, step
        self.text = f"a whole number{' of ' + unit if unit else ''} from {least} to {most}"
        if step > 1:
            self.text += f" in steps of {step}"

    def check(self, value: Any) -> int:
        """A whole number (true is none) in the range and on the step."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(value)
        if not self.least <= value <= self.most or value % self.step:
            raise ValueError(f"expected {self.text}, not {value}")
        return int(value)


class Choice(Form):
    """One of a few words, or of a few numbers."""

    def __init__(self, options: Iterable[str | int]) -> None:
        self.options = tuple(options)
        self.text = listed(str(option) for option in self.options)

    def check(self, value: Any) -> Any:
        """One of the options, as it is."""
        if not isinstance(value, bool) and value in self.options:
            return value
        near = nearest(value, [o for o in self.options if isinstance(o, str)]) if isinstance(value, str) else ""
        raise self.wrong(value, f"; did you mean `{near}`?" if near else "")


class Zone(Form):
    """The IANA name of a time zone."""

    text = "the name of a time zone, such as Europe/Berlin"

    def check(self, value: Any) -> str:
        """A zone that exists."""
        return check_zone(super().check(value))


class Days(Form):
    """A length of time in days or weeks; the value is in days."""

    text = "a number of days or weeks, such as 14d or 2w"
    most = 730

    def check(self, value: Any) -> int:
        """The days that `value` names: 14d, 2w, or a bare number of days."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.wrong(value)
        match = _DURATION.fullmatch(str(value).strip())
        if match is None:
            raise self.wrong(value)
        days = int(match[1]) * (7 if (match[2] or "d").lower().startswith("w") else 1)
        if not 1 <= days <= self.most:
            raise ValueError(f"expected 1 to {self.most} days, not {shown(value)}")
        return days


class Address(Form):
    """A mail address."""

    text = "a mail address, such as maya@example.com"

    def check(self, value: Any) -> str:
        """The address in lower case."""
        address = str(super().check(value))
        if is_address(address):
            return address.lower()
        hint = "; only the address, without a name or brackets" if "<" in address or ":" in address else ""
        raise self.wrong(address, hint)


class HolidayCode(Form):
    """A country, or a country and a subdivision, as the `holidays` library knows them."""

    text = "a country or country-subdivision, such as DE or DE-BY"

    def check(self, value: Any) -> str:
        """A code for which there are holidays."""
        from holidays import list_supported_countries

        code = str(super().check(value))
        known = list_supported_countries(include_aliases=True)
        country, _, part = code.partition("-")
        if country not in known:
            raise ValueError(f"no holidays are known for the country {shown(country)}" + _country_hint(code, known))
        if code == country or part in known[country]:
            return code
        near = nearest(part, known[country])
        some = listed(known[country][:_SOME]) + (", for instance" if len(known[country]) > _SOME else "")
        some = some or "no parts"
        hint = f"did you mean `{country}-{near}`?" if near else f"{country} has {some}"
        raise ValueError(f"no holidays are known for {shown(code)}; {hint}")


def _country_hint(code: str, known: Mapping[str, Sequence[str]]) -> str:
    """Which country was meant: the code in capitals, a name such as "Germany", or a code that is near."""
    from holidays.registry import COUNTRIES

    country, dash, part = code.replace("_", "-").replace(" ", "-").partition("-")
    if country.upper() in known:
        parts = known[country.upper()]
        return f"; did you mean `{country.upper()}{dash}{nearest(part, parts) or part.upper()}`?"
    if len(code) > _LONGEST_CODE:
        names = {name.replace("_", " ").title(): codes[1] for name, codes in COUNTRIES.items()}
        name = nearest(code, names, cutoff=0.75)
        return f"; did you mean `{names[name]}` ({name})?" if name else "; expected a code such as DE or DE-BY"
    near = nearest(country, known)
    return f"; did you mean `{near}`?" if near else "; expected a code such as DE or DE-BY"


class Weekdays(Form):
    """One weekday or several, as a key of the working hours."""

    text = "weekdays, such as mon, mon-thu or mon,wed"

    def check(self, value: Any) -> str:
        """The key as it is, when it names weekdays."""
        parse_weekdays(super().check(value))
        return str(value)


class Hours(Form):
    """The stretches of a working day."""

    text = 'hours such as "09:00-12:30, 13:15-17:30"'

    def check(self, value: Any) -> tuple[tuple[time, time], ...]:
        """The stretches in order."""
        return parse_hours(super().check(value))


class CalendarName(Form):
    """A name that can stand in a file name and in a key."""

    text = "a name of letters, digits, spaces, dots, dashes and underscores"
    any_text = True
    _most = 60

    def check(self, value: Any) -> str:
        """The name, which begins and ends with a letter or digit."""
        name = str(super().check(value))
        for letter in name:
            if not (letter.isalnum() or letter in " ._-"):
                raise ValueError(f"expected {self.text}, not {shown(name)} ({shown(letter)} is none of these)")
        if not (name[0].isalnum() and name[-1].isalnum()):
            raise ValueError(f"expected a name that begins and ends with a letter or digit, not {shown(name)}")
        if len(name) > self._most:
            raise ValueError(f"expected a name of at most {self._most} characters, not {len(name)}")
        return name


class Tag(Form):
    """A word to group people by."""

    text = "one word of letters, digits, dashes and underscores"
    any_text = True

    def check(self, value: Any) -> str:
        """The word as it is."""
        tag = str(super().check(value))
        # The vowel signs of many scripts are marks and no letters.
        letters = all(c.isalnum() or c in "_-" or unicodedata.category(c)[0] == "M" for c in tag)
        if not letters or tag[0] == "-" or len(tag) > _LONGEST_TAG:
            raise self.wrong(tag)
        return tag


class PathText(Form):
    """A path: `~` is the home folder, a relative one begins at the configuration file's folder."""

    text = "a path"


class ClientFile(PathText):
    """The path of the file that Google's console gives for an OAuth client."""

    def check(self, value: Any) -> str:
        """The path; the client's id or secret in its place is refused, and a secret is not shown."""
        path = str(super().check(value))
        what = "id" if path.endswith(".apps.googleusercontent.com") else "secret" if path.startswith("GOCSPX-") else ""
        if what:
            cure = "download the client's file from Google's console and name that"
            raise ValueError(f"expected {self.text}, not the client's {what}; {cure}")
        return path


class ApplicationId(Form):
    """The id under which Microsoft knows an application. What is none is not shown: it may be the secret beside it."""

    text = "the application's id"

    def check(self, value: Any) -> str:
        """The id in lower case."""
        said = str(super().check(value))
        if not _UUID.fullmatch(said):
            example = "five groups of digits and letters a-f, such as 1f0c3b6e-77aa-4a6b-9d0f-63a1c0a15c01"
            raise ValueError(f"expected {self.text} ({example}); this is none")
        return said.lower()


class Tenant(Form):
    """Which of Microsoft's tenants an account belongs to."""

    words = ("common", "organizations", "consumers")
    text = f"a tenant's domain or id, or {listed(words)}"

    def check(self, value: Any) -> str:
        """The domain, the id or the word in lower case."""
        said = str(super().check(value)).lower()
        if said in self.words or _UUID.fullmatch(said) or _DOMAIN.fullmatch(said):
            return said
        near = nearest(said, self.words)
        raise self.wrong(value, f"; did you mean `{near}`?" if near else "")


class NotifyUrl(Form):
    """A URL in Apprise's form. It often holds a secret and is never shown."""

    text = "a URL in Apprise's form, such as mailto://… or ntfy://…"

    def check(self, value: Any) -> str:
        """The URL as it is, when it has a scheme and something behind it."""
        url = str(super().check(value)) if isinstance(value, str) else ""
        if not _SCHEME.fullmatch(url):
            raise ValueError(f"expected {self.text}; this has no `scheme://` in front or nothing behind it")
        return url


class Url(Form):
    """An address on the web. What follows the host is never shown: in many a calendar's it is as good as a password."""

    text = "a URL"
    any_text = True

    def check(self, value: Any) -> str:
        """The URL as it is, when it is http(s) with a host and without a password."""
        return _checked_url(str(super().check(value)))


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("expected a URL such as https://dav.example.net/maya/; this one makes no sense") from None
    if parts.password is not None:
        raise ValueError("has a password in it; passwords do not belong in this file, they are kept in the keyring")
    said = shown(f"{parts.scheme}://{host}/…" if parts.scheme and host else parts.scheme or url.partition("/")[0])
    if parts.scheme in {"webcal", "webcals"}:
        raise ValueError(
            f"expected a URL that begins with https://, not {said}; write https in place of {parts.scheme}"
        )
    if parts.scheme not in {"http", "https"}:
        near = nearest(parts.scheme, ["http", "https"]) if parts.scheme else ""
        hint = f"; did you mean `{near}`?" if near else ""
        raise ValueError(f"expected a URL that begins with https:// or http://, not {said}{hint}")
    if not host:
        raise ValueError("expected a URL with a host, such as https://dav.example.net/maya/; this one has none")
    if any(c.isspace() for c in url):
        raise ValueError("has a space in it; a URL has none (write %20 in its place)")
    return url
