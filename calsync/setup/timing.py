"""The last step of the setup: what runs calsync every night, and when; it is installed at the very end."""

from __future__ import annotations

import os
from datetime import time

from calsync.errors import UsageError
from calsync.schedule.kinds import USUAL
from calsync.setup.interview import Option
from calsync.setup.plan import Setup
from calsync.setup.wishes import NOTHING, clock_of

__all__ = ["schedule"]

_WORDS = {
    "systemd": "a timer of systemd, for your user alone",
    "cron": "cron, this computer's own scheduler",
    "launchd": "launchd, this Mac's own scheduler",
    "windows": "the Windows Task Scheduler",
}


def schedule(setup: Setup) -> None:
    """Ask, or take from the options, what is to run calsync; nothing is installed here. Raises UsageError."""
    from calsync.schedule.service import offers

    draft, wishes, talk = setup.draft, setup.wishes, setup.talk
    fitting = [offer for offer in offers(os.environ) if offer.fits]
    kind = wishes.schedule
    if kind is None:
        options: list[Option] = [(offer.kind, _WORDS.get(offer.kind, offer.kind)) for offer in fitting]
        options.append((NOTHING, "nothing; I see to that myself"))
        before = str(draft.noted("schedule") or options[0][0])
        known = before if before in [key for key, _ in options] else options[0][0]
        kind = talk.choose("What should run calsync every night?", options, known)
    if kind not in (NOTHING, "auto") and kind not in [offer.kind for offer in fitting]:
        why = next((offer.why for offer in offers(os.environ) if offer.kind == kind), "it is not known")
        raise UsageError(f"{kind} cannot run calsync on this machine: {why}", "choose another one, or none")
    if kind == "auto" and not fitting:
        raise UsageError("nothing on this machine can run calsync every night", "say --schedule none")
    draft.note("schedule", kind)
    if kind == NOTHING:
        return
    before_at = time.fromisoformat(str(draft.noted("at"))) if draft.noted("at") else USUAL
    at = wishes.at or talk.ask(
        "From what time of the night on?", f"{before_at:%H:%M}", clock_of, example=f"{USUAL:%H:%M}"
    )
    draft.note("at", f"{at:%H:%M}")
