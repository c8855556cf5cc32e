"""How alike two names are, whatever alphabet, spelling or order of words they are written in.

`name_key` is stored and indexed, so that candidates are found by a few look-ups among a million;
`compare` then judges each of them and says why. It only suggests: people decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from app.models.contacts.given_names import CANONICAL, KNOWN

KEY_LIMIT = 80
HIGHEST = "\U0010ffff"  # stands after every other character
LAST_ALIKE = 84
FIRST_ALIKE = 80
SHORTEST_WITH_TYPO = 5

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "e",
    "ж": "zh", "з": "z", "и": "i", "і": "i", "ї": "i", "й": "y", "к": "k", "л": "l", "м": "m",
    "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e",
    "ю": "yu", "я": "ya", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u",
    "һ": "h", "ј": "y", "љ": "l", "њ": "n", "ћ": "ch", "ђ": "dj", "џ": "dj",
}  # fmt: skip
_LATIN = {"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "đ": "d", "þ": "t"}
_LETTERS = str.maketrans(_CYRILLIC | _LATIN)
# One spelling for each sound; capitals stand for sounds of their own. The longer ones come first.
_SOUNDS = {
    "shch": "S", "sch": "S", "shh": "S", "sh": "S", "zh": "Z", "kh": "h", "tch": "C", "ch": "C",
    "tz": "T", "ts": "T", "cz": "T", "ph": "f", "th": "t", "ck": "k", "x": "ks", "q": "k",
    "w": "v", "ff": "v", "iya": "ia", "iia": "ia", "ija": "ia", "ya": "ia", "ja": "ia",
    "iyu": "iu", "yu": "iu", "ju": "iu", "ye": "e", "je": "e", "ie": "e", "yo": "e", "jo": "e",
    "yi": "i", "iy": "i", "ij": "i", "yj": "i", "y": "i", "j": "i", "ce": "Te", "ci": "Ti",
    "cy": "Ti", "cv": "Tv", "c": "k", "ou": "u",
}  # fmt: skip
_SPELLINGS = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile("[aeiou]")
_WORDS = re.compile(r"[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*")
_ENDS = re.compile(r"(?:aia|oi|a|i)$")  # Иванов and Иванова, Чайковский and Чайковская


class Why(StrEnum):
    """What speaks for one person, the strongest first."""

    SAME = "same"
    SPELLING = "spelling"
    ORDER = "order"
    SHORT_FORM = "short_form"
    INITIAL = "initial"
    TYPO = "typo"


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` of 100; `supported`: more than first and last name agrees."""

    score: int
    why: Why
    supported: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, its words each in one spelling."""

    last: str
    first: str
    middle: str = ""
    written: tuple[str, str] = ("", "")

    @classmethod
    def read(cls, last: str, first: str, middle: str = "") -> Name | None:
        """None where there are not two words to go by."""
        surnames, given, fathers = words(last), words(first), words(middle)
        if not surnames and len(given) > 1:  # a form with one column for the name
            surnames, given = given[1:], given[:1]
        elif not given and len(surnames) > 1:
            surnames, given = surnames[:1], surnames[1:]
        if not surnames or not given:
            return None
        fathers = given[1:] + fathers
        family = "".join(surnames)
        return cls(
            sound(family), sound(given[0]), sound(fathers[0]) if fathers else "",
            (family, given[0]),
        )  # fmt: skip

    @property
    def key(self) -> str:
        return f"{skeleton(self.last)} {skeleton(known_as(self.first))}"[:KEY_LIMIT]

    def turned(self) -> Name:
        """The same with first and last name in each other's place."""
        return Name(self.first, self.last, self.middle, (self.written[1], self.written[0]))


def words(text: str | None) -> list[str]:
    return _WORDS.findall((text or "").casefold())


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """One spelling for a word in any alphabet: Щёголева, Shchegoleva and Schegoleva are one."""
    text = unicodedata.normalize("NFC", word.casefold()).translate(_LETTERS)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if c.isalpha())
    text = _SPELLINGS.sub(lambda found: _SOUNDS[found[0]], text.replace("'", ""))
    return _DOUBLED.sub(r"\1", text.replace("`", ""))


@lru_cache(maxsize=20_000)
def known_as(first: str) -> str:
    """The full form of a given name's sound: Саша and Alexander are Александр."""
    return CANONICAL.get(first, first)


@lru_cache(maxsize=20_000)
def skeleton(heard: str) -> str:
    """The consonants, and a vowel only where the word begins with it: typing slips on vowels."""
    if heard[:1] == "i" and heard[1:2] in ("a", "e", "o", "u"):  # Юлия, Julia and Ulia
        heard = heard[1:]
    bare = heard[:1] + _VOWELS.sub("", heard[1:])
    return _DOUBLED.sub(r"\1", bare.replace("f", "v"))


def name_key(last: str, first: str, middle: str = "") -> str | None:
    """What is stored with a person to find similar names by; None without two words."""
    name = Name.read(last, first, middle)
    return name.key if name else None


