#!/usr/bin/env python3
"""Renders specimens of travel documents, each with the truth beside it.

    specimens.py --out DIR --photos models/store [--count 20] [--seed 1] [--kinds clean,rotated]

Nobody's document is shown: the country is Utopia (UTO), names and numbers are drawn by chance from a seed,
and the portrait is a pinned sample photograph (`cargo xtask models`). The same seed gives the same pictures.
Needs Pillow and numpy, and OCR-B as Debian's `fonts-ocr-b` lays it down.

DIR/specimens.json is a list of {"file", "kind", "format", "lines", "checks", "fields", "portrait"}: `checks` is what the
check digits of the lines are, `fields` what was written.
"""

import argparse
import json
import math
import pathlib
import random
import sys

FONT = pathlib.Path("/usr/share/fonts/opentype/ocr-b/OCRB.otf")
# SHA-256 of the sample photographs in models/manifest.toml.
PHOTOS = {
    "obama": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "biden": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
}
# Where the head is in each: left, top, right, bottom in parts of the picture.
HEADS = {"obama": (0.265, 0.05, 0.735, 0.535), "biden": (0.355, 0.09, 0.755, 0.315)}
# Width and height in millimeters, lines, characters a line.
FORMATS = {
    "TD1": (85.6, 54.0, 3, 30),
    "TD2": (105.0, 74.0, 2, 36),
    "TD3": (125.0, 88.0, 2, 44),
    "MRV-A": (120.0, 80.0, 2, 44),
    "MRV-B": (105.0, 74.0, 2, 36),
}
KINDS = ["clean", "wrong_digit", "rotated", "tilted", "glare", "blurred", "dim", "small", "two_faces", "no_face", "held", "large"]
SURNAMES = ["ERIKSSON", "VAN DER MUELLEN", "DE LA CRUZ", "OKONKWO", "STEVENSON", "SMITH JONES", "PAPANDROPOULOS", "NG",
            "ZUBIZARRETA", "JANSEN", "QUINTEROS", "BOBBIO", "OXFORD", "SZOSTAK", "HUBER", "WOZNIAK", "LILLE", "GOODE"]
GIVEN = ["ANNA MARIA", "JOHN", "LI", "ALEJANDRO JOSE", "WILHELMINA", "OLGA", "BEATRIZ", "XAVIER", "IKE", "SIGRID ULLA",
         "DMITRI", "FELIX", "JACQUELINE", "YUKO", "PIA", "ZOE"]
COUNTRIES = ["UTO", "UTO", "UTO", "D<<", "FRA", "BRA", "XOM", "GBR", "ISL"]
WIDTH, HEIGHT = 1280, 720


def value(character):
    return 0 if character == "<" else int(character, 36)


def digit(text):
    """The check digit of Doc 9303 part 3: weights 7, 3, 1, sum modulo 10."""
    return str(sum(value(c) * (7, 3, 1)[i % 3] for i, c in enumerate(text)) % 10)


def names(surname, given, width):
    text = surname.replace(" ", "<") + "<<" + given.replace(" ", "<")
    return text[:width].ljust(width, "<")


