"""Fixtures: an emulator without a socket, one with, and clients for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator import Emulator
from tests.emulator.client import gspread_client
from tests.emulator.helpers import Api, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    with Emulator(serve=False, clock=clock, sleep=clock.sleep) as made:
        yield made


@pytest.fixture
def api(emulator: Emulator) -> Api:
    return Api(emulator, emulator.new_spreadsheet("Test"))


@pytest.fixture
def served() -> Iterator[Emulator]:
    with Emulator() as made:
        yield made


@pytest.fixture
def gc(served: Emulator) -> Iterator[Any]:
    client = gspread_client(served)
    client.set_timeout((5, 20))
    yield client
    session = client.http_client.session
    session.close()
    refreshing = getattr(session, "_auth_request_session", None)
    if refreshing is not None:
        refreshing.close()
