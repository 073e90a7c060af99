"""What the topic linter refuses, and what it lets through: everyday words that only look scripted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.lint import EVIDENCE, Entry, check, topic_of
from calsync.people.phrases import RULES, closed, words_against
from calsync.people.topics import DEPTHS, THEMES

REFUSED = {
    "weather": [
        "how about this weather",
        "What do you make of the weather this week?",
        "How was the rain where you are?",
        "How do you get through the snow?",
        "It has been so cold lately, how do you cope?",
        "What did the storm do to your street?",
        "What is the temperature where you are?",
    ],
    "sports": [
        "the game",
        "How about the game?",
        "What did you think of the match last night?",
        "Which team do you support?",
        "Who is your favourite player?",
        "How did the football go?",
        "Where did you watch the final?",
        "What sport do you follow?",
    ],
    "status": [
        "where are we on X",
        "Where are we with the launch?",
        "What is the status of your tasks?",
        "How's the migration going?",
        "How is the new report coming along?",
        "When will the release be ready?",
        "What are you working on?",
        "What did you get done this week?",
        "Any updates?",
        "Are we on track?",
        "Where are you with the offer?",
        "When does it go live?",
        "When will you finish the draft?",
        "What is blocking the team?",
        "How are we doing against the deadline?",
        "What are the next steps on the offer?",
        "How are things coming along with the release?",
        "How much of the roadmap is done?",
    ],
    "private": [
        "How is your health?",
        "Which church do you go to?",
        "What do you make of the election?",
        "How did you find out that you were pregnant?",
        "What illness kept you at home?",
    ],
}
CLOSED = [
    "Did you have a good weekend?",
    "Good weekend?",
    "Is there anything you would like me to know?",
    "And do you like it here?",
    "What a week, isn't it?",
    "You are settling in, right?",
    "If you could leave tomorrow, would you go?",
    "When you look back, do you feel proud?",
    "Do you think, when you look back, that it was worth it?",
    "Everything fine at home?",
    "Any plans?",
    "Tell me, do you like it?",
    "You like it here?",
    "Haven't you had enough?",
    "I like your garden.",
    "",
]
FINE = [
    "How did your team weather the change?",
    "How do you weather the storm when everything comes at once?",
    "What would you do with a rainy Sunday?",
    "How do you take the temperature of your team?",
    "What would stand on your own roadmap for the next ten years?",
    "How are things with the children?",
    "How do you decide whether to speak up?",
    "Who in the team makes you laugh?",
    "What does game night look like with your family?",
    "Which board game brings out the worst in you?",
    "What is the game you loved most as a child?",
    "Which instrument do you play, and who listens?",
    "What do you play when nobody listens?",
    "What goal have you set yourself?",
    "Where would a better match between you and your work lie?",
    "What progress in yourself are you proud of?",
    "How do you feel about the status quo?",
    "What were you sick of by Friday?",
    "How do office politics look from where you sit?",
    "Whose faith in you has helped you?",
    "Which concert would you buy tickets for at once?",
    "What milestone are you looking forward to as a family?",
    "What update would you send to your younger self?",
    "Where are you happiest?",
    "What keeps you on track when life gets loud?",
    "When do you finish work with a smile?",
    "When do you feel most alive?",
    "How does it feel to report to me?",
    "How is your little garden project coming along?",
    "What would you love to get done this year?",
    "Where are you with your thoughts these days?",
    "Who in the team do you support most?",
    "Where do you see a better match between people and tasks?",
    "Which series did you watch to the final episode?",
    "How do you keep faith with yourself?",
    "Whose sunny nature do you envy?",
    "What would you forecast for yourself?",
    "What are you working on in yourself?",
    "On a free day what do you do first?",
    "Of all the people you know who would you take along?",
    "Imagine a free year: what would you do?",
    "Name one thing that you are proud of.",
    "How come you never told me?",
    "Tell me about the house you grew up in.",
    "With whom do you laugh most?",
    "In which room do you work best?",
    "Which piece of feedback, good or bad, has stayed with you?",
    "What keeps people here, do you think?",
    "What, if anything, would you like to give up?",
    "You said you paint. What are you painting?",
    'How are you all really, behind the "fine"?',
]


def entry(**values: object) -> Entry:
    whole = {"text": "What did you do?", "theme": "home", "follow_ups": ["What else?", "How so?"], **values}
    return Entry(whole, {(): 1})


def rules_against(text: str) -> set[str]:
    return {rule.name for rule in RULES if words_against(rule, text)}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REFUSED.items() for text in texts])
def test_a_scripted_or_prying_question_is_refused_by_its_rule(rule: str, text: str) -> None:
    assert rule in rules_against(text)


@pytest.mark.parametrize("text", CLOSED)
def test_a_question_that_yes_or_no_answers_is_closed(text: str) -> None:
    assert closed(text)


@pytest.mark.parametrize("text", FINE)
def test_words_that_only_look_scripted_are_let_through(text: str) -> None:
    assert rules_against(text) == set()
    assert not closed(text)


def test_a_follow_up_is_held_to_the_same_rules() -> None:
    found = check([entry(follow_ups=["How was the weather?", "Did you like it?"])], own=True)
    assert [finding.rule for finding in found] == ["weather", "closed"]


def test_a_shipped_topic_needs_a_key_a_depth_and_evidence_and_an_own_one_does_not() -> None:
    assert check([entry()], own=True) == []
    missing = [finding.what for finding in check([entry()], own=False)]
    assert missing == ["key is missing", "depth is missing", "evidence is missing"]


def test_the_words_of_another_language_are_not_judged_and_their_form_is() -> None:
    assert check([entry(text="Was war schön am Wochenende?", language="de")], own=True) == []
    [finding] = check([entry(text="Was war schön?", language="de", follow_ups=["Warum?"])], own=True)
    assert finding.what == "there is 1 follow-up question"


def test_a_topic_of_ones_own_without_a_key_has_a_lasting_one_that_follows_from_its_words() -> None:
    first, second = (topic_of(entry(text=text), own=True) for text in ("What did you do?", "what did you  do"))
    assert first.key == second.key
    assert topic_of(entry(text="What did they do?"), own=True).key != first.key
    assert (first.depth, first.evidence, first.own) == (1, "", True)


def test_every_finding_says_what_to_do() -> None:
    for texts in REFUSED.values():
        for finding in check([entry(text=text) for text in texts], own=True):
            assert finding.what
            assert finding.to_do


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(),
            st.dictionaries(
                st.sampled_from(["key", "text", "theme", "depth", "follow_ups", "evidence", "language", "x"]),
                st.one_of(
                    st.none(),
                    st.text(),
                    st.integers(),
                    st.lists(st.one_of(st.text(), st.integers())),
                    st.sampled_from([*THEMES, *EVIDENCE, *DEPTHS, "What else?", "de"]),
                ),
            ),
        ),
        max_size=4,
    )
)
def test_whatever_stands_in_a_file_is_judged_without_a_crash_and_what_passes_is_a_topic(values: list[object]) -> None:
    entries = [Entry(value, {(): at + 1}) for at, value in enumerate(values)]
    findings = check(entries, own=True)
    wrong = {finding.entry for finding in findings}
    for at, one in enumerate(entries):
        if at not in wrong:
            topic = topic_of(one, own=True)
            assert topic.theme in THEMES
            assert len(topic.follow_ups) >= 2
