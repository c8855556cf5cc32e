"""The demo company's fourteen months: who asked, who called, what was signed and what it cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.models import Client, Contract, Lead, Source, Spend
from app.models.actor import Actor
from app.models.base import rounded
from app.models.clock import company_day
from app.models.lead import CallOutcome, LeadStatus, LostReason, NewOrganisation, NewPerson
from app.seed.arriving import Asking, ask, ask_wrongly
from app.seed.cast import Cast
from app.seed.people import People, Person
from app.seed.scene import DAY, HOUR, Advert, Scene
from app.seed.story import Life, Story
from app.seed.words import Firm, Words

CLIENTS = 40
ORGANISATIONS = 10
FROM_THE_FAIR = (10, 26)  # so that a campaign without spend has revenue
OTHER_LEADS = 300
COMMAND = Actor("command", "seed")

# What becomes of the clients' contracts, from the oldest client to the newest.
FIRST_CONTRACTS = (
    *["completed"] * 14, *["terminated"] * 5, "voided", *["amended"] * 5, *["signed"] * 9,
    *["draft"] * 6,
)  # fmt: skip
SECOND_CONTRACTS = (*["completed"] * 3, *["terminated"] * 2, *["signed"] * 13, *["draft"] * 2)


class Demo(Scene):
    """Tells the story once."""

    def __init__(
        self, session: Session, words: Words, cast: Cast, now: datetime, number: int = 7
    ) -> None:
        super().__init__(session, words, cast, now, number)
        self.people = People(words, self.draw)
        self.story = Story(session, now)

    # -- the lives -----------------------------------------------------------------------------

    def write_lives(self) -> None:
        """Whose stories will be told; each begins at an instant of its own."""
        begin = self.story.begin
        calendar = self.calendar
        last = calendar.today - 16 * DAY
        organisations = set(self.draw.sample(range(CLIENTS), ORGANISATIONS))
        firms = iter(self.words.firms)
        for number, at in enumerate(calendar.asking_times(CLIENTS, calendar.first, last)):
            firm = next(firms) if number in organisations else None
            begin(self._client(number, at, firm))
        for at in calendar.asking_times(OTHER_LEADS, calendar.first, calendar.today):
            begin(self._lead(at))
        begin(self._without_campaign(calendar.moment(calendar.today - 9 * DAY)))
        for days in (2, 11, 25, 60, 130):
            begin(self._rejected(calendar.moment(calendar.today - days * DAY)))
        begin(self._test(calendar.moment(calendar.today - 20 * DAY)))
        begin(self._spending())
        begin(self._ending())

    def _client(self, number: int, at: datetime, firm: Firm | None) -> Life:
        """Somebody who becomes a client, with one contract or two."""
        person = self.people.one()
        from_fair = number in FROM_THE_FAIR
        advert = self.adverts[4] if from_fair else self._advert(company_day(at))
        yield at, self._sender(advert)
        lead = ask(self.session, self._asking(person, advert, firm=firm))
        at = self.calendar.at_work(at, HOUR / 10, 2 * HOUR)
        yield at, self.cast.operator
        lead.log_call(CallOutcome.ANSWERED, self._said("answered"))
        at = self.calendar.at_work(at, HOUR, 20 * HOUR)
        yield at, self.cast.operator
        lead.qualify()
        at = self.calendar.at_work(at, HOUR, 20 * HOUR)
        yield at, self.cast.manager
        client = self._convert(lead, firm, number)
        at = self.calendar.at_work(at, HOUR, 10 * HOUR)
        fates = [FIRST_CONTRACTS[number], *SECOND_CONTRACTS[number : number + 1]]
        for turn, fate in enumerate(fates):
            source = lead if turn == 0 else None
            self.story.begin(self._contract(client, source, advert, at, fate))
            at = self.calendar.at_work(at, 50 * DAY, 75 * DAY)
        if number % 3 == 0:
            at = self.calendar.at_work(at, 1 * DAY, 5 * DAY)
            yield at, self.cast.manager
            client.write_note(self.draw.choice(self.words.client_notes))
        if number % 8 == 1:
            yield from self._comes_again(client, person, at)

    def _comes_again(self, client: Client, person: Person, at: datetime) -> Life:
        """A client asks for something else: a lead that is converted into the same client."""
        at = self.calendar.at_work(at, 5 * DAY, 40 * DAY)
        advert = self._advert(company_day(at))
        yield at, self._sender(advert)
        lead = ask(self.session, self._asking(person, advert))
        at = self.calendar.at_work(at, HOUR, 8 * HOUR)
        yield at, self.cast.manager
        if lead.is_open:
            lead.convert(client, seen=[match.id for match in lead.likely_clients()])

    def _convert(self, lead: Lead, firm: Firm | None, number: int) -> Client:
        into = NewOrganisation(firm.name) if firm else NewPerson()
        seen = [match.id for match in lead.likely_clients()]
        client = lead.convert(into, seen=seen, language=self.words.language)
        client.change(manager=self.cast.user("manager"))
        if firm is None:
            client.change(address=self.draw.choice(self.words.streets))
            return client
        client.change(
            legal_name=firm.legal_name,
            address=firm.address,
            tax_country="RU" if self.words.language == "ru" else "GB",
            tax_id=f"77{number:08d}",
            branch_code="770001001" if self.words.language == "ru" else "",
            bank_details=self.words.bank.format(number),
        )
        main = client.main_person
        if main is not None:
            main.change(
                role=self.draw.choice(self.words.jobs),
                is_signatory=True,
                signatory_position=self.words.company["signatory_position"],
                signatory_basis=self.words.company["signatory_basis"],
            )
        if number % 2:
            other = self.people.one()
            client.add_person(
                first_name=other.first_name,
                last_name=other.last_name,
                phone=other.phone,
                email=other.email,
                role=self.draw.choice(self.words.jobs),
            )
        return client

    def _contract(
        self, client: Client, lead: Lead | None, advert: Advert, at: datetime, fate: str
    ) -> Life:
        """A contract from its draft to what `fate` says."""
        manager = self.cast.manager
        service = advert.campaign.service
        at = self.calendar.at_work(at, HOUR, 20 * HOUR)
        yield at, manager
        starts = company_day(at) + 5 * DAY
        contract = Contract.draft(
            self.session,
            client=client,
            service=service,
            lead=lead,
            amount=self._price(service.price),
            starts_on=starts,
            ends_on=starts + 90 * DAY,
            manager=self.cast.user("manager"),
        )
        if fate == "draft":
            return
        at = self.calendar.at_work(at, 2 * HOUR, 3 * DAY)
        yield at, manager
        contract.sign()
        if fate == "amended":
            at = self.calendar.at_work(at, 10 * DAY, 25 * DAY)
            yield at, manager
            more = contract.amount * Decimal("1.15")
            contract.amend(self.draw.choice(self.words.amendments), amount=self._rounded(more))
        elif fate == "completed":
            at = self.calendar.at_work(at, 45 * DAY, 60 * DAY)
            yield at, manager
            contract.complete()
        elif fate == "terminated":
            at = self.calendar.at_work(at, 20 * DAY, 40 * DAY)
            yield at, manager
            kept = self._rounded(contract.amount * Decimal("0.3"))
            contract.terminate(None, self.draw.choice(self.words.terminations), kept=kept)
        elif fate == "voided":
            at = self.calendar.at_work(at, 1 * DAY, 3 * DAY)
            yield at, manager
            contract.void("mistake")

    def _lead(self, at: datetime) -> Life:
        """Somebody who asks and does not become a client, at least not yet."""
        advert = self._advert(company_day(at))
        asking = self._asking(self._somebody(), advert)
        yield at, self._sender(advert)
        lead = ask(self.session, asking)
        if self.draw.random() < 0.09:
            self.story.begin(self._asks_again(asking, at))
        fate = self.draw.random()
        at = self.calendar.at_work(at, HOUR / 10, 30 * HOUR)
        yield at, self.cast.operator
        if self._is_gone(lead):
            return
        if fate < 0.07:
            lead.put_away(self.draw.choice(("spam", "spam", "duplicate", "mistake", "other")))
            if fate < 0.007:
                at = self.calendar.at_work(at, HOUR, 30 * HOUR)
                yield at, self.cast.admin
                lead.bring_back()
            return
        yield from self._calls(lead, at, fate)

    def _calls(self, lead: Lead, at: datetime, fate: float) -> Life:
        """One call to four, then the loss; a few of the late ones still hang in the air."""
        missed = self.draw.choices((0, 1, 2, 3), (5, 4, 2, 1))[0]
        for _ in range(missed):
            outcome = self.draw.choice(("no_answer", "no_answer", "busy", "call_later"))
            again = self.calendar.at_work(at, 3 * HOUR, 40 * HOUR)
            lead.log_call(outcome, self._said(outcome), next_contact_at=again)
            at = max(again, self.calendar.at_work(again, HOUR / 60, 2 * HOUR))
            yield at, self.cast.operator
            if self._is_gone(lead):
                return
        if missed == 3:
            lead.log_call("no_answer", status=LeadStatus.LOST, lost_reason=LostReason.NOT_REACHED)
            return
        again = self.calendar.at_work(at, 2 * DAY, 8 * DAY)
        lead.log_call("answered", self._said("answered"), next_contact_at=again)
        if self.draw.random() < 0.25:
            lead.write_note(self.draw.choice(self.words.notes))
        yield again, self.cast.operator
        if self._is_gone(lead):
            return
        if fate > 0.75:
            again = self.calendar.at_work(again, 5 * DAY, 14 * DAY)
            lead.log_call(
                "answered", self._said("answered"), status=LeadStatus.QUALIFIED,
                next_contact_at=again,
            )  # fmt: skip
            yield self.calendar.at_work(again, 1 * DAY, 12 * DAY), self.cast.manager
            if self._is_gone(lead):
                return
        reason = self.draw.choice(
            ("too_expensive", "too_expensive", "no_need", "went_elsewhere", "wrong_contact")
        )
        lead.lose(reason)
        if fate > 0.985:
            yield self.calendar.at_work(again, 10 * DAY, 20 * DAY), self.cast.operator
            lead.reopen()
            lead.plan_contact(self.calendar.at_work(again, 21 * DAY, 30 * DAY))

    def _asks_again(self, asking: Asking, at: datetime) -> Life:
        at = self.calendar.moment(company_day(at) + self.draw.randrange(1, 9) * DAY)
        yield at, self._actor(asking.source)
        ask(self.session, asking)

    def _without_campaign(self, at: datetime) -> Life:
        person = self.people.one()
        yield at, self._actor(self.sources[0])
        ask(self.session, Asking(person, None, self.sources[0], question=self._question()))

    def _rejected(self, at: datetime) -> Life:
        yield at, self._actor(self.sources[1])
        ask_wrongly(self.session, self.people.one(), self.sources[1])

    def _test(self, at: datetime) -> Life:
        person = self.people.one()
        yield at, self._actor(self.sources[1])
        ask(self.session, Asking(person, self.adverts[0].campaign, self.sources[1], is_test=True))

    def _spending(self) -> Life:
        """Every morning the marketer writes down what the day before has cost."""
        for number in range(self.calendar.days):
            day = self.calendar.first + number * DAY
            yield self.calendar.moment(day + DAY), self.cast.marketer
            for advert in self.adverts:
                if advert.cost is not None and advert.runs_on(day):
                    amount = float(advert.cost) * self.calendar.busyness(day)
                    amount *= self.draw.uniform(0.55, 0.95)
                    self.session.add(
                        Spend(
                            campaign=advert.campaign,
                            day=day,
                            amount=rounded(Decimal(amount)),
                            currency=advert.campaign.currency,
                        )
                    )

    def _ending(self) -> Life:
        """A service is sold no longer, and a campaign that brought little is put away."""
        yield self.calendar.moment(self.calendar.today - 110 * DAY), self.cast.marketer
        self.services[4].change(active=False)
        self.adverts[6].campaign.put_away("other")

    def asking_at(self, day: date) -> Asking:
        """Somebody new who asks on that day."""
        return self._asking(self._somebody(), self._advert(day))

    def _somebody(self) -> Person:
        """Most give phone and e-mail, some only one of them."""
        person, luck = self.people.one(), self.draw.random()
        if luck < 0.2:
            return replace(person, email="")
        return replace(person, phone="") if luck > 0.92 else person

    # -- small choices -------------------------------------------------------------------------

    def _advert(self, day: date) -> Advert:
        day = min(day, self.calendar.today)  # what lies ahead does not happen anyway
        running = [advert for advert in self.adverts if advert.runs_on(day)]
        weights = [float(advert.cost or 250) for advert in running]
        return self.draw.choices(running, weights)[0]

    def _asking(self, person: Person, advert: Advert, firm: Firm | None = None) -> Asking:
        return Asking(
            person,
            advert.campaign,
            advert.source,
            company=firm.name if firm else "",
            question=self._question(),
            click_id=f"demo-{self.draw.getrandbits(48):012x}" if advert.cost else None,
            consent=self.words.consent if advert.source else None,
        )

    def _question(self) -> str:
        return self.draw.choice(self.words.questions) if self.draw.random() < 0.4 else ""

    def _said(self, outcome: str) -> str:
        return self.draw.choice(self.words.calls[outcome])

    def _sender(self, advert: Advert) -> Actor:
        return self._actor(advert.source)

    def _actor(self, source: Source | None) -> Actor:
        if source is None:
            return self.cast.operator
        return Actor("source", source.name, source.id)

    def _price(self, price: Decimal) -> Decimal:
        return self._rounded(price * Decimal(self.draw.randrange(80, 141)) / 100)

    @staticmethod
    def _is_gone(lead: Lead) -> bool:
        """Somebody else has closed it meanwhile."""
        return not lead.is_open

    @staticmethod
    def _rounded(amount: Decimal) -> Decimal:
        return Decimal(round(amount / 500) * 500)
