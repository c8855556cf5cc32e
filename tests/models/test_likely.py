"""People with similar names are suggested, few and with the reason, along an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from app.models.client import Client, ClientKind
from app.models.contacts.likeness import Why
from app.models.likely import MOST, clients_named_like, leads_named_like
from tests.factories import make_client, make_lead


def test_a_similar_lead_is_suggested_with_the_reason(session: Any) -> None:
    lead = make_lead(session, last_name="Иванов", first_name="Сергей")
    latin = make_lead(session, last_name="Sergey", first_name="Ivanov")
    typo = make_lead(session, last_name="Иваннов", first_name="Сергей")
    initial = make_lead(session, last_name="Иванов", first_name="С.")
    make_lead(session, last_name="Иванов", first_name="Олег")
    found = {one.row.id: one.likeness.why for one in leads_named_like(session, lead)}
    assert found == {latin.id: Why.ORDER, typo.id: Why.SPELLING, initial.id: Why.INITIAL}


def test_who_is_put_away_or_known_otherwise_is_not_suggested(session: Any) -> None:
    lead = make_lead(session, last_name="Иванов", first_name="Сергей")
    known = make_lead(session, last_name="Ivanov", first_name="Sergey")
    away = make_lead(session, last_name="Ivanov", first_name="Sergei")
    away.put_away("mistake")
    session.flush()
    assert [one.row.id for one in leads_named_like(session, lead)] == [known.id]
    assert leads_named_like(session, lead, but=[known.id]) == []


def test_clients_and_contact_people_are_suggested(session: Any) -> None:
    lead = make_lead(session, last_name="Щёголева", first_name="Юлия")
    person = make_client(session, last_name="Shchegoleva", first_name="Julia")
    firm = Client(kind=ClientKind.ORGANISATION.value, contact_points=[])
    session.add(firm)
    firm.create(organisation_name="ООО Ромашка")
    session.flush()
    at_work = firm.add_person(last_name="Щеголева", first_name="Юля", phone="+79990000001")
    session.flush()
    found = {one.row.id: one for one in clients_named_like(session, lead)}
    assert set(found) == {person.id, firm.id}
    assert found[firm.id].through is at_work


def test_organisations_are_found_without_their_legal_form(session: Any) -> None:
    firms = []
    for name in ("ООО «Ромашка»", "Romashka LLC", "ООО «Василёк»"):
        firm = Client(kind=ClientKind.ORGANISATION.value, contact_points=[])
        session.add(firm)
        firm.create(organisation_name=name)
        session.flush()
        firms.append(firm)
    assert [one.row.id for one in clients_named_like(session, firms[0])] == [firms[1].id]


def test_a_common_name_suggests_only_what_more_speaks_for(session: Any) -> None:
    lead = make_lead(
        session, last_name="Иванов", first_name="Сергей", middle_name="Петрович",
        email="s.ivanov@example.com",
    )  # fmt: skip
    for _ in range(12):
        make_lead(session, last_name="Иванов", first_name="Сергей")
    father = make_lead(session, last_name="Ivanov", first_name="Sergey", middle_name="Petrovich")
    box = make_lead(session, last_name="Иванов", first_name="Сергей", email="s.ivanov@example.org")
    found = [one.row.id for one in leads_named_like(session, lead)]
    assert found == [father.id, box.id]
    assert len(found) <= MOST


def test_each_walk_goes_along_the_index(session: Any) -> None:
    if session.get_bind().dialect.name != "sqlite":
        return
    lead = make_lead(session, last_name="Иванов", first_name="Сергей")
    said: list[tuple[str, Any]] = []
    engine = session.get_bind()

    def hear(_c: Any, _cu: Any, statement: str, params: Any, *_more: Any) -> None:
        if "name_key" in statement and "UNION" in statement:
            said.append((statement, params))

    event.listen(engine, "before_cursor_execute", hear)
    leads_named_like(session, lead)
    event.remove(engine, "before_cursor_execute", hear)
    ((statement, params),) = said
    raw = session.connection().connection.driver_connection
    plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", params)]
    assert not [step for step in plan if step.startswith("SCAN lead")], plan
