"""Similar names: one person in any alphabet, spelling and order; two people stay two."""

from __future__ import annotations

import pytest

from app.models.contacts.likeness import (
    Name,
    Why,
    compare,
    compare_organisations,
    name_key,
    organisation_key,
)

ONE_PERSON = [
    (("Иванов", "Сергей"), ("Ivanov", "Sergey"), Why.SPELLING),
    (("Иванов", "Сергей"), ("Ivanov", "Sergei"), Why.SPELLING),
    (("Иванов", "Сергей"), ("Сергей", "Иванов"), Why.ORDER),
    (("Иванов", "Сергей"), ("Sergey", "Ivanov"), Why.ORDER),
    (("Щёголева", "Юлия"), ("Щеголева", "Юлия"), Why.SPELLING),
    (("Щёголева", "Юлия"), ("Shchegoleva", "Julia"), Why.SPELLING),
    (("Щёголева", "Юлия"), ("Schegoleva", "Yulia"), Why.SPELLING),
    (("Щёголева", "Юлия"), ("Shchyogoleva", "Iuliia"), Why.SPELLING),
    (("Хабаров", "Дмитрий"), ("Khabarov", "Dmitry"), Why.SPELLING),
    (("Хабаров", "Дмитрий"), ("Habarov", "Dmitrij"), Why.SPELLING),
    (("Цветкова", "Наталья"), ("Tsvetkova", "Natalia"), Why.SPELLING),
    (("Чехов", "Евгений"), ("Chekhov", "Yevgeny"), Why.SPELLING),
    (("Жуков", "Пётр"), ("Zhukov", "Pyotr"), Why.SPELLING),
    (("Шмидт", "Андрей"), ("Schmidt", "Andrej"), Why.SPELLING),
    (("Попов", "Александр"), ("Popov", "Alexander"), Why.SHORT_FORM),
    (("Попов", "Александр"), ("Попов", "Саша"), Why.SHORT_FORM),
    (("Попова", "Екатерина"), ("Popova", "Catherine"), Why.SHORT_FORM),
    (("Попов", "Александр"), ("Попов", "А."), Why.INITIAL),
    (("Смирнов", "Илья"), ("Смирнов", "Илья"), Why.SAME),
    (("смирнов", "ИЛЬЯ"), ("Смирнов", "Илья"), Why.SAME),
    (("Кузнецов", "Олег"), ("Кузнцов", "Олег"), Why.TYPO),
    (("Кузнецов", "Олег"), ("Кузецнов", "Олег"), Why.TYPO),
    (("", "Sergey Ivanov"), ("Иванов", "Сергей"), Why.SPELLING),
    (("O'Brien", "Mary"), ("O’Brien", "Mary"), Why.SPELLING),
    (("Müller", "Jürgen"), ("Muller", "Jurgen"), Why.SPELLING),
    (("Салтыков-Щедрин", "Михаил"), ("Saltykov Shchedrin", "Mikhail"), Why.SPELLING),
    (("王", "小明"), ("王", "小明"), Why.SAME),
]  # fmt: skip
TWO_PEOPLE = [
    (("Иванов", "Сергей"), ("Иванов", "Олег")),
    (("Иванов", "Сергей"), ("Петров", "Сергей")),
    (("Попов", "Александр"), ("Попова", "Александра")),
    (("Петрова", "Мария"), ("Петрова", "Марина")),
    (("Ли", "Анна"), ("Ни", "Анна")),
    (("Ким", "Ян"), ("Ким", "Яна")),
    (("Соколова", "Анна"), ("Соколова", "Алла")),
    (("", "Анна"), ("", "Анна")),
    (("Иванов", ""), ("Иванов", "")),
]


@pytest.mark.parametrize(("one", "other", "why"), ONE_PERSON)
def test_one_person_is_found_however_they_are_written(one: tuple, other: tuple, why: Why) -> None:
    found = compare(Name.read(*one), Name.read(*other))
    assert found is not None
    assert found.why is why
    back = compare(Name.read(*other), Name.read(*one))
    assert back is not None
    assert back.why is why


@pytest.mark.parametrize(("one", "other"), TWO_PEOPLE)
def test_two_people_stay_two(one: tuple, other: tuple) -> None:
    assert compare(Name.read(*one), Name.read(*other)) is None


def test_two_different_patronymics_are_two_people() -> None:
    one = Name.read("Иванов", "Сергей", "Петрович")
    assert compare(one, Name.read("Иванов", "Сергей", "Олегович")) is None
    assert compare(one, Name.read("Ivanov", "Sergey", "O.")) is None
    same = compare(one, Name.read("Ivanov", "Sergey", "Petrovich"))
    assert same is not None
    assert same.supported
    unknown = compare(one, Name.read("Ivanov", "Sergey"))
    assert unknown is not None
    assert not unknown.supported


@pytest.mark.parametrize(("one", "other", "_why"), [
    pair for pair in ONE_PERSON if pair[2] in (Why.SAME, Why.SPELLING, Why.SHORT_FORM)
])  # fmt: skip
def test_spellings_share_a_key(one: tuple, other: tuple, _why: Why) -> None:
    assert name_key(*one) == name_key(*other)


def test_a_single_word_makes_no_key() -> None:
    assert name_key("", "Анна") is None
    assert name_key("  ", "") is None
    assert len(name_key("я" * 150, "ы" * 150) or "") <= 80


def test_an_organisation_is_found_without_its_legal_form() -> None:
    assert organisation_key("ООО «Ромашка»") == organisation_key("Romashka LLC")
    found = compare_organisations("ООО «Ромашка»", "Romashka, Ltd.")
    assert found is not None
    assert found.why is Why.SPELLING
    assert compare_organisations("ООО «Ромашка»", "ООО «Василёк»") is None
    turned = compare_organisations("Северный Ветер", "ветер северный ЗАО")
    assert turned is not None
    assert organisation_key("") is None