def organisation_key(name: str) -> str | None:
    """The same of an organisation, without its legal form and whatever the order of its words."""
    heard = sorted(map(sound, _own_words(name)))
    return f"={' '.join(map(skeleton, heard))}"[:KEY_LIMIT] if heard else None


def probes(last: str, first: str) -> tuple[list[str], list[str]]:
    """Keys to look up as they are, and beginnings of keys: whole last name and an initial."""
    name = Name.read(last, first)
    if name is None:
        return [], []
    one, other = skeleton(name.last), skeleton(known_as(name.first))
    turned = f"{skeleton(name.first)} {skeleton(known_as(name.last))}"
    initials = [f"{one} {other[:1]}", f"{skeleton(name.first)} {one[:1]}"]
    return list(dict.fromkeys([name.key, turned, *initials])), initials


def compare(one: Name | None, other: Name | None) -> Likeness | None:
    """How alike two people's names are; None when they are not."""
    if one is None or other is None or _contradict(one.middle, other.middle):
        return None
    straight, crossed = _pair(one, other), _pair(one, other.turned())
    if crossed and (straight is None or crossed.score > straight.score):
        why = Why.ORDER if crossed.why in (Why.SAME, Why.SPELLING) else crossed.why
        straight = Likeness(crossed.score - 1, why)
    if straight is None:
        return None
    agrees = bool(one.middle and other.middle and len(one.middle) > 1)
    return Likeness(straight.score, straight.why, agrees)


def compare_organisations(one: str, other: str) -> Likeness | None:
    mine, theirs = (" ".join(sorted(map(sound, _own_words(name)))) for name in (one, other))
    if not mine or not theirs:
        return None
    score = int(fuzz.ratio(mine, theirs))
    if score < LAST_ALIKE + 4:
        return None
    if sorted(words(one)) == sorted(words(other)):
        return Likeness(score, Why.SAME)
    return Likeness(score, Why.SPELLING if score == 100 else Why.TYPO)


# -- how it is made --------------------------------------------------------------------------------


_LEGAL = (
    "ооо оао зао пао ао ип тоо чп тов одо нко ано фирма компания llc ltd limited inc incorporated"
    " gmbh ag co company corp corporation sa srl sro sarl plc llp oy ab bv nv kg ug"
)
_FORMS = frozenset(map(sound, _LEGAL.split()))


def _own_words(name: str) -> Iterator[str]:
    named = words(name)
    own = [word for word in named if sound(word) not in _FORMS]
    return iter(own or named)


def _pair(one: Name, other: Name) -> Likeness | None:
    last, first = _last_names(one.last, other.last), _first_names(one.first, other.first)
    if last is None or first is None:
        return None
    if one.written == other.written:
        return Likeness(100, Why.SAME)
    why = max(last[1], first[1], key=list(Why).index)
    return Likeness(min(99, (last[0] + first[0]) // 2), why)


def _last_names(one: str, other: str) -> tuple[int, Why] | None:
    if one == other:
        return 100, Why.SPELLING
    if min(len(one), len(other)) < SHORTEST_WITH_TYPO:
        return None
    if _ENDS.sub("", one) == _ENDS.sub("", other):
        return 95, Why.TYPO
    score = int(fuzz.ratio(one, other))
    slips = OSA.distance(one, other, score_cutoff=2)
    if slips > 2 or (score < LAST_ALIKE and skeleton(one) != skeleton(other)):
        return None
    return score, Why.TYPO


def _first_names(one: str, other: str) -> tuple[int, Why] | None:
    if one == other:
        return 100, Why.SPELLING
    if len(one) == 1 or len(other) == 1:
        return (90, Why.INITIAL) if known_as(one)[:1] == known_as(other)[:1] else None
    full, theirs = known_as(one), known_as(other)
    if full == theirs:
        return 94, Why.SHORT_FORM
    if (full in KNOWN and theirs in KNOWN) or _ENDS.sub("", one) == _ENDS.sub("", other):
        return None  # Мария and Марина, Александр and Александра
    score = int(fuzz.ratio(one, other))
    longest = max(len(one), len(other))
    slips = OSA.distance(one, other, score_cutoff=2)
    if skeleton(one) == skeleton(other) and slips <= 2:
        return score, Why.SPELLING if slips == 1 and longest > SHORTEST_WITH_TYPO else Why.TYPO
    if score < FIRST_ALIKE or slips > 1 or longest < SHORTEST_WITH_TYPO:
        return None
    return score, Why.TYPO


def _contradict(one: str, other: str) -> bool:
    """Two different patronymics are two people; an initial may be any name that begins so."""
    if not one or not other or one[:1] == other[:1] == (one if len(one) == 1 else other):
        return False
    if len(one) == 1 or len(other) == 1:
        return one[:1] != other[:1]
    return fuzz.ratio(one, other) < FIRST_ALIKE
