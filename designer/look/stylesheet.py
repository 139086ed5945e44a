"""The small stylesheet over Fusion, from resources/themes: colours are tokens, sizes follow the text scale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from designer.core.resources import resource
from designer.look.fonts import px

if TYPE_CHECKING:
    from designer.look.theme import Theme


def build(chosen: Theme) -> str:
    """The stylesheet of a theme."""
    # Deferred: the theme module needs this one.
    from designer.look.theme import blend

    values = dict(chosen.tokens)
    values["accent_hover"] = blend(chosen.color("accent"), chosen.color("text"), 0.15).name()
    values["link"] = "underline" if chosen.high_contrast else "none"
    values["shade"] = "dark" if chosen.dark else "light"
    values["themes"] = resource("themes").as_posix()
    files = ["bricklayer.qss"] + (["high-contrast.qss"] if chosen.high_contrast else [])
    sheet = "".join(resource(f"themes/{name}").read_text(encoding="utf-8") for name in files)
    sheet = re.sub(r"@(\d+)", lambda found: f"{px(int(found[1]))}px", sheet)
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], sheet)
