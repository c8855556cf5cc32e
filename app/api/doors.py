"""What every token door answers alike: nobody without a token, nobody too often, and a database
that is away.
"""

from __future__ import annotations

import logging
from typing import Any

from flask_restful import Resource
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.api import errors, limits
from app.api.entries import EntryRefused
from app.api.limits import TooMany
from app.api.tokens import ScopeNeeded, TokenRefused
from app.database import log_failure
from app.errors import CrmError
from app.extensions import db

log = logging.getLogger(__name__)


class TokenDoor(Resource):
    """Flask-RESTful keeps its doors' errors from the application's own handlers, so they are
    answered here.
    """

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Any:
        try:
            limits.stop_guessing(kwargs.get("key"))
            return super().dispatch_request(*args, **kwargs)
        except TokenRefused:
            _let_go()
            limits.count_refused()
            return errors.no_entry()
        except EntryRefused:
            limits.count_refused()
            raise
        except ScopeNeeded as needed:
            _let_go()
            return errors.no_scope(needed.scope)
        except TooMany as late:
            _let_go()
            return errors.too_many(late.seconds, late.status)
        except CrmError as error:
            _let_go()
            return errors.of_crm_error(error)
        except HTTPException as error:
            _let_go()
            return errors.of_http_error(error)
        except SQLAlchemyError as error:
            _let_go()
            log_failure(log, "the database refused or did not answer", error)
            return errors.out_of_order()


def _let_go() -> None:
    """Where the database is away the rollback fails too: then its connection is thrown away, and
    the answer is still ours.
    """
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session().invalidate()
