"""demo.single.html: the bundle's page with everything that it needs written into it.

It opens from a disk, with no server and no request, which its own security policy forbids.
"""

import base64
from pathlib import Path

from provender import files
from provender.bundle import constants, page

# What the page reads, by the names of a bundle; web/src/site.js looks here before it asks.
GLOBAL = "ProvenderFiles"
LAYERS = "tfjs/layers"


def build(bundle: Path, facts: page.Facts) -> str:
    """Return the page as one file, from the site in folder ``bundle``.

    Raises ValueError where a script or a style would end its own element.
    """

    def read(name: str) -> str:
        return (bundle / name).read_text(encoding="utf-8")

    style, no_script = read("style.css"), read("no-script.css")
    scripts = [read("constants.js") + _held_files(bundle), read("page.js")]
    for tag, texts in (("style", [style, no_script]), ("script", scripts)):
        _check_fit(tag, texts)
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(source, scripts))}",
            f"style-src {source(style)} {source(no_script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types provender",
        ]
    )
    icon = base64.b64encode((bundle / "icon.svg").read_bytes()).decode()
    return page.render(
        facts,
        policy=policy,
        single=True,
        icon=f"data:image/svg+xml;base64,{icon}",
        style=style,
        no_script_style=no_script,
        # At the end, as no script inside a page can be put off until the page is read.
        scripts=scripts,
    )


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
    return f"'{page.source(text.encode())}'"


def _check_fit(tag: str, texts: list[str]) -> None:
    for text in texts:
        if f"</{tag}" in text.lower() or "<!--" in text:
            raise ValueError(f"a {tag} element cannot hold this text")
