"""What Gradescope's export says about its submissions, in ``submission_metadata.yml``."""

from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class Uploaded:
    """One submission: who handed it in, and when. Several people are a group."""

    names: tuple
    emails: tuple
    ids: tuple
    time: datetime | None


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Reads Ruby's symbols as text and leaves objects of unknown classes out."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


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
    try:
        content = yaml.load(data, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{METADATA} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{METADATA} holds no submissions.")
    found = {}
    for folder, about in content.items():
        if not isinstance(about, dict):
            continue
        people = about.get(":submitters")
        people = [p for p in people or () if isinstance(p, dict)]
        time = about.get(":created_at")
        if isinstance(time, datetime) and time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        found[str(folder)] = Uploaded(
            *(tuple(str(p[key]) for p in people if p.get(key)) for key in (":name", ":email")),
            tuple(str(p[":sid"]) for p in people if p.get(":sid")),
            time if isinstance(time, datetime) else None,
        )
    return found
