"""What a calendar of each kind may say in the configuration: the second part of its declaration, beside `schema`.

Kinds that other people's adapters bring are not here: of them only the names of their keys are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from calsync.config.forms import Address, ApplicationId, Choice, ClientFile, Form, PathText, Tenant, Text, Url

__all__ = ["PROVIDERS", "ProviderRules", "option_form"]


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """What a provider needs: each of `required`, and exactly one of `one_of`; `keys` says what each key means, `forms`
    what it takes where that is more than a line of text, and `choices` the values of those that take only some.

    `target` are the keys that say which calendar is meant, each with what its absence means; without any, all do.
    `examples` are entries of the example file, each with the lines of comment above it.
    """

    about: str
    keys: dict[str, str]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    examples: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


PROVIDERS: dict[str, ProviderRules] = {
    "ics": ProviderRules(
        about="Calendar files: a folder of .ics files (can be written), one .ics file, or a link to one (read only).",
        keys={
            "path": "A folder of .ics files, or one .ics file. Only a folder can have `write: true`.",
            "url": "The link to an .ics file, beginning with https:// or http://. It is read only.",
            "username": "The name to sign in with at the link, where it asks for one.",
            "calendar": "Which folder is meant, where `path` is a folder of such folders.",
        },
        one_of=("path", "url"),
        examples=(
            (
                "A folder of .ics files on this computer. Blocks are written here.",
                {"name": "work", "provider": "ics", "write": True, "path": "~/calendars/work"},
            ),
            (
                "One .ics file, for instance an export. It counts as busy time and is never written to.",
                {"name": "travel", "provider": "ics", "path": "~/calendars/travel.ics"},
            ),
            (
                "A link to an .ics file, as most calendars offer one to subscribe to. It is read only as well.",
                {"name": "school", "provider": "ics", "url": "https://school.example.net/terms.ics"},
            ),
        ),
    ),
    "caldav": ProviderRules(
        about="A calendar on a CalDAV server (Nextcloud, Fastmail, iCloud, Radicale and others).",
        keys={
            "url": "The address of the calendar on its server. The password does not belong here.",
            "username": "The name that you sign in with.",
            "calendar": "Which calendar, when the address is the account's and it has several.",
        },
        required=("url",),
        examples=(
            (
                "A calendar on a CalDAV server. The password is not written here: it is kept in the keyring.",
                {
                    "name": "family",
                    "provider": "caldav",
                    "url": "https://dav.example.net/maya/family/",
                    "username": "maya",
                },
            ),
        ),
    ),
    "google": ProviderRules(
        about="A calendar of a Google account. docs/google.md says how to connect it.",
        keys={
            "account": "The Google account's address.",
            "calendar": "Which calendar: `primary`, or another one's name or id. Default primary.",
            "event_type": "`focus` makes blocks Google's own focus time where the account has it. Default default.",
            "service_account": "The key file of a service account that may act for the account, where an organisation "
            "works that way.",
            "client": "The file of the OAuth client (from Google's console) that the sign-in goes through.",
        },
        required=("account",),
        choices={"event_type": ("default", "focus")},
        forms={"account": Address(), "service_account": PathText(), "client": ClientFile()},
        target={"account": "", "calendar": "primary"},
        examples=(
            (
                "Your calendar at Google. Sign in once with: calsync calendars sign-in google",
                {"name": "google", "provider": "google", "write": True, "account": "maya@example.com"},
            ),
        ),
    ),
    "microsoft": ProviderRules(
        about="A calendar of Microsoft 365 or Outlook.com. docs/microsoft.md says how to connect it.",
        keys={
            "account": "The Microsoft account's address.",
            "calendar": "Which calendar, where it is not the account's own: its name or id.",
            "tenant": "Your organisation's tenant, its domain or its id. Without it, any work or school account's.",
            "client": "The id of the application (from Microsoft's Entra admin center) that the sign-in goes through.",
            "cloud": "The cloud that the account lives in. Default global.",
        },
        required=("account",),
        choices={"cloud": ("global", "us-gov", "us-dod", "china")},
        forms={"account": Address(), "tenant": Tenant(), "client": ApplicationId()},
        target={"account": "", "calendar": ""},
        examples=(
            (
                "Your calendar at Microsoft 365. It only counts as busy time here.",
                {"name": "office", "provider": "microsoft", "account": "maya@example.org"},
            ),
        ),
    ),
}
"""The providers whose keys are known here; the keys that a provider really takes come from the registry."""

_USUAL: dict[str, Form] = {"path": PathText(), "url": Url()}


def option_form(provider: str, key: str) -> Form:
    """The form of a provider's own key; `path` and `url` mean the same with other people's providers."""
    rules = PROVIDERS.get(provider)
    if rules is not None and key in rules.choices:
        return Choice(rules.choices[key])
    found = rules.forms.get(key) if rules is not None else None
    return found or _USUAL.get(key) or Text()
