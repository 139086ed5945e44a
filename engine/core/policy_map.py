"""A policy for each layer of a model, by path."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from engine.core.dtypes import DTypePolicy, get_policy


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Types of layers by their paths; as `dtype` of a model's layers it gives each its own.

    A key is a path ("encoder/dense") or a pattern that the whole path matches ("encoder/.*"); layers that nothing
    matches take the default.

    Args:
        default_policy: policy of layers without one of their own; the global one when None.
        policy_map: policies by path or pattern.

    Raises:
        TypeError: `policy_map` is no dict.
        ValueError: the default is a map itself.
    """

    def __init__(self, default_policy: Any = None, policy_map: dict[str, Any] | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                f"If specified, `policy_map` must be a dict. Received: policy_map={policy_map} of type "
                f"{type(policy_map)}"
            )
        self._default = default_policy
        self._table = {key: get_policy(policy) for key, policy in (policy_map or {}).items()}

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers that no key matches."""
        return get_policy(self._default)

    @property
    def name(self) -> str:
        """ "map_" and the name of the default."""
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:
        """Type of arithmetic of the default."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Type of weights of the default."""
        return self.default_policy.variable_dtype

    def at(self, path: str | None) -> DTypePolicy:
        return self[path] if path else self.default_policy

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._table:
            return self._table[key]
        matching = [pattern for pattern in self._table if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Let each path match at "
                "most one key."
            )
        return self._table[matching[0]] if matching else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._table:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value {self._table[key]}. Each key is set once; "
                "delete it first to set it anew."
            )
        try:
            self._table[key] = get_policy(policy)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Cannot interpret the assigned value by `keras.dtype_policies.get`. Received: {policy} of type "
                f"{type(policy)}"
            ) from error

    def __delitem__(self, key: str) -> None:
        del self._table[key]

    def __contains__(self, key: object) -> bool:
        return key in self._table

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and (self._default, self._table) == (other._default, other._table)

    def __hash__(self) -> int:
        return hash((self.name, *self._table))

    def get_config(self) -> dict[str, Any]:
        """Default and policies by key."""
        default = self._default
        return {
            "default_policy": default.name if isinstance(default, DTypePolicy) else default,
            "policy_map": {key: policy_data(policy) for key, policy in self._table.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> DTypePolicyMap:
        """The map that `get_config` described."""
        return cls(config.get("default_policy"), dict(config.get("policy_map") or {}))

    def __repr__(self) -> str:
        mapping = [(key, policy.name) for key, policy in self._table.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={mapping}>"


def policy_data(policy: DTypePolicy) -> dict[str, Any]:
    """A policy as configs hold it."""
    if isinstance(policy, DTypePolicyMap):
        module, name = "keras.dtype_policies", "DTypePolicyMap"
    else:
        module, name = "keras", "DTypePolicy"
    return {"module": module, "class_name": name, "config": policy.get_config(), "registered_name": None}
