"""The command that signs in keeps what was given, wherever a next step names it, and nothing is said twice."""

from __future__ import annotations

import pytest

from calsync.accounts import SignInWay, SignInWish
from calsync.signstep import given, sign_in_step, with_given


def test_a_name_with_a_space_gives_a_command_that_can_be_pasted() -> None:
    assert sign_in_step("my work", "--paste") == "run `calsync calendars sign-in 'my work' --paste`"


@pytest.mark.parametrize(
    ("wish", "options"),
    [
        (SignInWish(), []),
        (
            SignInWish(SignInWay.PASTE, client="my client.json", tenant="example.com", people=True),
            [("--client", "my client.json"), ("--tenant", "example.com"), ("--people",), ("--paste",)],
        ),
        (SignInWish(SignInWay.DEVICE_CODE), [("--device-code",)]),
        (SignInWish(SignInWay.APPLICATION), [("--application",)]),
        # A file that did not do would not do again.
        (SignInWish(SignInWay.TOKEN_FILE, people=True), [("--people",)]),
    ],
)
def test_given_is_what_the_command_line_said(wish: SignInWish, options: list[tuple[str, ...]]) -> None:
    assert given(wish) == options


GIVEN = [("--client", "my client.json"), ("--people",), ("--device-code",)]


@pytest.mark.parametrize(
    ("step", "whole"),
    [
        (
            "see x, then run `calsync calendars sign-in work`",
            "see x, then run `calsync calendars sign-in work --client 'my client.json' --people --device-code`",
        ),
        (
            "run `calsync calendars sign-in work --client FILE`",
            "run `calsync calendars sign-in work --client FILE --people --device-code`",
        ),
        (
            "run `calsync calendars sign-in work --paste` where there is no browser",
            "run `calsync calendars sign-in work --paste --client 'my client.json' --people` where there is no browser",
        ),
        ("run `calsync calendars sign-in workshop`", "run `calsync calendars sign-in workshop`"),
        ("check `account` and `tenant`", "check `account` and `tenant`"),
        ("", ""),
    ],
)
def test_a_next_step_carries_what_was_given_and_what_it_does_not_say_itself(step: str, whole: str) -> None:
    assert with_given(step, "work", GIVEN) == whole
