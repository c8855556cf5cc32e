"""What the demo company says and is called, in Russian and in English. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Offer(NamedTuple):
    """A service of the demo company; the price in the company's currency."""

    title: str
    description: str
    price: Decimal


class Firm(NamedTuple):
    name: str
    legal_name: str
    address: str


@dataclass(frozen=True, slots=True)
class Words:
    language: str
    male: tuple[str, ...]
    female: tuple[str, ...]
    male_last: tuple[str, ...]
    female_last: tuple[str, ...]
    male_middle: tuple[str, ...]
    female_middle: tuple[str, ...]
    users: dict[str, tuple[str, str]]
    company: dict[str, str]
    services: tuple[Offer, ...]
    channels: tuple[str, ...]
    campaigns: tuple[str, ...]
    sources: tuple[str, ...]
    form: str
    firms: tuple[Firm, ...]
    jobs: tuple[str, ...]
    streets: tuple[str, ...]
    questions: tuple[str, ...]
    calls: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    client_notes: tuple[str, ...]
    amendments: tuple[str, ...]
    terminations: tuple[str, ...]
    consent: str
    bank: str


# Word lists are read in lines, not one word a line.
# fmt: off
RUSSIAN = Words(
    language="ru",
    male=(
        "Алексей", "Андрей", "Антон", "Артём", "Борис", "Вадим", "Виктор", "Глеб", "Денис",
        "Дмитрий", "Евгений", "Иван", "Игорь", "Кирилл", "Максим", "Михаил", "Никита", "Олег",
        "Павел", "Роман", "Сергей", "Степан", "Тимур", "Фёдор", "Юрий",
    ),
    female=(
        "Алёна", "Алина", "Анна", "Валентина", "Вера", "Виктория", "Галина", "Дарья", "Екатерина",
        "Елена", "Жанна", "Зоя", "Ирина", "Ксения", "Лариса", "Любовь", "Марина", "Надежда",
        "Наталья", "Ольга", "Полина", "Светлана", "Софья", "Татьяна", "Юлия",
    ),
    male_last=(
        "Абрамов", "Белов", "Виноградов", "Громов", "Данилов", "Егоров", "Ёлкин", "Журавлёв",
        "Зайцев", "Ильин", "Калинин", "Королёв", "Лаптев", "Макаров", "Назаров", "Орлов",
        "Панфилов", "Рогов", "Савельев", "Тихонов", "Уваров", "Филатов", "Хохлов", "Цветков",
        "Чернов", "Шестаков", "Щербаков", "Юдин", "Яковлев", "Соболев",
    ),
    female_last=(
        "Абрамова", "Белова", "Виноградова", "Громова", "Данилова", "Егорова", "Ёлкина",
        "Журавлёва", "Зайцева", "Ильина", "Калинина", "Королёва", "Лаптева", "Макарова",
        "Назарова", "Орлова", "Панфилова", "Рогова", "Савельева", "Тихонова", "Уварова",
        "Филатова", "Хохлова", "Цветкова", "Чернова", "Шестакова", "Щербакова", "Юдина",
        "Яковлева", "Соболева",
    ),
    male_middle=(
        "Александрович", "Андреевич", "Борисович", "Викторович", "Евгеньевич", "Игоревич",
        "Михайлович", "Олегович", "Петрович", "Сергеевич", "Фёдорович", "Юрьевич",
    ),
    female_middle=(
        "Александровна", "Андреевна", "Борисовна", "Викторовна", "Евгеньевна", "Игоревна",
        "Михайловна", "Олеговна", "Петровна", "Сергеевна", "Фёдоровна", "Юрьевна",
    ),
    users={
        "operator": ("Ольга", "Операторова"),
        "marketer": ("Марк", "Рекламов"),
        "manager": ("Мария", "Договорова"),
        "admin": ("Администратор", ""),
    },
    company={
        "legal_name": "Общество с ограниченной ответственностью «Северный ветер»",
        "tax_id": "7700000000",
        "tax_registration": "770001001",
        "address": "101000, Москва, ул. Примерная, д. 5, офис 14",
        "bank_details": "р/с 40702810000000000005 в АО «Банк Пример»\n"
        "к/с 30101810000000000000\nБИК 044500000",
        "phone": "+7 900 000-00-05",
        "email": "office@example.com",
        "signatory_name": "Ветрова Алла Сергеевна",
        "signatory_position": "Генеральный директор",
        "signatory_basis": "Устав",
    },
    services=(
        Offer(
            "Контекстная реклама под ключ",
            "Аудит кабинетов, сбор ключевых фраз, запуск и ведение три месяца.",
            Decimal("95000"),
        ),
        Offer(
            "Продвижение в социальных сетях",
            "Контент-план, съёмка, посты и таргетированная реклама.",
            Decimal("70000"),
        ),
        Offer(
            "Разработка сайта",
            "Прототип, дизайн, вёрстка, подключение форм и счётчиков.",
            Decimal("180000"),
        ),
        Offer(
            "Аудит рекламы",
            "Отчёт с ошибками, потерями и планом исправлений.",
            Decimal("25000"),
        ),
        Offer(
            "Рассылки по подписчикам",
            "Больше не продаём отдельно: входит в продвижение.",
            Decimal("18000.50"),
        ),
    ),
    channels=("Поисковая реклама", "Социальные сети", "Карты и каталоги", "Рассылка", "Выставка"),
    campaigns=(
        "Поиск: контекстная реклама", "Соцсети: продвижение бизнеса", "Поиск: разработка сайтов",
        "Карты: аудит рекламы", "Выставка «Реклама и бизнес»", "Рассылка по базе подписчиков",
        "Соцсети: розыгрыш аудита", "Поиск: бренд",
    ),
    sources=("Форма на сайте", "Рекламный кабинет", "Каталог компаний"),
    form="Заявка с главной страницы",
    firms=(
        Firm("Тёплый дом", "ООО «Тёплый дом»", "Казань, ул. Садовая, д. 3"),
        Firm("Вектор", "АО «Вектор»", "Пермь, ул. Заводская, д. 18"),
        Firm("Кофейня «Зерно»", "ИП Зернов П. А.", "Тула, пр. Мира, д. 7"),
        Firm("Стройгарант", "ООО «Стройгарант»", "Самара, ул. Песчаная, д. 40"),
        Firm("Клиника «Лучик»", "ООО «Лучик»", "Москва, ул. Цветочная, д. 9"),
        Firm("Автодвор", "ООО «Автодвор»", "Рязань, Южное ш., д. 2"),
        Firm("Лингва", "АНО ДПО «Лингва»", "Томск, ул. Учебная, д. 11"),
        Firm("Мебель «Дуб»", "ООО «Дуб»", "Киров, ул. Лесная, д. 25"),
        Firm("Фермер Плюс", "ООО «Фермер Плюс»", "Курск, ул. Полевая, д. 6"),
        Firm("Технопарк «Орбита»", "АО «Орбита»", "Новосибирск, ул. Научная, д. 1"),
    ),
    jobs=("директор по маркетингу", "управляющий", "коммерческий директор", "владелица"),
    streets=(
        "Москва, ул. Лесная, д. 12, кв. 30", "Тверь, ул. Речная, д. 4", "Уфа, ул. Горная, д. 8",
        "Омск, ул. Северная, д. 19, кв. 7", "Сочи, ул. Морская, д. 2, кв. 15",
    ),
    questions=(
        "Сколько стоит ведение рекламы для небольшого магазина?",
        "Нужен сайт с записью на приём.", "Хочу понять, почему реклама не приносит заявок.",
        "Перезвоните после обеда, пожалуйста.", "Интересует продвижение нового филиала.",
    ),
    calls={
        "answered": (
            "Рассказали об услуге, просит коммерческое предложение.",
            "Сравнивает с другим подрядчиком, решит на неделе.",
            "Бюджет есть, начинать хочет с начала месяца.",
            "Подробно обсудили задачи, заинтересован.",
        ),
        "no_answer": ("Не берёт трубку.", "Гудки, ответа нет.", ""),
        "busy": ("Занято.", ""),
        "call_later": ("Просил перезвонить завтра.", "На совещании, позже."),
        "wrong_number": ("Говорят, что заявку не оставляли.",),
    },
    notes=(
        "Был на нашем вебинаре.", "Просил писать в мессенджер, а не звонить.",
        "Решение принимает вместе с партнёром.", "Уже работал с агентством, остался недоволен.",
    ),
    client_notes=(
        "Оплатили вовремя, отчётом довольны.", "Просят присылать акты по почте.",
        "Порекомендовали нас знакомым.", "Планируют второй филиал весной.",
    ),
    amendments=(
        "Добавлена вторая площадка", "Расширен список работ", "Сокращён срок по просьбе клиента",
    ),
    terminations=("Клиент закрыл направление", "Стороны решили расторгнуть договор"),
    consent="Согласен на обработку персональных данных",
    bank="р/с 4070281000000000{:04d} в АО «Банк Пример»\nБИК 044500000",
)

