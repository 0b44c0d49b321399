"""What `frappe.cache` is: Frappe's `get_value` and kin for any value, over the commands of Redis in `raw`.

Values are encoded as tagged JSON, never pickled. What a request or job has read or written once it keeps, so that it
gets the same object again; that layer is given, and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Self

from rota.errors import NotDecodable
from rota.payload import Codec
from rota.sites.cache.entries import HASH, Entries
from rota.sites.cache.raw import Key, RawCache, as_bytes, as_text

MAX_VALUE = 16 << 20  # bytes, encoded

Keys = Key | Iterable[Key]


class Cache(RawCache):
    """The cache of an open site. `cache()` is itself, as apps write `frappe.cache()` and `frappe.cache`."""

    def __init__(
        self, entries: Entries, codec: Codec, *, local: MutableMapping[Any, Any], user: Callable[[], str]
    ) -> None:
        """`local`: what this request or job keeps; `user`: who it works for now."""
        super().__init__(entries, local)
        self._codec = Codec(codec.kinds, max_bytes=MAX_VALUE, max_depth=codec.max_depth)
        self._user = user

    def __call__(self) -> Self:
        return self

    # --- Frappe's: any value ---

    def make_key(self, key: Key, user: str | bool | None = None, shared: bool = False) -> str:
        """The key under which it is stored; `user` (True: the current one) gives each user an entry of their own."""
        text = as_text(key)
        if user and not shared:
            text = f"user:{self._user() if user is True else user}:{text}"
        return text

    def get_value(
        self,
        key: Key,
        generator: Callable[[], Any] | None = None,
        user: str | bool | None = None,
        expires: bool = False,
        shared: bool = False,
        *,
        use_local_cache: bool = True,
    ) -> Any:
        """The value, or what `generator` makes, which is kept; None without either.

        `expires`: it was set with an expiry, so it is read anew each time and `generator` is not asked.
        """
        made = self.make_key(key, user, shared)
        if use_local_cache and made in self._local:
            return self._local[made]
        value = self._decoded(self._entries.get(made))
        if expires:
            return value
        if value is None and generator is not None:
            value = generator()
            self.set_value(key, value, user=user, shared=shared)
        else:
            self._local[made] = value
        return value

    def set_value(
        self,
        key: Key,
        val: Any,
        user: str | bool | None = None,
        expires_in_sec: float | None = None,
        shared: bool = False,
    ) -> None:
        """Keep a value, for ever (until there is too much) or for some seconds.

        Raises:
            NotEncodable: the value, or something in it, can't be stored.
        """
        made = self.make_key(key, user, shared)
        if expires_in_sec:
            self._local.pop(made, None)
        else:
            self._local[made] = val
        self._entries.set(made, self._encoded(val), expires_at=self._in(expires_in_sec or None))

    def delete_value(
        self, keys: Keys, user: str | bool | None = None, make_keys: bool = True, shared: bool = False
    ) -> None:
        """Forget one key, or several."""
        made = [self.make_key(key, user, shared) if make_keys else as_text(key) for key in _listed(keys)]
        self._forget(made)
        if made:
            self._entries.delete(made)

    delete_key = delete_value

    def delete_keys(self, key: Key) -> None:
        """Forget all keys that begin so; `*` stands for anything."""
        made = self._entries.keys(f"{as_text(key)}*")
        self._forget([*made, *(one for one in self._local if isinstance(one, str) and one.startswith(as_text(key)))])
        self._entries.delete(made)

    def get_keys(self, key: Key) -> list[bytes]:
        """The keys that begin so."""
        return [one.encode() for one in self._entries.keys(f"{as_text(key)}*")]

    def get_all(self, key: Key) -> dict[str, Any]:
        """The values of all keys that begin so."""
        return {one: self.get_value(one) for one in self._entries.keys(f"{as_text(key)}*")}

    def exists(self, *names: Key, user: str | bool | None = None, shared: bool = False) -> int:
        """How many of these there are."""
        return sum(self._entries.kind(self.make_key(one, user, shared)) is not None for one in names)

    # --- Frappe's: hashes of any values ---

    def hset(self, name: Key, key: Any, value: Any, shared: bool = False) -> None:
        """Keep a value under a name and a key."""
        if key is None:
            return
        made = self.make_key(name, shared=shared)
        self._fields(made)[as_text(key)] = value
        self._entries.put_field(made, HASH, as_bytes(key), self._encoded(value))

    def hget(self, name: Key, key: Any, generator: Callable[[], Any] | None = None, shared: bool = False) -> Any:
        """The value under a name and a key, or what `generator` makes, which is kept."""
        if key is None:
            return None
        made, text = self.make_key(name, shared=shared), as_text(key)
        local = self._fields(made)
        if text in local:
            return local[text]
        value = self._decoded(self._entries.field(made, HASH, as_bytes(key)))
        if value is not None:
            local[text] = value
        elif generator is not None:
            value = generator()
            self.hset(name, key, value, shared=shared)
        return value

    def hgetall(self, name: Key) -> dict[bytes, Any]:
        """All keys and values under a name; the keys are bytes, as Redis gives them."""
        return {key: self._decoded(value) for key, value in self._entries.fields(self.make_key(name), HASH).items()}

    def hdel(self, name: Key, keys: Keys, shared: bool = False) -> int:
        """Forget one key under a name, or several."""
        made, listed = self.make_key(name, shared=shared), list(_listed(keys))
        for key in listed:
            self._fields(made).pop(as_text(key), None)
        return self._entries.delete_fields(made, HASH, [as_bytes(key) for key in listed])

    def hdel_names(self, names: Iterable[Key], key: Key) -> None:
        """Forget a key under each of these names."""
        with self._entries.together():
            for name in names:
                self.hdel(name, key)

    def hdel_keys(self, name_starts_with: Key, key: Key) -> None:
        """Forget a key under every name that begins so."""
        self.hdel_names(self._entries.keys(f"{as_text(name_starts_with)}*"), key)

    def hkeys(self, name: Key) -> list[bytes]:
        """The keys under a name."""
        return list(self._entries.fields(self.make_key(name), HASH))

    def hvals(self, name: Key) -> list[Any]:
        """The values under a name."""
        return list(self.hgetall(name).values())

    def hlen(self, name: Key) -> int:
        """How many keys there are under a name."""
        return self._entries.length(self.make_key(name), HASH)

    def hexists(self, name: Key, key: Key, shared: bool = False) -> bool:
        """Whether there is this key under a name."""
        return self._entries.field(self.make_key(name, shared=shared), HASH, as_bytes(key)) is not None

    # --- inside ---

    def _fields(self, made: str) -> dict[str, Any]:
        fields: dict[str, Any] = self._local.setdefault((HASH, made), {})
        return fields

    def _encoded(self, value: Any) -> bytes:
        return self._codec.encode(value, "the value").encode()

    def _decoded(self, stored: bytes | None) -> Any:
        if stored is None:
            return None
        try:
            return self._codec.decode(stored.decode())
        except (NotDecodable, UnicodeDecodeError):
            return None  # bytes of `set`, or of a class that a new version of an app no longer has: make it anew


def _listed(keys: Keys) -> Iterable[Key]:
    return [keys] if isinstance(keys, (str, bytes, int)) else keys
