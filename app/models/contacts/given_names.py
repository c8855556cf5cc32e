"""Short and foreign forms of common given names, each with the name it stands for.

Written by their sound (see likeness.py); a form that may stand for a man or a woman stands for
either, since only the consonants of the full name are looked up.
"""

from __future__ import annotations

_FORMS = {
    "aleksandr": "saSa Sura sania alek aleks aleksander sander alesandro",
    "aleksei": "aleSa leSa leha aleksi aleksis",
    "anastasia": "nastia stasia",
    "anatoli": "tolia tolik",
    "andrei": "andriuSa andriuha andrev andreas",
    "ana": "ania aniuta niura hana an",
    "anton": "antoni antoniu toSa",
    "artem": "tema artemi artiom",
    "boris": "boria",
    "vadim": "vadik",
    "valentina": "valia",
    "valeri": "valera",
    "varvara": "varia barbara",
    "vasili": "vasia basil",
    "viktor": "vitia",
    "viktoria": "vika",
    "vitali": "vitalik",
    "vladimir": "vova volodia voloda vladimer",
    "vladislav": "vlad vladik",
    "viaCeslav": "slava",
    "galina": "galia",
    "genadi": "gena",
    "georgi": "gosa goSa Zora georg george georges",
    "grigori": "griSa gregori",
    "daria": "daSa",
    "dmitri": "dima mitia dimitri dmitro",
    "evgeni": "Zenia eugene eugen evgen",
    "ekaterina": "katia katerina katerine katrin katarina kate katka",
    "elena": "lena helena helen elen olena",
    "elizaveta": "liza elizabet",
    "ivan": "vania iohan",
    "igor": "ihor",
    "ilia": "iluSa ila",
    "irina": "ira irena irin",
    "kiril": "kirila kiruSa",
    "konstantin": "kostia konstantine",
    "ksenia": "ksiuSa",
    "lev": "leva leo",
    "leonid": "lenia",
    "liubov": "liuba",
    "liudmila": "liuda mila liusia",
    "maksim": "maks maksimilian",
    "margarita": "rita margaret",
    "maria": "maSa mari marusia",
    "mihail": "miSa miCael mihael miCel",
    "nadeZda": "nadia",
    "natalia": "nataSa natali",
    "nikita": "nik",
    "nikolai": "kolia nikolas niColas nikolaus",
    "oleg": "oleh",
    "olga": "olia olha",
    "pavel": "paSa paul pavlo pol",
    "petr": "petia peter petro",
    "polina": "polia paulina",
    "roman": "roma",
    "svetlana": "sveta",
    "semen": "sema simon",
    "sergei": "sereZa serega serZ serhi",
    "sofia": "sonia sophie sofi",
    "stanislav": "stas",
    "stepan": "stepa stefan steven",
    "tamara": "toma",
    "tatiana": "tania",
    "timur": "tima",
    "fedor": "fedia teodor",
    "iuli": "iulian",
    "iulia": "iulka uliana",
    "iuri": "iura",
    "iakov": "iaSa",
    "iaroslav": "iarik",
}
CANONICAL = {short: full for full, forms in _FORMS.items() for short in forms.split()}
# Names that are alike and are never the same one: Мария and Марина.
_OTHERS = (
    "alina alisa ala oksana artur bogdan denis diana egor ina larisa marina marat nina raisa ruslan"
    " rustam vera zoia aleksandra valeria evgenia"
)
KNOWN = frozenset(_FORMS) | frozenset(_OTHERS.split())
