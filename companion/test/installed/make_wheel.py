"""Make a small wheel without building anything: `make_wheel.py FOLDER NAME VERSION`. Prints its path."""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

folder, name, version = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
info = f"{name}-{version}.dist-info"
files = {
    f"{name}/__init__.py": f"VERSION = {version!r}\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: hidden\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def line(path: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text)}\n"


record = "".join(line(path, text) for path, text in files.items()) + f"{info}/RECORD,,\n"
wheel = folder / f"{name}-{version}-py3-none-any.whl"
with zipfile.ZipFile(wheel, "w") as archive:
    for path, text in {**files, f"{info}/RECORD": record}.items():
        archive.writestr(path, text)
print(wheel)
