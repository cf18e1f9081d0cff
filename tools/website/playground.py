"""The digits of the playground, packed into a script of its own while the book is built."""

from pathlib import Path
from urllib.parse import urlsplit

from tools.website import shell

SOURCE = Path(__file__).resolve().parents[2] / "book" / "assets" / "playground"
FOLDER, NAME = Path("_static") / "playground", "digits.js"
_BASE_17 = "0123456789abcdefg"


def digits():
    """Return the digits of `lessons.data` as a JavaScript module: one letter a pixel, 0 to 16.

    The training digits come first, as `lessons.data.digits` splits them.
    """
    from lessons import data

    found = data.digits(standardize=False)
    pixels, labels = "", ""
    for x, y in ((found.train_x, found.train_y), (found.test_x, found.test_y)):
        pixels += "".join(_BASE_17[int(value)] for value in x.flatten().tolist())
        labels += "".join(map(str, y.tolist()))
    train = len(found.train_y)
    return (
        "// E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.\n"
        f'export const DIGITS = {{\n  train: {train},\n  labels: "{labels}",\n'
        f'  pixels: "{pixels}",\n}};\n'
    )


def serve(context, host):
    """Let a browser context find the playground at ``host``, without a built website.

    ``host`` itself is a page with nothing but the playground and its sisters in chapters.
    """
    places = "".join(f"<div {mark}></div>" for mark in shell.MODULES)
    scripts = "".join(f'<script type="module" src="/{m}"></script>' for m in shell.MODULES.values())
    page = (
        '<!DOCTYPE html><html lang="en" data-theme="light"><title>The playground</title>'
        f'<link rel="stylesheet" href="/playground.css"><main>{places}</main>{scripts}</html>'
    )
    packed = digits()

    def answer(route):
        name = urlsplit(route.request.url).path[1:]
        kind = {"js": "text/javascript", "css": "text/css"}.get(
            name.rpartition(".")[2], "text/html"
        )
        file = SOURCE / name
        body = packed if name == NAME else file.read_text(encoding="utf-8") if name else page
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    context.route(f"{host}**", answer)


def write(app, error):
    """Write the module beside the playground's others, once."""
    folder = Path(app.outdir) / FOLDER
    if error or not folder.is_dir() or (folder / NAME).is_file():
        return
    (folder / NAME).write_text(digits(), encoding="utf-8")


def setup(app):
    """Run when all files are in place."""
    app.connect("build-finished", write)
