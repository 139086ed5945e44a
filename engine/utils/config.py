"""Settings by name, as attributes or as keys."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any


class Config:
    """A dict whose entries are attributes too, and that can be frozen.

    `Config(learning_rate=0.1).learning_rate` is 0.1; entries are set as attributes or by key.

    Args:
        kwargs: the first entries.
    """

    _OWN = ("_config", "_frozen")

    def __init__(self, **kwargs: Any) -> None:
        self._config: dict[str, Any] = kwargs
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether entries can no longer be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from now on."""
        self._frozen = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        self._frozen = False

    def as_dict(self) -> dict[str, Any]:
        """The entries as a dict of their own."""
        return dict(self._config)

    def to_json(self) -> str:
        """The entries as JSON."""
        return json.dumps(self._config)

    def keys(self) -> Any:
        """Names of the entries."""
        return self._config.keys()

    def values(self) -> Any:
        """The entries without their names."""
        return self._config.values()

    def items(self) -> Any:
        """Pairs of name and entry."""
        return self._config.items()

    def pop(self, *args: Any) -> Any:
        """Take an entry out."""
        return self._changing().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several entries."""
        self._changing().update(*args, **kwargs)

    def get(self, keyname: str, value: Any = None) -> Any:
        """An entry, or `value` if there is none of that name."""
        return self._config.get(keyname, value)

    def _changing(self) -> dict[str, Any]:
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen. Call `unfreeze()` first.")
        return self._config

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self._changing()[name] = value

    def __getattr__(self, name: str) -> Any:
        config = self.__dict__.get("_config", {})
        if name in config:
            return config[name]
        near = difflib.get_close_matches(name, list(config), n=1, cutoff=0.7)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise AttributeError(f"Unknown attribute: '{name}'.{hint}")

    def __setitem__(self, key: str, item: Any) -> None:
        self._changing()[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __delitem__(self, key: str) -> None:
        del self._changing()[key]

    def __contains__(self, item: object) -> bool:
        return item in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
