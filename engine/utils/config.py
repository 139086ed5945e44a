"""Named values of a program in one place, which can be frozen (`keras.utils.Config`)."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

_OWN = ("_config", "_frozen")


class Config:
    """A dict whose entries are attributes too; `freeze()` ends all changes."""

    def __init__(self, **kwargs: Any) -> None:
        self._config: dict[str, Any] = kwargs
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether entries can no longer be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from here on."""
        self._frozen = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        self._frozen = False

    def _check(self) -> None:
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen.")

    def as_dict(self) -> dict[str, Any]:
        """The entries as a plain dict."""
        return copy.copy(self._config)

    def to_json(self) -> str:
        """The entries as JSON."""
        return json.dumps(self._config)

    def keys(self) -> KeysView[str]:
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        return self._config.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """An entry, or `value` if there is none."""
        return self._config.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Take an entry out."""
        self._check()
        return self._config.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several entries."""
        self._check()
        self._config.update(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        entries = self.__dict__.get("_config", {})
        if name in entries:
            return entries[name]
        close = difflib.get_close_matches(name, entries, n=1, cutoff=0.7)
        raise AttributeError(f"Unknown attribute: '{name}'." + (f" Did you mean '{close[0]}'?" if close else ""))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._check()
        self._config[key] = item

    def __delitem__(self, key: str) -> None:
        self._check()
        del self._config[key]

    def __contains__(self, item: object) -> bool:
        return item in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
