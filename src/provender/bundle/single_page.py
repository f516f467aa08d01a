"""demo.single.html: the bundle's page with everything that it needs written into it.

It opens from a disk, with no server and no request, which its own security policy forbids.
"""

import base64
import hashlib
from pathlib import Path

from provender import files
from provender.bundle import constants

# What the page reads, by the names of a bundle; web/src/site.js looks here before it asks.
GLOBAL = "ProvenderFiles"
LAYERS = "tfjs/layers"

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'"
ICON = 'href="icon.svg"'
STYLE = '<link rel="stylesheet" href="style.css">'
SCRIPT = '  <script src="page.js" defer></script>\n'
END = "</body>"


def build(bundle: Path) -> str:
    """Return the page as one file, from the site in folder ``bundle``.

    Raises ValueError where index.html lacks a part that is replaced, or where a script or the
    style would end its own element.
    """

    def read(name: str) -> str:
        return (bundle / name).read_text(encoding="utf-8")

    style = read("style.css")
    scripts = [read("constants.js") + _held_files(bundle), read("page.js")]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(source, scripts))}",
            f"style-src {source(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    icon = base64.b64encode((bundle / "icon.svg").read_bytes()).decode()
    page = read("index.html")
    for old, new in (
        (POLICY, policy),
        (ICON, f'href="data:image/svg+xml;base64,{icon}"'),
        (STYLE, _element("style", style)),
        (SCRIPT, ""),
        # At the end, as no script inside a page can be put off until the page is read.
        (END, "".join(_element("script", script) + "\n" for script in scripts) + END),
    ):
        if page.count(old) != 1:
            raise ValueError(f"index.html has {page.count(old)} times {old}")
        page = page.replace(old, new)
    return page


def _held_files(bundle: Path) -> str:
    """Return the script that holds the files which the page would fetch."""
    layers = bundle / LAYERS
    held = {
        name: constants.to_literal(files.read_json(bundle / name))
        for name in ("about.json", f"{LAYERS}/model.json")
    }
    for path in sorted(layers.glob("*.bin")):
        shard = base64.b64encode(path.read_bytes()).decode()
        held[f"{LAYERS}/{path.name}"] = constants.to_literal(shard)
    # Set once already, by the script before.
    held["constants.json"] = constants.GLOBAL
    items = ",\n".join(f"{constants.to_literal(name)}: {held[name]}" for name in sorted(held))
    return f"var {GLOBAL} = {{\n{items}\n}};\n"


def source(text: str) -> str:
    """Return how a security policy names a script or style element with this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _element(tag: str, text: str) -> str:
    if f"</{tag}" in text.lower() or "<!--" in text:
        raise ValueError(f"a {tag} element cannot hold this text")
    return f"<{tag}>{text}</{tag}>"
