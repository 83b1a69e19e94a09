import pytest

from tests.connectors.fake_desk import fake_system, make_connection

__all__ = ["fake_system"]


@pytest.fixture
def connection(db, fake_system):
    return make_connection(name="Acme desk")


@pytest.fixture
def another_connection(db, fake_system):
    return make_connection(name="Another desk")
