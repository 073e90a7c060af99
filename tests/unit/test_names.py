"""Names of people in any script: what is one name, which words it has, and what the person is called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.names import first_name_of, is_one_line, name_key, name_words, plain_key, tidy_name
from calsync.people.contacts import matching

NAMES = [
    "Ana Sousa",
    "José Ångström",
    "Işık Ünal",
    "IŞIK ÜNAL",
    "İbrahim Şahin",
    "Ζωή Παπαδόπουλος",
    "Олена Шевченко",
    "علی‌رضا محمدی",
    "محمد علي",
    "נועה לוי",
    "शिवा राव",
    "क्‍षमा",
    "สมชาย ใจดี",
    "山田 太郎",
    "王小明",
    "김민지",
    "ኣበበ",
    "O'Brien",
    "O\u2019Brien",
    "Jean-Luc Picard",
    "Madonna",
    "Ana 🙂",
    "👩‍🚀 Chi",
    "Nguyễn Văn Ánh",
    "Straße",
]
any_name = st.sampled_from(NAMES) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe\u0308  BERG", "zoë berg "),
        ("IŞIK", "ışık"),
        ("Işık", "işik"),
        ("İBRAHİM", "ibrahim"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("οδυσσευσ", "Οδυσσευς"),
        ("STRASSE", "Straße"),
        ("O'Brien", "O\u2019BRIEN"),
        ("Oʻzbek", "O'zbek"),
        ("Jean\u2011Luc", "Jean-Luc"),
        ("Ａｎａ", "Ana"),
        ("山田　太郎", "山田太郎"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("علی‌رضا", "علیرضا"),
        ("\u200fמיכל\u200e", "מיכל"),
        ("ﬁona", "Fiona"),
        ("👩\u200d🚀", "👩🚀"),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_two_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Zoe", "Zoë"), ("José", "Jose"), ("Ana Sousa", "AnaSousa"), ("王明", "王朋"), ("कि", "की")]
)
def test_an_accent_or_a_space_makes_another_name(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("José", "jose"),
        ("Ångström", "angstrom"),
        ("Søren Łukasz", "soren lukasz"),
        ("Đặng Ánh", "dang anh"),
        ("O’Brien", "obrien"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("Ёлкина", "Елкина"),
        ("Æsa", "aesa"),
    ],
)
def test_accents_and_points_may_be_left_out_where_one_types(name: str, typed: str) -> None:
    assert plain_key(name) == plain_key(typed)


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("कि", "क"), ("สี", "สี่"), ("김", "기")])
def test_marks_that_are_letters_of_their_own_are_never_left_out(one: str, other: str) -> None:
    assert plain_key(one) != plain_key(other)


@given(any_name)
@example("İ")
@example("ŉ")
@example("\u0345")
@example("ΰ")
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    assert plain_key(plain_key(name)) == plain_key(name)
    assert plain_key(name_key(name)) == plain_key(name)


@given(any_name)
def test_composition_spaces_and_unseen_marks_change_no_key(name: str) -> None:
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(unicodedata.normalize("NFC", name))
    assert name_key(f"  {name} \t") == name_key(name)
    assert name_key("\u200e" + "\u200b".join(name)) == name_key(name)


@given(st.sampled_from(NAMES))
def test_case_changes_no_key(name: str) -> None:
    assert name_key(name.upper()) == name_key(name) == name_key(name.lower())


@given(any_name)
def test_a_tidy_name_is_one_line_has_the_same_key_and_stays_as_it_is(name: str) -> None:
    tidy = tidy_name(name)
    assert is_one_line(tidy)
    assert tidy == tidy.strip()
    assert tidy_name(tidy) == tidy
    if is_one_line(name):
        assert name_key(tidy) == name_key(name)


def test_joiners_stay_inside_a_word_and_marks_of_direction_go() -> None:
    assert tidy_name("\u200f علی\u200cرضا\u200c \u202a") == "علی\u200cرضا"
    assert tidy_name("👩\u200d🚀\ufe0f Chi\u200d\n") == "👩\u200d🚀\ufe0f Chi"
    assert tidy_name("\u200b\u2060 \ufeff") == ""


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ana Sousa", "Ana"),
        ("Ana", "Ana"),
        ("Dr. Ana Sousa", "Ana"),
        ("Prof. Dr. Ana Sousa", "Ana"),
        ("Dr.", "Dr."),
        ("Sousa, Ana Maria", "Ana"),
        ("Sousa,", "Sousa"),
        ("山田 太郎", "太郎"),
        ("山田　太郎", "太郎"),
        ("김 민지", "민지"),
        ("김민지", "민지"),
        ("남궁민수", ""),
        ("王小明", ""),
        ("山田太郎", ""),
        ("マリア・ガルシア", "マリア"),
        ("玛丽亚·加西亚", "玛丽亚"),
        ("Emma 王", "Emma"),
        ("ana@example.com", ""),
        ("Ana (ana@example.com)", "Ana"),
        ("محمد علي", "محمد"),
        ("👩‍🚀 Chi", "👩‍🚀"),
    ],
)
def test_the_first_name_is_told_where_the_name_tells_it(name: str, first: str) -> None:
    assert first_name_of(name) == first
    assert Person(name, 1, 2).first_name == first


@given(any_name)
def test_a_first_name_is_a_part_of_the_name_and_never_the_whole_of_several_words(name: str) -> None:
    first = first_name_of(name)
    assert first in name
    if len(name.partition(",")[0].split()) > 1:
        assert first != name.strip()


def test_what_the_leader_calls_a_person_goes_before_the_name() -> None:
    assert Person("王小明", 1, 2, call_name="小明").first_name == "小明"
    assert Person("Nguyễn Văn Ánh", 1, 2, call_name="Ánh").first_name == "Ánh"


PEOPLE = [
    Person("José Costa", 14, 28, ("jose@example.com",)),
    Person("Jörg Meyer", 14, 28),
    Person("Jorge Lima", 14, 28),
    Person("山田太郎", 14, 28),
    Person("Jean-Luc Picard", 14, 28),
    Person("Sinéad O’Brien", 14, 28),
    Person("Nguyễn Văn Ánh", 14, 28, call_name="Andy"),
    Person("علی\u200cرضا محمدی", 14, 28),
    Person("Işık Ünal", 14, 28),
]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Jose", ["José Costa"]),
        ("costa josé", ["José Costa"]),
        ("jorg", ["Jörg Meyer"]),
        ("jor", ["Jorge Lima"]),
        ("太郎", ["山田太郎"]),
        ("山田 太郎", ["山田太郎"]),
        ("luc", ["Jean-Luc Picard"]),
        ("pic jean", ["Jean-Luc Picard"]),
        ("obrien", ["Sinéad O’Brien"]),
        ("sinead o'brien", ["Sinéad O’Brien"]),
        ("andy", ["Nguyễn Văn Ánh"]),
        ("anh", ["Nguyễn Văn Ánh"]),
        ("علیرضا", ["علی\u200cرضا محمدی"]),
        ("ISIK", ["Işık Ünal"]),
        ("'", []),
        ("-", []),
        ("\u200b", []),
    ],
)
def test_somebody_is_found_by_parts_of_the_name_and_without_accents(typed: str, names: list[str]) -> None:
    assert [person.name for person in matching(PEOPLE, typed)] == names


def test_the_spelling_that_is_typed_goes_before_one_without_accents() -> None:
    both = [Person("José Costa", 1, 2), Person("Jose Lima", 1, 2)]
    assert [person.name for person in matching(both, "jose")] == ["Jose Lima"]
    assert [person.name for person in matching(both, "josé")] == ["José Costa"]


@given(st.sampled_from(NAMES))
def test_everybody_is_found_by_the_whole_name_and_by_each_word_in_any_composition(name: str) -> None:
    everybody = [Person(one, 1, 2) for one in {name_key(one): one for one in NAMES}.values()]
    for typed in (name, *name.split(), name.upper()):
        for form in ("NFC", "NFD"):
            found = {name_key(p.name) for p in matching(everybody, unicodedata.normalize(form, typed))}
            assert name_key(name) in found


@given(any_name)
def test_the_words_of_a_name_are_keys(name: str) -> None:
    assert all(name_key(word) == word for word in name_words(name))


@given(st.lists(any_name, max_size=4), st.text(max_size=10))
def test_whatever_is_typed_means_only_people_who_are_there(names: list[str], typed: str) -> None:
    people = [Person(name, 1, 2) for name in names]
    found = matching(people, typed)
    assert set(map(id, found)) <= set(map(id, people))
    assert matching(people, typed) == found
