"""Figures as small SVG: what matplotlib writes, with fewer characters.

Compression remembers the last 32 KB of a page. A figure of one panel with its letters as outlines
is about 43 KB as matplotlib writes it and about 22 KB here: each frame then lies within reach of
the one before it, and forty of them cost 58 KB instead of 322 KB.
"""

import io
import re
import xml.etree.ElementTree as ET

_SPACE = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d*\.?\d+(?:[eE][-+]?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LINES = "*{stroke-linejoin:round;stroke-linecap:butt}"


def _round(text, factor=1.0, digits=2):
    def number(match):
        short = f"{float(match[0]) * factor:.{digits}f}"
        short = short.rstrip("0").rstrip(".") if "." in short else short
        return "0" if short == "-0" else short

    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _NUMBER.sub(number, text).strip())


class _Names:
    """Short names in order of appearance, the same for the same figure."""

    def __init__(self, prefix):
        self.prefix, self.known = prefix, {}

    def __getitem__(self, key):
        return self.known.setdefault(key, f"{self.prefix}{len(self.known)}")


def _shorten(element, used, ids, classes):
    attributes = element.attrib
    if attributes.get("id") in used:
        attributes["id"] = ids[attributes["id"]]
    else:
        attributes.pop("id", None)
    link = attributes.pop(_LINK, None)
    if link is not None:
        attributes["href"] = f"#{ids[link[1:]]}" if link.startswith("#") else link
    for name, value in attributes.items():
        attributes[name] = _REFERENCE.sub(lambda m: f"url(#{ids[m[1]]})", value)
    # 1/64 is the unit of a letter's outline; a quarter of a point is fine enough for it.
    if attributes.get("transform") == "scale(0.015625)" and element.tag == "path":
        attributes["d"] = _round(attributes.get("d", ""), 1 / 16, 0)
        attributes["transform"] = "scale(.25)"
    else:
        for name in {"d", "x", "y", "points"} & attributes.keys():
            attributes[name] = _round(attributes[name])
    if "translate(" in attributes.get("transform", ""):
        attributes["transform"] = re.sub(
            r"translate\([^)]*\)",
            lambda m: _NUMBER.sub(lambda n: _round(n[0]), m[0]),
            attributes["transform"],
        )
    if "style" in attributes:
        attributes["class"] = classes[re.sub(r"\s*([:;,])\s*", r"\1", attributes.pop("style"))]


def _flatten(element, definitions):
    """Lift children out of groups that say nothing, and definitions out of the drawing."""
    children = []
    for child in list(element):
        if child.tag == "metadata":
            continue
        _flatten(child, definitions)
        if child.tag == "defs":
            definitions.extend(c for c in child if c.tag != "style")
        elif child.tag == "g" and not child.attrib:
            children.extend(child)
        else:
            children.append(child)
    element[:] = children


def slim(svg):
    """Return the picture ``svg`` (text that matplotlib wrote) in fewer characters.

    Comments and metadata go, coordinates keep two decimals (of a point), names that nothing
    refers to disappear, repeated styles become classes, and definitions stand at the beginning.

    Examples
    --------
    >>> small = slim('<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><path d="M 1.234 2 "/></g></svg>')
    >>> small.partition("</defs>")[2]
    '<path d="M1.23 2"/></svg>'
    """  # noqa: E501
    root = ET.fromstring(svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    ids, classes, definitions = _Names("i"), _Names("s"), []
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.text = element.text if element.text and element.text.strip() else None
        element.tail = None
        _shorten(element, used, ids, classes)
    _flatten(root, definitions)
    head = ET.Element("defs")
    style = ET.SubElement(head, "style")
    style.text = _LINES + "".join(f".{c}{{{s}}}" for s, c in classes.known.items())
    head.extend(definitions)
    root.insert(0, head)
    root.set("xmlns", _SPACE)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _write(figure, stream):
    """Write the figure as SVG; ``savefig`` would draw it twice, first to lay it out."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas, dpi = figure.canvas, figure.dpi
    nothing = dict.fromkeys(["Creator", "Date", "Format", "Type"])
    try:
        with rc_context({"svg.hashsalt": "lessons", "svg.fonttype": "path"}):
            FigureCanvasSVG(figure).print_svg(stream, metadata=nothing)
    finally:
        figure.dpi = dpi
        figure.set_canvas(canvas)


def address(figure):
    """Return a matplotlib figure as a data address, for the ``src`` of an image.

    Letters are outlines, and the same figure always gives the same text.
    """
    stream = io.BytesIO()
    _write(figure, stream)
    # Percent signs, not base64: compressed, forty frames weigh 58 KB this way and 208 KB the other.
    text = slim(stream.getvalue().decode()).replace('"', "'")
    return "data:image/svg+xml," + re.sub("[%#<> ]", lambda m: f"%{ord(m[0]):02X}", text)
