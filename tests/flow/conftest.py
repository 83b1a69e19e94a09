"""The provider that answers as it is told, and time that passes, as in the tests of surveys."""

from tests.surveys.conftest import later, provider

__all__ = ["later", "provider"]
