"""What every token door answers alike: nobody without a token, and a database that is away."""

from __future__ import annotations

import logging
from typing import Any

from flask_restful import Resource
from sqlalchemy.exc import SQLAlchemyError

from app.api import errors
from app.api.tokens import TokenRefused
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
            return super().dispatch_request(*args, **kwargs)
        except TokenRefused:
            db.session.rollback()
            return errors.no_entry()
        except CrmError as error:
            db.session.rollback()
            return errors.of_crm_error(error)
        except SQLAlchemyError as error:
            db.session.rollback()
            log_failure(log, "the database refused or did not answer", error)
            return errors.out_of_order()
