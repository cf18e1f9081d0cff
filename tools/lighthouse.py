"""Measure the built website with Lighthouse and write it to benchmarks/results.md.

    python -m tools.lighthouse [--runs 3] [PAGE …]

npm fetches Lighthouse, the system's Chromium loads the pages, and they are served compressed, as
hosts of static sites do. The median of the runs counts: a busy machine makes pages slow.
"""

import argparse
import functools
import gzip
import http.server
import json
import mimetypes
import os
import shutil
import statistics
import subprocess
import threading
from pathlib import Path

from benchmarks.results import table, write_section
from tools.repository import ROOT

LIGHTHOUSE = "lighthouse@12.8.2"
FOLDER = ROOT / "_build" / "lighthouse"
SITE = ROOT / "_build" / "html"
PAGES = [
    "book/index",
    "notebooks/causes/vanishing_and_exploding",
    "notebooks/fixes/clipping",
    "notebooks/signs/monitor",
    "book/glossary",
]
GOALS = {"mobile": 90, "desktop": 97}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
COMPRESSED = (".html", ".css", ".js", ".svg", ".json")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Compressed(http.server.SimpleHTTPRequestHandler):
    """Serve files, text compressed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        if path.suffix in COMPRESSED:
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def install():
    """Return the path of Lighthouse's command, fetching it once."""
    command = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if not command.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is not installed; Lighthouse comes from there.")
        FOLDER.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--silent", "--prefix", str(FOLDER)]
        subprocess.run([npm, "install", *quiet, LIGHTHOUSE], check=True)
    return command


def measure(command, address, kind):
    """Return Lighthouse's report of one page, loaded as on a phone or on a desk."""
    report = FOLDER / "report.json"
    chrome = next(filter(None, map(shutil.which, NAMES)), None)
    if chrome is None:
        raise SystemExit(f"No browser: none of {', '.join(NAMES)} is on the PATH.")
    flags = ["--quiet", "--output=json", f"--output-path={report}"]
    flags += ["--chrome-flags=--headless=new --no-sandbox --disable-quic"]
    flags += ["--preset=desktop"] if kind == "desktop" else []
    environment = os.environ | {"CHROME_PATH": chrome}
    subprocess.run([command, address, *flags], check=True, env=environment, capture_output=True)
    return json.loads(report.read_text(encoding="utf-8"))


def summary(reports):
    """Return the medians of several reports of one page.

    Returns
    -------
    dict
        Scores from 0 to 100 by category; "lcp" in seconds, "shift" and "bytes".
    """

    def middle(pick):
        return statistics.median(map(pick, reports))

    scores = {
        name: round(100 * middle(lambda report, name=name: report["categories"][name]["score"]))
        for name in CATEGORIES
    }
    value = {
        "lcp": "largest-contentful-paint",
        "shift": "cumulative-layout-shift",
        "bytes": "total-byte-weight",
    }
    return scores | {
        key: middle(lambda report, audit=audit: report["audits"][audit]["numericValue"])
        for key, audit in value.items()
    }


def main():
    """Measure each page on both kinds of machine and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("pages", nargs="*", default=PAGES)
    options = parser.parse_args()
    if not (SITE / "index.html").is_file():
        raise SystemExit("There is no built website in _build/html. Build it first: make book")
    command, rows, loads = install(), [], []
    handler = functools.partial(Compressed, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in options.pages:
            for kind in GOALS:
                address = f"http://127.0.0.1:{server.server_port}/{page}.html"
                seen = summary([measure(command, address, kind) for _ in range(options.runs)])
                loads.append(os.getloadavg()[0])
                scores = [seen[name] for name in CATEGORIES]
                more = (f"{seen['lcp'] / 1000:.1f}", f"{seen['shift']:.3f}")
                rows.append((page, kind, *scores, *more, f"{seen['bytes'] / 1000:.0f}"))
                print(*rows[-1], flush=True)
        server.shutdown()
    if options.pages != PAGES:
        return
    head = ["page", "loaded on", "performance", "accessibility", "best practices", "SEO"]
    head += ["largest paint, s", "layout shift", "KB"]
    text = [
        "## How light the pages are",
        f"Measured by `make lighthouse`: {LIGHTHOUSE}, its slow phone (4 times slower processor, "
        f"1.6 Mbit/s) and its desktop, served compressed; the median of {options.runs} run(s). "
        f"Meanwhile {statistics.mean(loads):.0f} processes wanted this machine's {os.cpu_count()} "
        "cores; beyond one each, pages look slower than they are. The "
        f"goal is a performance of {GOALS['mobile']} on the phone and {GOALS['desktop']} on the "
        "desktop, and a layout shift below 0.02. Bytes are all that a first visit loads.",
        table(head, rows),
    ]
    write_section("lighthouse", "\n\n".join(text))
    print("Written: benchmarks/results.md")


if __name__ == "__main__":
    main()
