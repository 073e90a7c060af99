"""Who is asked to an event, as Google says it."""

from __future__ import annotations

from calsync.model import Answer, Party, PartyKind, Role
from providers.google.groups import Facts, Json

__all__ = ["guests", "guests_hidden", "organizer"]

_ANSWERS = {
    "needsAction": Answer.NEEDS_ACTION,
    "accepted": Answer.ACCEPTED,
    "tentative": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
}


def organizer(item: Json, facts: Facts) -> Party | None:
    """Whose event it is, None where that is hidden."""
    said = item.get("organizer")
    if not said:
        return None
    return Party(_address(said), str(said.get("displayName", "")), is_me=_is_me(said, facts))


def guests(item: Json, facts: Facts) -> tuple[Party, ...]:
    """Everybody and everything invited; the organizer is among them only when they attend."""
    return tuple(_guest(said, facts) for said in item.get("attendees", ()))


def guests_hidden(item: Json, facts: Facts) -> bool:
    """True when there may be more people in it than `guests` says."""
    if facts.hides(item) or item.get("attendeesOmitted"):
        return True
    if any(int(said.get("additionalGuests") or 0) for said in item.get("attendees", ())):
        # Somebody brings others along, of whom Google knows nothing but their number.
        return True
    mine = organizer(item, facts)
    return item.get("guestsCanSeeOtherGuests") is False and not (mine is not None and mine.is_me)


def _guest(said: Json, facts: Facts) -> Party:
    address = _address(said)
    kind = PartyKind.PERSON
    if said.get("resource") or address.endswith("@resource.calendar.google.com"):
        kind = PartyKind.RESOURCE
    elif address.endswith("@googlegroups.com"):
        # The one kind of group that can be told by its address.
        kind = PartyKind.GROUP
    return Party(
        address,
        str(said.get("displayName", "")),
        kind,
        Role.OPTIONAL if said.get("optional") else Role.REQUIRED,
        _ANSWERS.get(str(said.get("responseStatus", "")), Answer.NONE),
        is_me=_is_me(said, facts),
    )


def _is_me(said: Json, facts: Facts) -> bool:
    """True for the leader. Google's `self` is whose calendar it is, which need not be the leader's own."""
    return bool(said.get("self")) and facts.role == "owner"


def _address(said: Json) -> str:
    return str(said.get("email", "")).strip().lower()
