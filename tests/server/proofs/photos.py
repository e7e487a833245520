"""The pinned sample photos, cut to the face so that a request costs what a small one does."""

import io
import tomllib

from PIL import Image

# Left, upper, right, lower of the face with some room about it, in pixels of the sample.
CUTS = {"obama.jpg": (230, 0, 750, 560), "obama2.jpg": (60, 60, 620, 800), "biden.jpg": (260, 30, 890, 740)}
SIDE = 320


def sample(root, name):
    """The bytes of a sample by its name in the manifest."""
    manifest = tomllib.loads((root / "models/manifest.toml").read_text())
    for entry in manifest["sample"]:
        if entry["name"] == name:
            return (root / "models/store" / entry["sha256"]).read_bytes()
    raise KeyError(name)


def encoded(image, kind="JPEG", **more):
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 92} if kind == "JPEG" else {}), **more)
    return out.getvalue()


class Photos:
    """Whole samples by name, and `face(name)`: a small picture of the face in it."""

    def __init__(self, root):
        self.whole = {name: sample(root, name) for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg")}
        self.images = {}
        for name, cut in CUTS.items():
            image = Image.open(io.BytesIO(self.whole[name])).convert("RGB")
            cut = image.crop(cut)
            cut.thumbnail((SIDE, SIDE))
            self.images[name] = cut
        self.faces = {name: encoded(image) for name, image in self.images.items()}

    def face(self, name):
        return self.faces[name]
