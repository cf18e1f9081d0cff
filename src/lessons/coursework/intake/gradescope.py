"""What Gradescope's export says about its submissions, in ``submission_metadata.yml``.

YAML can be written to do harm (nesting without end, aliases that multiply). So it is read by this
file run as a program of its own, with limits; only plain text comes back.
"""

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime

METADATA = "submission_metadata.yml"
SECONDS, MEMORY, MOST = 20, 2**29, 2**24


@dataclass(frozen=True)
class Uploaded:
    """One submission: who handed it in, and when. Several people are a group."""

    names: tuple
    emails: tuple
    ids: tuple
    time: datetime | None


def read(data):
    """Return ``{folder: Uploaded}`` from the bytes of the metadata file.

    Raises
    ------
    ValueError
        If it is no such file.

    Examples
    --------
    >>> text = b"submission_7:\\n  :submitters:\\n  - :name: Ada\\n    :email: ada@uni.edu\\n"
    >>> read(text)["submission_7"].emails
    ('ada@uni.edu',)
    """
    command = [sys.executable, "-I", "-B", __file__]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=3 * SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{METADATA} took too long to read.") from None
    if done.returncode or len(done.stdout) > MOST:
        raise ValueError(f"{METADATA} cannot be read: too deep, too large, or broken.")
    said = json.loads(done.stdout)
    if "problem" in said:
        raise ValueError(f"{METADATA} {said['problem']}")
    return {
        folder: Uploaded(*map(tuple, people), datetime.fromisoformat(time) if time else None)
        for folder, (*people, time) in said.items()
    }


def _plain(value):
    """Return a scalar as text, and nothing for anything else."""
    return str(value)[:500] if isinstance(value, str | int | float | date) else ""


def _entry(about):
    people = about.get(":submitters")
    people = [p for p in people if isinstance(p, dict)] if isinstance(people, list) else []
    kinds = (":name", ":email", ":sid")
    found = [[text for p in people if (text := _plain(p.get(key)))] for key in kinds]
    time = about.get(":created_at")
    if not isinstance(time, datetime):
        return [*found, None]
    return [*found, (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()]


def _load(data):
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        """Reads Ruby's symbols as text and leaves objects of unknown classes out."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    try:
        content = yaml.load(data, Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {"problem": f"cannot be read: {str(error)[:500]}"}
    if not isinstance(content, dict):
        return {"problem": "holds no submissions."}
    return {
        folder: _entry(about)
        for folder, about in content.items()
        if isinstance(folder, str) and isinstance(about, dict)
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(_load(sys.stdin.buffer.read()), sys.stdout)
