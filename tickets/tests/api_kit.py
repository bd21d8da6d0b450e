"""How the tests of the API ask: with a token, as a program does."""

import json
from typing import Any

from django.test import Client

from conftest import TUESDAY
from people.actions import issue_token
from people.models import User

TICKETS = "/api/v1/tickets"
PROBLEM = {"subject": "The scanner shows E42", "body": "Since this morning no barcode is read."}


class Program:
    """A program with somebody's token."""

    def __init__(self, user: User) -> None:
        _row, token = issue_token(user=user, name="a program", now=TUESDAY)
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, address: str, **parameters: Any) -> Any:
        """Ask for something."""
        return self.client.get(address, parameters)

    def post(self, address: str, body: Any, **headers: str) -> Any:
        """Send JSON."""
        return self.client.post(
            address, json.dumps(body), content_type="application/json", headers=headers
        )

    def send(self, address: str, content: bytes, content_type: str = "application/json") -> Any:
        """Send bytes as they are."""
        return self.client.generic("POST", address, content, content_type)

    def upload(self, address: str, **fields: Any) -> Any:
        """Send a multipart form."""
        return self.client.post(address, fields)