def date(rng, first, last):
    return f"{rng.randint(first, last) % 100:02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def alphanumeric(rng, length):
    return "".join(rng.choice("0123456789" * 3 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(length))


def broken(rng, check):
    return str((int(check) + rng.randint(1, 9)) % 10)


def zone(rng, form, wrong):
    """Lines, fields and what the check digits are: every one right, or one chosen by chance wrong."""
    country, nation = rng.choice(COUNTRIES), rng.choice(COUNTRIES)
    surname, given = rng.choice(SURNAMES), rng.choice(GIVEN)
    number = alphanumeric(rng, rng.choice([8, 9, 9, 9])).ljust(9, "<")
    birth, expiry = date(rng, 1940, 2008), date(rng, 2027, 2035)
    sex = rng.choice("MFX").replace("X", "<")
    which = {"TD1": ["number", "birth", "expiry", "composite"], "TD2": ["number", "birth", "expiry", "composite"],
             "TD3": ["number", "birth", "expiry", "personal", "composite"],
             "MRV-A": ["number", "birth", "expiry"], "MRV-B": ["number", "birth", "expiry"]}[form]
    bad = rng.choice(which) if wrong else None
    checks = {}

    def check(name, text):
        right = digit(text)
        checks[name] = "failed" if name == bad else "passed"
        return broken(rng, right) if name == bad else right

    n = number + check("number", number)
    b = birth + check("birth", birth)
    e = expiry + check("expiry", expiry)
    if form == "TD1":
        code = rng.choice(["I<", "ID", "AC"])
        optional = rng.choice(["", alphanumeric(rng, 10), alphanumeric(rng, 15)]).ljust(15, "<")
        optional2 = rng.choice(["", alphanumeric(rng, 6), alphanumeric(rng, 11)]).ljust(11, "<")
        first = code + country + n + optional
        second = b + sex + e + nation + optional2
        second += check("composite", first[5:30] + second[0:7] + second[8:15] + second[18:29])
        lines = [first, second, names(surname, given, 30)]
    elif form in ("TD2", "MRV-B"):
        code = rng.choice(["I<", "ID"]) if form == "TD2" else rng.choice(["V<", "VB"])
        optional = rng.choice(["", alphanumeric(rng, 5)]).ljust(7 if form == "TD2" else 8, "<")
        second = n + nation + b + sex + e + optional
        if form == "TD2":
            second += check("composite", second[0:10] + second[13:20] + second[21:35])
        lines = [code + country + names(surname, given, 31), second]
    else:
        code = "P<" if form == "TD3" else rng.choice(["V<", "VA"])
        second = n + nation + b + sex + e
        if form == "TD3":
            personal = rng.choice(["", alphanumeric(rng, 10), alphanumeric(rng, 14)]).ljust(14, "<")
            if personal == "<" * 14 and bad != "personal":
                checks["personal"] = "passed"
                second += personal + rng.choice("0<")
            else:
                second += personal + check("personal", personal)
            second += check("composite", second[0:10] + second[13:20] + second[21:43])
        else:
            second += rng.choice(["", alphanumeric(rng, 9)]).ljust(16, "<")
        lines = [code + country + names(surname, given, 39), second]
    fields = {"surname": surname, "given": given, "code": code.rstrip("<"), "issuer": country.rstrip("<"), "nation": nation.rstrip("<"),
              "number": number.rstrip("<"), "birth": birth, "expiry": expiry}
    assert all(len(line) == FORMATS[form][3] for line in lines), lines
    return lines, fields, checks


def head(Image, photos, who, side):
    left, top, right, bottom = HEADS[who]
    picture = Image.open(photos / PHOTOS[who]).convert("RGB")
    w, h = picture.size
    cut = picture.crop((int(left * w), int(top * h), int(right * w), int(bottom * h)))
    return cut.resize((int(side * 0.78), side), Image.LANCZOS)


def page(rng, pillow, np, photos, form, zone_, kind, scale):
    """The document itself, flat and seen from straight above: `scale` pixels a millimeter."""
    Image, ImageDraw, ImageFont = pillow
    lines, fields, _ = zone_
    w_mm, h_mm, count, columns = FORMATS[form]
    w, h = int(w_mm * scale), int(h_mm * scale)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    base = np.array([rng.randint(205, 240) for _ in range(3)], np.float32)
    # Fine wavy lines like those of security printing.
    phase = rng.random() * 6
    waves = np.sin((y + 6 * scale * np.sin(x / (9 * scale) + phase)) * 2 * math.pi / (1.1 * scale))
    waves2 = np.sin((x + 4 * scale * np.sin(y / (7 * scale))) * 2 * math.pi / (1.7 * scale))
    tint = np.array([rng.uniform(4, 14) for _ in range(3)], np.float32)
    pixels = base + (waves * 0.6 + waves2 * 0.4)[..., None] * tint
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)

    def label(x_mm, y_mm, text, size_mm, ink=(60, 60, 70)):
        draw.text((x_mm * scale, y_mm * scale), text, fill=ink, font=ImageFont.load_default(size=size_mm * scale))

    zone_top = h_mm - 23.2
    side = min(36.0, zone_top - 12.0)
    if kind != "no_face":
        who = fields["portrait"]
        picture.paste(head(Image, photos, who, int(side * scale)), (int(5 * scale), int(9 * scale)))
        if kind == "two_faces":
            other = head(Image, photos, "biden" if who == "obama" else "obama", int(side * scale))
            picture.paste(other, (int((w_mm - 5 - side * 0.78) * scale), int(9 * scale)))
    left = 9 + side * 0.78
    label(5, 2.5, "UTOPIA  SPECIMEN", 3.4, (120, 30, 40))
    rows = [("Surname", fields["surname"]), ("Number", fields["number"]), ("Nationality", fields["nation"]),
            ("Date of birth", fields["birth"])]
    for i, (name, text) in enumerate(rows):
        if kind != "two_faces" and 9 + i * 5.4 < zone_top - 6:
            label(left, 9 + i * 5.4, name, 1.5)
            label(left, 10.6 + i * 5.4, text, 2.5, (20, 20, 25))
    # The zone: ten characters an inch, capitals 2.4 mm high, lines a quarter of an inch apart.
    band = picture.crop((0, int(zone_top * scale), w, h))
    pale = Image.blend(band, Image.new("RGB", band.size, (238, 238, 236)), 0.7)
    picture.paste(pale, (0, int(zone_top * scale)))
    font = ImageFont.truetype(str(FONT), int(round(2.4 * scale / 0.66)))
    capital = font.getbbox("H", anchor="ls")
    font = ImageFont.truetype(str(FONT), int(round(2.4 * scale / 0.66 * 2.4 * scale / (capital[3] - capital[1]))))
    pitch = 2.54 * scale
    x0 = (w - columns * pitch) / 2
    ink = (rng.randint(10, 40),) * 3
    y0 = zone_top + (23.2 - 6.35 * (count - 1)) / 2 + 1.2
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            at = (x0 + (column + 0.5) * pitch, (y0 + row * 6.35) * scale)
            draw.text(at, character, fill=ink, font=font, anchor="ms")
    return picture