ENGLISH = Words(
    language="en",
    male=(
        "Adam", "Albert", "Arthur", "Ben", "Charles", "Colin", "Daniel", "David", "Edward",
        "Frank", "George", "Harry", "Henry", "Jack", "James", "Joseph", "Leo", "Martin", "Noah",
        "Oliver", "Oscar", "Peter", "Simon", "Theo", "William",
    ),
    female=(
        "Alice", "Amelia", "Anne", "Beatrice", "Charlotte", "Clara", "Daisy", "Eleanor", "Ella",
        "Emily", "Florence", "Grace", "Hannah", "Helen", "Isla", "Jane", "Julia", "Lucy", "Maya",
        "Nora", "Olivia", "Rose", "Ruth", "Sophie", "Zoë",
    ),
    male_last=(
        "Abbott", "Barnes", "Carter", "Dawson", "Ellis", "Fletcher", "Gibson", "Harper", "Irving",
        "Jennings", "Keller", "Lawson", "Marsh", "Norton", "Osborne", "Palmer", "Quinn", "Reeves",
        "Shaw", "Turner", "Underwood", "Vaughan", "Walsh", "Yates", "O’Brien", "Ashby", "Blythe",
        "Crane", "Drake", "Everett",
    ),
    female_last=(
        "Abbott", "Barnes", "Carter", "Dawson", "Ellis", "Fletcher", "Gibson", "Harper", "Irving",
        "Jennings", "Keller", "Lawson", "Marsh", "Norton", "Osborne", "Palmer", "Quinn", "Reeves",
        "Shaw", "Turner", "Underwood", "Vaughan", "Walsh", "Yates", "O’Brien", "Ashby", "Blythe",
        "Crane", "Drake", "Everett",
    ),
    male_middle=("", "", "", "James", "Lee", "John"),
    female_middle=("", "", "", "Mae", "Louise", "Jane"),
    users={
        "operator": ("Olive", "Operator"),
        "marketer": ("Mark", "Marketer"),
        "manager": ("Mary", "Manager"),
        "admin": ("Administrator", ""),
    },
    company={
        "legal_name": "North Wind Advertising Ltd",
        "tax_id": "GB000000000",
        "tax_registration": "00000000",
        "address": "5 Example Street, London",
        "bank_details": "Example Bank\nIBAN GB00 EXAM 0000 0000 0000 05",
        "phone": "+44 7700 900005",
        "email": "office@example.com",
        "signatory_name": "Alla Gale",
        "signatory_position": "Managing Director",
        "signatory_basis": "the articles of association",
    },
    services=(
        Offer(
            "Search advertising, full service",
            "Audit of the accounts, keywords, launch and three months of care.",
            Decimal("95000"),
        ),
        Offer(
            "Social media growth",
            "Content plan, pictures, posts and targeted advertising.",
            Decimal("70000"),
        ),
        Offer(
            "Website", "Prototype, design, building, forms and counters.", Decimal("180000")
        ),
        Offer(
            "Advertising audit", "A report of mistakes, losses and what to do.", Decimal("25000")
        ),
        Offer(
            "Newsletters",
            "No longer sold by itself: part of social media growth.",
            Decimal("18000.50"),
        ),
    ),
    channels=("Search ads", "Social networks", "Maps and directories", "E-mail", "Trade fair"),
    campaigns=(
        "Search: advertising service", "Social: growth for shops", "Search: websites",
        "Maps: advertising audit", "Trade fair “Advertising & Business”",
        "Newsletter to subscribers", "Social: win an audit", "Search: our name",
    ),
    sources=("Website form", "Ads account", "Company directory"),
    form="Request from the start page",
    firms=(
        Firm("Warm Home", "Warm Home Ltd", "3 Garden Road, Leeds"),
        Firm("Vector", "Vector plc", "18 Mill Lane, Derby"),
        Firm("Bean Café", "Bean Café Ltd", "7 Peace Street, York"),
        Firm("Sure Build", "Sure Build Ltd", "40 Sand Road, Hull"),
        Firm("Sunbeam Clinic", "Sunbeam Clinic Ltd", "9 Flower Street, London"),
        Firm("Motor Yard", "Motor Yard Ltd", "2 South Road, Bath"),
        Firm("Lingua", "Lingua School CIC", "11 College Street, Durham"),
        Firm("Oak Furniture", "Oak Furniture Ltd", "25 Forest Lane, Stroud"),
        Firm("Farmer Plus", "Farmer Plus Ltd", "6 Field Lane, Exeter"),
        Firm("Orbit Park", "Orbit Park plc", "1 Science Way, Cambridge"),
    ),
    jobs=("head of marketing", "general manager", "commercial director", "owner"),
    streets=(
        "12 Forest Street, London", "4 River Road, Bristol", "8 Hill Street, Sheffield",
        "19 North Road, Leicester", "2 Sea View, Brighton",
    ),
    questions=(
        "What does advertising for a small shop cost?", "I need a site that takes appointments.",
        "I want to know why our ads bring no enquiries.", "Please call after lunch.",
        "We would like to promote a new branch.",
    ),
    calls={
        "answered": (
            "Explained the service, asks for an offer.",
            "Compares us with another agency, decides this week.",
            "The budget is there, wants to begin next month.",
            "Talked it all through, interested.",
        ),
        "no_answer": ("Does not pick up.", "It rings, nobody answers.", ""),
        "busy": ("Engaged.", ""),
        "call_later": ("Asked to be called tomorrow.", "In a meeting, later."),
        "wrong_number": ("They say that they have not asked for anything.",),
    },
    notes=(
        "Was at our webinar.", "Prefers messages to calls.", "Decides together with a partner.",
        "Has worked with an agency before and was not happy.",
    ),
    client_notes=(
        "Paid on time, likes the report.", "Wants invoices by e-mail.",
        "Recommended us to friends.", "Plans a second branch in spring.",
    ),
    amendments=("A second site was added", "More work was added", "Shortened as the client asked"),
    terminations=("The client closed that line", "Both sides agreed to end the contract"),
    consent="I agree to the processing of my data",
    bank="Example Bank\nIBAN GB00 EXAM 0000 0000 00{:04d}",
)
# fmt: on

WORDS = {"ru": RUSSIAN, "en": ENGLISH}
