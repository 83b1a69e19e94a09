import pytest

from csat.lib import encryption
from csat.lib.encryption import UnknownKey


def test_a_secret_comes_back_with_the_key_that_made_it_and_stands_nowhere_in_what_is_stored():
    stored = encryption.encrypt("their secret", ["one"])
    assert "their secret" not in stored
    assert encryption.decrypt(stored, ["one"]) == "their secret"


def test_after_a_rotation_old_secrets_are_read_and_new_ones_are_made_with_the_first_key():
    old = encryption.encrypt("old", ["one"])
    new = encryption.encrypt("new", ["two", "one"])
    assert encryption.decrypt(old, ["two", "one"]) == "old"
    assert encryption.decrypt(new, ["two"]) == "new"


def test_a_key_that_is_not_set_is_named_by_its_id():
    stored = encryption.encrypt("their secret", ["one"])
    with pytest.raises(UnknownKey, match=stored.split(":")[0]):
        encryption.decrypt(stored, ["two"])


def test_what_was_changed_in_the_database_is_not_read():
    stored = encryption.encrypt("their secret", ["one"])
    with pytest.raises(UnknownKey, match="changed"):
        encryption.decrypt(stored[:-4] + "AAAA", ["one"])


def test_the_same_secret_twice_looks_different_and_nothing_stays_nothing():
    assert encryption.encrypt("x", ["one"]) != encryption.encrypt("x", ["one"])
    assert encryption.encrypt("", ["one"]) == encryption.decrypt("", ["one"]) == ""
