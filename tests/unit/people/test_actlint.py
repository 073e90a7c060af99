"""What the linter of acts refuses, and what it lets through: everyday words that only look like more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.actlint import act_of, alike, check
from calsync.people.actphrases import content_words
from calsync.people.acts import CHANNELS, COSTS, REACHES, TIES
from calsync.people.findings import EVIDENCE, Entry

REFUSED = {
    "small talk": [
        "Ring them and ask how the weather is where they are.",
        "Begin the call with a word on last night's match, and ask who watched the final.",
    ],
    "status": [
        "Ask them how far along they are, in a friendly way.",
        "Write to them and ask for a quick update.",
    ],
    "pressure": [
        "Tell them that you believe they can do it faster next time.",
        "Remind them that the sales targets are near, with a wink.",
        "Motivate them with a warm word in the morning.",
        "Give them some constructive feedback over a cup of tea.",
    ],
    "strings": [
        "Help them with the move, and expect a little help back.",
        "Do them a favour, so that they will support you in the next meeting.",
        "Give them an hour off on condition that the room is tidy.",
    ],
    "ready-made": [
        "Write to them: “You made my whole week brighter.”",
        "Send them the thank-you from the template, and say for what.",
        "Let an AI write them a poem about one good day.",
    ],
    "body": [
        "Pat them on the back when the day is over.",
        "Tell them that they look great today.",
        "Compliment them on their new dress, because colour cheers.",
    ],
    "cost": [
        "Buy them two theatre tickets.",
        "Put a gift card into their pigeonhole.",
        "Leave €20 in an envelope beside their screen.",
    ],
    "custom": [
        "Put a chocolate egg on every desk at Easter.",
        "Sing for them on their birthday.",
        "Bring them a bottle of something good.",
    ],
    "private": [
        "Ask them what they think of the election.",
        "Ask how their mental health has been of late.",
        "Anonymously leave a flower on their chair.",
        "Find out about their daughter, and ask how she is.",
    ],
    "reason": [
        "Thank them.",
        "Send them a compliment today.",
        "Tell them they are great.",
    ],
}
"""Each is against the rule by which it stands; it may be against others too."""

FINE = [
    "Carry the boxes in before the rain gets to them.",
    "Bring the gardeners something to drink on a sunny day.",
    "Help clear the snow from the neighbour's steps.",
    "Lend them your umbrella for the way home.",
    "Put the board game that they lent you back with a slip on the best evening with it.",
    "Thank them for the way in which they explained the figures.",
    "Look up the song they hum, and put it on while you tidy up together.",
    "Fetch the mail for the whole floor.",
    "Wash the cups, theirs too.",
    "Read the page that they wrote, and write down which sentence you would not change.",
    "Ask them what would make the room a better place to work in, and do one thing of it.",
    "See the rules through their eyes for a day, and strike the silliest.",
    "Put a bottle of water at every place before the meeting.",
    "Leave the last good pen for somebody else.",
    "Take the early turn once more, and let them sleep.",
    "Bring back the tray that somebody left on the stairs.",
    "Give them the afternoon back that you had booked.",
    "Say sorry for the error that you made in their table.",
    "Mend the lamp over their desk, or have it mended.",
    "Water their plants while they are away.",
    "Let them choose the music for the drive.",
    "Put the copy machine in order for whoever comes next.",
    "Copy out the recipe that they asked for.",
    "Hold the lift for the one with the trolley.",
    "Answer their question at once, before all else.",
    "Push a deadline of theirs back by two days, without being asked.",
    "Write to them about one good hour, and expect no reply.",
    "Carry their box up, and ask for nothing in return.",
    "Tidy the shelf, and see how their corner looks then.",
    "Read their message twice before you answer it.",
    "Remind them of the day on which you laughed until the bell rang.",
    "Bring two apples, and leave one on their desk with your name.",
]


KEYS = ("key", "text", "minutes", "cost", "channel", "reach", "tie", "needs_person", "evidence", "language")


def entry(text: str, **values: object) -> Entry:
    whole = {"text": text, "minutes": 5, "channel": "deed", "reach": "private", "tie": "peer", **values}
    return Entry(whole, {(): 1})


def rules_against(text: str, **values: object) -> set[str]:
    return {finding.rule for finding in check([entry(text, **values)], own=True)}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REFUSED.items() for text in texts])
def test_an_act_that_is_none_is_refused_by_its_rule(rule: str, text: str) -> None:
    assert rule in rules_against(text)


@pytest.mark.parametrize("text", FINE)
def test_words_that_only_look_like_more_are_let_through(text: str) -> None:
    assert rules_against(text) == set()


def test_every_finding_says_what_to_do_and_shows_the_words() -> None:
    for rule, texts in REFUSED.items():
        for text in texts:
            for finding in check([entry(text)], own=True):
                assert finding.to_do
                assert finding.rule != rule or '"' in finding.what


@pytest.mark.parametrize(
    ("text", "reach", "needs_person", "rules"),
    [
        ("Praise them before the whole team for one thing they did.", "private", True, {"open"}),
        ("Praise them before the whole team for one thing they did.", "public", True, set()),
        ("Praise somebody before the whole team for one thing they did.", "public", False, {"nameless"}),
        ("Praise another team before yours for one thing it did.", "public", False, set()),
        ("Take them aside and say which sentence you liked.", "public", True, {"secret"}),
        ("Tell the team how they got over a failure.", "public", True, {"exposing"}),
        ("Tell the team how they helped you over your own failure.", "public", True, set()),
        ("Water the plant by the window.", "private", True, {"form"}),
    ],
)
def test_what_others_see_is_public_needs_a_person_and_shows_only_what_they_may_see(
    text: str, reach: str, needs_person: bool, rules: set[str]
) -> None:
    assert rules_against(text, reach=reach, needs_person=needs_person) == rules


def test_a_sum_up_to_a_coffee_is_small() -> None:
    assert rules_against("Bring them a bun for 3 euros.") == set()
    assert rules_against("Bring them a cake for 30 euros.") == {"cost"}


def test_an_own_act_needs_five_keys_and_a_shipped_one_nine() -> None:
    assert check([entry("Water the plant.")], own=True) == []
    missing = [finding.what for finding in check([entry("Water the plant.")], own=False)]
    assert missing == [f"{name} is missing" for name in ("key", "cost", "needs_person", "evidence")]
    act = act_of(entry("Water  the\nplant."), own=True)
    assert (act.text, act.cost, act.evidence) == ("Water the plant.", "free", "")
    assert (act.needs_person, act.own) == (False, True)
    assert act.key == act_of(entry("water the plant"), own=True).key


def test_the_words_of_another_language_are_not_judged_and_their_form_is() -> None:
    assert check([entry("Danke ihnen vor dem ganzen Team.", language="de")], own=True) == []
    [finding] = check([entry("Danke ihnen.", language="de", minutes=30)], own=True)
    assert finding.what == 'minutes cannot be "30"'


def test_an_act_in_other_words_is_found_and_one_that_shares_a_few_is_not() -> None:
    one = content_words("Sweep the yard with a broom before the summer fair begins.")
    assert alike(one, content_words("Before the summer fair begins, sweep that yard with your brooms."))
    assert not alike(one, content_words("Sweep the yard with the neighbours after the fair."))
    assert alike(content_words("Greet the cooks."), content_words("Greets to all cooks!"))
    assert not alike(content_words("Wash the cups."), content_words("Wash the windows."))


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(),
            st.dictionaries(
                st.sampled_from([*KEYS, "unknown"]),
                st.one_of(
                    st.none(),
                    st.booleans(),
                    st.text(),
                    st.integers(),
                    st.lists(st.integers()),
                    st.sampled_from([*TIES, *CHANNELS, *REACHES, *COSTS, *EVIDENCE, "Wash up.", "de"]),
                ),
            ),
            st.fixed_dictionaries(
                {
                    "text": st.text(),
                    "minutes": st.integers(0, 21),
                    "channel": st.sampled_from(CHANNELS),
                    "reach": st.sampled_from(REACHES),
                    "tie": st.sampled_from(TIES),
                }
            ),
        ),
        max_size=4,
    )
)
def test_whatever_stands_in_a_file_is_judged_without_a_crash_and_what_passes_is_an_act(values: list[object]) -> None:
    entries = [Entry(value, {(): at + 1}) for at, value in enumerate(values)]
    findings = check(entries, own=True)
    wrong = {finding.entry for finding in findings}
    for at, one in enumerate(entries):
        if at not in wrong:
            act = act_of(one, own=True)
            assert act.text
            assert 1 <= act.minutes <= 20
            assert (act.tie in TIES, act.channel in CHANNELS, act.reach in REACHES) == (True, True, True)
