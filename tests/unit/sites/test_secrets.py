"""Encrypted secrets."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from rota.errors import ConfigError, ValidationError
from rota.sites.secrets import FernetSecrets


def new_encryption_key() -> str:
    return Fernet.generate_key().decode()


def test_a_secret_comes_back_and_is_not_seen_in_between() -> None:
    secrets = FernetSecrets(new_encryption_key())
    sealed = secrets.seal("pässword")
    assert "ssword" not in sealed
    assert secrets.open(sealed) == "pässword"


def test_the_same_secret_is_never_stored_twice_alike() -> None:
    secrets = FernetSecrets(new_encryption_key())
    assert secrets.seal("a") != secrets.seal("a")


def test_another_key_or_a_changed_text_is_refused_with_the_remedy() -> None:
    sealed = FernetSecrets(new_encryption_key()).seal("a")
    for secrets, text in ((FernetSecrets(new_encryption_key()), sealed), (FernetSecrets(new_encryption_key()), "x")):
        with pytest.raises(ValidationError, match="put the key back"):
            secrets.open(text)


@pytest.mark.parametrize(("key", "why"), [(None, "has no encryption_key"), ("short", "must be 32 bytes")])
def test_a_missing_or_wrong_key_is_named(key: str | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        FernetSecrets(key).seal("a")


def test_frappes_keys_and_secrets_can_be_read() -> None:
    key = Fernet.generate_key()
    assert FernetSecrets(key.decode()).open(Fernet(key).encrypt(b"a").decode()) == "a"
