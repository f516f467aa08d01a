"""The README of the npm package: what its model can and cannot do, and how it is asked."""

from collections.abc import Mapping
from typing import Any

import jinja2

# Figures of so many labels are shown; more are for programs.
SHOWN_LABELS = 50

TEMPLATE = """\
# {{ name }}

{{ title }}: a text classifier that runs offline, in browsers and in Node.js,
without dependencies. It tells {{ labels | length }} labels apart. Nothing is sent anywhere, and
importing it takes a few milliseconds: the model is made at the first question.

```js
import { classify } from "{{ name }}";

const { labels, sure } = classify("Some text", { topK: 3 });
console.log(labels, sure); // [{ label, score }, …], best first
```

In CommonJS:

```js
const { classify } = require("{{ name }}");

console.log(classify("Some text").labels);
```

Without a bundler, as a plain script, which sets the global `{{ global }}`:

```html
<script src="classifier.js"></script>
<script>
  console.log({{ global }}.classify("Some text").labels);
</script>
```

## How good it is

Of {{ test.posts | number }} test texts, {{ test["recall@1"] | percent }} % have their label
ranked first (95 % interval: {{ interval[0] | percent }} to {{ interval[1] | percent }} %).

{% if labels | length <= shown -%}
| label | test texts | of these found | of its answers right |
|---|--:|--:|--:|
{% for label in labels -%}
| {{ label | cell }} | {{ of[label].posts | number }} | {{ of[label]["recall@1"] | percent }} % | \
{{ of[label].precision | percent }} % |
{% endfor -%}
{% else -%}
The figures of each label are in `info().metrics.labels`.
{% endif -%}
{% for remark in remarks %}
- {{ remark }}
{% endfor %}
## What it cannot do

- It knows no labels but these, and gives one of them to any text. `other` is how likely it is
  that none of them is right, from 0 to 1{% if not tells_other %}; this model was not taught to
  tell, and says null{% endif %}.
- A best label with a score below `unsureBelow`, {{ unsure_below }}, is a guess, and `sure` false.
- Of a text of which it knows nothing there is no answer: `labels` is empty.
- Of a text it reads the first {{ max_characters | number }} characters, and of these
  {{ max_words | number }} words.

```js
import { classify } from "{{ name }}";

function answer(text) {
  const { labels, sure, other } = classify(text);
  if (labels.length === 0) return "no idea";
  if (!sure || other > 0.5) return `perhaps ${labels[0].label}`;
  return labels[0].label;
}
console.log(answer("Some text"));
```

## More questions

```js
import { classifyBatch, digest, explain, info, labels, version } from "{{ name }}";

const answers = await classifyBatch(["One text", "Another text"]); // lets the page breathe
const { words } = explain("Some text"); // what each word adds to the best label's logit
console.log(labels, version, digest, info().metrics, answers, words);
```

`labels`, `unsureBelow`, `version`, `digest` and `info()` need no model to be made.
`predict(text, count)` gives the labels of `classify` alone.

## In a worker

```js
import { create } from "{{ name }}";
import model from "{{ name }}/model";

const classifier = await create({ model, worker: true });
console.log(await classifier.classify("Some text"));
classifier.dispose();
```

Vite, webpack and Next.js take the worker's script along by themselves, and browsers that run the
modules as they are find it. With esbuild, make `{{ name }}/worker` an entry point, and give
`worker: new Worker("worker.js")`; so where the package is required.

## Without the model

`{{ name }}/core` has the kernel alone. It reads the files of a bundle, by address or, in
Node.js, by path:

```js
import { create } from "{{ name }}/core";

const classifier = await create({ base: "https://example.org/classifier" });
console.log(classifier.classify("Some text"), classifier.info().version);
```

With the bundle's `update.js` among your own scripts it looks for newer versions as well
(`checkForUpdate`), and given `trust`, the publisher's public keys, takes no release but those that
they have signed. What checks a release has to come with your application, not with the release.

## Sizes and browsers

| module | what it is | bytes | compressed (brotli) |
|---|---|--:|--:|
{% for size in sizes -%}
| `{{ name }}{{ size.module }}` | {{ size.what }} | {{ size.bytes | number }} | \
{{ size.compressed | number }} |
{% endfor %}
All scripts are ES2017: bundled, or as the plain script, they run from Safari 10.1, Chrome 58 and
Firefox 54 on. Browsers that load the modules as they are must read `import.meta`: Safari 11.1,
Chrome 64, Firefox 62; the worker needs modules in workers: Safari 15, Chrome 80, Firefox 114.
Node.js: {{ engines }}. Types for TypeScript are in the package.

## What it was made from

Version {{ version }}. `digest` is the sha256 of the bundle's manifest.json, which is in the
package, too, and names the digests of all that the model was made from:
`{{ digest }}`.

{% if license %}License: {{ license }}, see LICENSE.{% else -%}
No license is stated: ask the publisher.{% endif %}
"""


def render(values: Mapping[str, Any]) -> str:
    """Return the text of README.md.

    ``values`` are those that the template names; ``of`` has the metrics of each label.
    """
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters |= {"cell": _cell, "number": _number, "percent": _percent}
    return environment.from_string(TEMPLATE).render(shown=SHOWN_LABELS, **values)


def _number(value: int) -> str:
    return f"{value:,}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _cell(text: str) -> str:
    """Return a label as code in a table's cell, which a bar would end."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")