def perspective(np, source, target):
    """Coefficients for Image.transform that carry the corners `target` of the result to `source`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()


def shot(rng, pillow, np, filters, flat, kind):
    """A photograph of the document on a table."""
    Image = pillow[0]
    ImageFilter, ImageEnhance = filters
    w, h = flat.size
    share = 0.58 if kind == "small" else rng.uniform(0.86, 0.95)
    size = min(WIDTH * share / w, HEIGHT * share / h)
    angle = math.radians({"rotated": rng.choice([-1, 1]) * rng.uniform(4, 14)}.get(kind, rng.uniform(-1.2, 1.2)))
    if kind == "rotated":
        size *= min(1.0, WIDTH / (WIDTH * math.cos(angle) + HEIGHT * abs(math.sin(angle)) + 1) * 1.02)
    corners = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = dx * w * size / 2, dy * h * size / 2
        corners.append((x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)))
    if kind == "tilted":
        # The camera leans: one side is farther away.
        lean, turn = rng.uniform(-0.22, 0.22), rng.uniform(-0.16, 0.16)
        far = 1.9 * w * size
        corners = [(x * far / (far + x * turn * 2 + y * lean * 2), y * far / (far + x * turn * 2 + y * lean * 2))
                   for x, y in corners]
    cx, cy = WIDTH / 2 + rng.uniform(-8, 8), HEIGHT / 2 + rng.uniform(-6, 6)
    target = [(x + cx, y + cy) for x, y in corners]
    coefficients = perspective(np, [(0, 0), (w, 0), (w, h), (0, h)], target)
    table = np.zeros((HEIGHT, WIDTH, 3), np.float32) + np.array([rng.randint(60, 130) for _ in range(3)])
    grain = np.random.default_rng(rng.randint(0, 1 << 30))
    streak = grain.normal(0, 9, (HEIGHT, 1, 1)) + grain.normal(0, 5, (HEIGHT, WIDTH, 1))
    table = Image.fromarray(np.clip(table + streak, 0, 255).astype(np.uint8))
    # Twice as fine and averaged down, so that strokes are not broken by sampling.
    fine = [2 * c if i in (2, 5) else c for i, c in enumerate(coefficients)]
    fine = perspective(np, [(0, 0), (w, 0), (w, h), (0, h)], [(2 * x, 2 * y) for x, y in target])
    big = (2 * WIDTH, 2 * HEIGHT)
    warped = flat.transform(big, Image.PERSPECTIVE, fine, Image.BICUBIC).resize((WIDTH, HEIGHT), Image.BOX)
    mask = Image.new("L", flat.size, 255).transform(big, Image.PERSPECTIVE, fine, Image.BILINEAR).resize((WIDTH, HEIGHT), Image.BOX)
    picture = Image.composite(warped, table, mask)
    if kind == "blurred":
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(1.2, 4.0)))
    else:
        picture = picture.filter(ImageFilter.GaussianBlur(0.5))
    pixels = np.asarray(picture).astype(np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    # Light falls off to one side.
    a = rng.uniform(0, 2 * math.pi)
    pixels *= (1 + 0.12 * (math.cos(a) * (x / WIDTH - 0.5) + math.sin(a) * (y / HEIGHT - 0.5)))[..., None]
    if kind == "glare":
        gx, gy = rng.uniform(0.2, 0.8) * WIDTH, rng.uniform(0.6, 0.95) * HEIGHT
        rx, ry = rng.uniform(60, 190), rng.uniform(40, 110)
        spot = np.exp(-(((x - gx) / rx) ** 2 + ((y - gy) / ry) ** 2))
        pixels += (spot * rng.uniform(180, 420))[..., None]
    if kind == "dim":
        pixels = pixels * rng.uniform(0.3, 0.45) + 6
    pixels += grain.normal(0, 6 if kind == "dim" else 2.5, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def held(Image, photos, document, who):
    """The document beside the face of somebody else, who is nearer to the camera than it and larger than its portrait."""
    other = head(Image, photos, "biden" if who == "obama" else "obama", 900)
    picture = Image.new("RGB", (WIDTH + other.width, 1000), (110, 110, 110))
    picture.paste(document, (0, 250))
    picture.paste(other, (WIDTH, 50))
    return picture


def large(Image, np, rng, document, form):
    """The document on a table that a camera of 12 megapixels saw whole: 13 to 15 pixels from character to character."""
    width, height = 4032, 3024
    w_mm, h_mm = FORMATS[form][:2]
    pitch = 2.54 * 0.905 * min(WIDTH / w_mm, HEIGHT / h_mm)
    size = rng.uniform(13, 15) / pitch
    document = document.resize((int(document.width * size), int(document.height * size)), Image.LANCZOS)
    grain = np.random.default_rng(rng.randint(0, 1 << 30))
    table = np.array([rng.randint(60, 130) for _ in range(3)]) + grain.normal(0, 3, (height, width, 1))
    picture = Image.fromarray(np.clip(table, 0, 255).astype(np.uint8))
    picture.paste(document, (rng.randint(0, width - WIDTH), rng.randint(0, height - HEIGHT)))
    return picture


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--photos", type=pathlib.Path, required=True, help="the folder models/store")
    parser.add_argument("--count", type=int, default=20, help="specimens of each kind (default 20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    try:
        import numpy as np
        from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont
    except ImportError as missing:
        sys.exit(f"specimens: {missing}; install Pillow and numpy")
    if not FONT.exists():
        sys.exit(f"specimens: no OCR-B at {FONT}; install Debian's fonts-ocr-b")
    asked.out.mkdir(parents=True, exist_ok=True)
    pillow = (Image, ImageDraw, ImageFont)
    told = []
    for kind in asked.kinds.split(","):
        for i in range(asked.count):
            # A specimen depends on its own name alone: more of them, or other kinds, change none.
            rng = random.Random(f"{asked.seed}/{kind}/{i}")
            form = list(FORMATS)[i % len(FORMATS)]
            made = zone(rng, form, kind == "wrong_digit")
            made[1]["portrait"] = ("obama", "biden")[i // len(FORMATS) % 2]
            flat = page(rng, pillow, np, asked.photos, form, made, kind, 14.0)
            name = f"{kind}-{i:03d}.jpg"
            picture = shot(rng, pillow, np, (ImageFilter, ImageEnhance), flat, kind)
            portrait = made[1].pop("portrait")
            if kind == "held":
                picture = held(Image, asked.photos, picture, portrait)
            if kind == "large":
                picture = large(Image, np, rng, picture, form)
            picture.save(asked.out / name, quality=90)
            told.append({"file": name, "kind": kind, "format": form, "lines": made[0], "checks": made[2],
                         "fields": made[1], "portrait": portrait})
    (asked.out / "specimens.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"{len(told)} specimens in {asked.out}")


if __name__ == "__main__":
    main()
