from csat.lib import tokens


def test_a_token_is_made_again_from_the_same_parts():
    assert tokens.derive("key", "rate", 7, 1) == tokens.derive("key", "rate", 7, 1)


def test_another_version_is_another_token():
    assert tokens.derive("key", "rate", 7, 1) != tokens.derive("key", "rate", 7, 2)


def test_a_token_is_letters_and_digits_only():
    assert all(tokens.derive("key", "rate", n, 1).isalnum() for n in range(200))
