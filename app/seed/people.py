"""People for demo data: the same ones for the same number, with phones that ring at nobody's."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.seed.words import Words

DOMAINS = ("example.com", "example.org", "example.net")  # reserved, they deliver to nobody
# Each Cyrillic letter with its Latin spelling.
SPELLING = (
    "аa бb вv гg дd еe ёe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щsch ъ ыy ь"
    " эe юyu яya"
)
LETTERS = {pair[0]: pair[1:] for pair in SPELLING.split()}


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str
    middle_name: str
    phone: str
    email: str


class People:
    """Draws people; each has a phone and an e-mail of their own."""

    def __init__(self, words: Words, draw: random.Random) -> None:
        self.words = words
        self.draw = draw
        self.count = 0

    def one(self) -> Person:
        number = self.count
        self.count += 1
        first, last, middle = self._name()
        return Person(first, last, middle, self.phone(number), self._email(first, last, number))

    def phone(self, number: int) -> str:
        """+7 900 0xx-xx-xx or +44 7700 900xxx: valid to every check, used by nobody here."""
        if self.words.language == "en" and number < 900:
            return f"+44 7700 900{number + 100:03d}"
        digits = f"{number + 1000:07d}"
        typed = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
        style = self.draw.randrange(3)
        return (f"+7 900 {typed}", f"8 (900) {typed}", f"7900{digits}")[style]

    def _name(self) -> tuple[str, str, str]:
        words, draw = self.words, self.draw
        if draw.random() < 0.5:
            return draw.choice(words.male), draw.choice(words.male_last), self._middle(True)
        return draw.choice(words.female), draw.choice(words.female_last), self._middle(False)

    def _middle(self, male: bool) -> str:
        if self.draw.random() < 0.5:
            return ""
        return self.draw.choice(self.words.male_middle if male else self.words.female_middle)

    def _email(self, first: str, last: str, number: int) -> str:
        name = f"{latin(first)}.{latin(last)}{number}"
        return f"{name}@{DOMAINS[number % len(DOMAINS)]}"


def latin(name: str) -> str:
    spelt = "".join(LETTERS.get(letter, letter) for letter in name.lower())
    return "".join(letter for letter in spelt if letter.isascii() and letter.isalnum())
