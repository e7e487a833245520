"""Pictures and bodies that are made to hurt."""

import io
import random
import struct
import zlib

from PIL import Image

from .http import Client, form, raw, status_of
from .house import add, base64_of, enroll
from .photos import encoded
from .report import check, require

# The server's own deadline for the work on a picture.
MOST_SECONDS = 30.0
# What the corpus may add to the peak: for each of two workers a picture at the limit of 16 million pixels, and the
# canvases of the finest search.
MOST_KIB = 2 * (50 + 100) << 10
# Its arithmetic decoder makes pixels of any bytes.
TAKEN = "random bytes behind the head of WEBP"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixels=b"", depth=8, color=2, before=b""):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(count):
    """Many zeros, deflated, without ever having them: one block over and over, and the checksum of zeros."""
    size = 1 << 20
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(size)) + deflate.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = rest.compress(bytes(count % size)) + rest.flush()
    return b"\x78\xda" + block * (count // size) + rest + struct.pack(">HH", count % 65521, 1)


def jpeg_segment(jpeg, marker, data):
    """A JPEG with one more segment at its beginning."""
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def many_scans(jpeg, scans):
    """A progressive JPEG that repeats its last scan."""
    at = jpeg.rindex(b"\xff\xda")
    return jpeg[:at] + jpeg[at:-2] * scans + jpeg[-2:]


def resized_jpeg(jpeg, width, height):
    at = min(at for mark in (b"\xff\xc0", b"\xff\xc2") if (at := jpeg.find(mark)) > 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def pictures(photo, full):
    """Name, bytes."""
    if full:
        yield "PNG of 4000x4000 zeros, at the limit of pixels", png(4000, 4000, zeros(4000 * 12_001))
    yield "PNG of 7000x7000 zeros, above the limit of pixels", png(7000, 7000, zeros(7000 * 21_001))
    dice = random.Random(5)
    image = Image.open(io.BytesIO(photo))
    progressive = encoded(image, progressive=True)
    frames = [image.resize((64, 64)).rotate(turn) for turn in range(0, 360, 3)]
    webp = encoded(image, "WEBP")
    yield "nothing", b""
    yield "one byte", b"\xff"
    for size in (16, 1_000, 100_000):
        yield f"{size} random bytes", dice.randbytes(size)
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = encoded(image, kind)
        for part in (0.01, 0.5, 0.99):
            yield f"{kind} cut at {part:.0%}", whole[: int(len(whole) * part)]
        for number in range(5):
            bent = bytearray(whole)
            for _ in range(20):
                bent[dice.randrange(len(bent))] = dice.randrange(256)
            yield f"{kind} with 20 bytes changed, {number}", bytes(bent)
        yield f"random bytes behind the head of {kind}", whole[:64] + dice.randbytes(50_000)
    yield "PNG of 65535x65535, no pixels", png(65535, 65535)
    yield "PNG of 30000x30000, no pixels", png(30000, 30000)
    yield "PNG of 30000x30000, deflated zeros", png(30000, 30000, zeros(900_000_000), 8, 0)
    yield "PNG of 2147483647x1", png(2**31 - 1, 1, zeros(1 << 24), 8, 0)
    yield "PNG of 0x0", png(0, 0)
    yield "PNG of 4000x4000 with pixels for ten times as many", png(4000, 4000, zeros(480_000_000))
    yield "PNG with a color profile that inflates to 1 GB", png(8, 8, zeros(200), before=chunk(b"iCCP", b"x\0\0" + zeros(1 << 30)))
    yield "PNG with text that inflates to 1 GB", png(8, 8, zeros(200), before=chunk(b"zTXt", b"x\0\0" + zeros(1 << 30)))
    yield "PNG with a chunk of 4 GB announced", b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR" + bytes(64)
    yield "JPEG of 65535x65535", resized_jpeg(photo, 65535, 65535)
    yield "JPEG of 0x0", resized_jpeg(photo, 0, 0)
    yield "progressive JPEG with 1000 scans", many_scans(progressive, 1000)
    yield "JPEG with 8 MB of EXIF", jpeg_repeated(photo, 0xE1, b"Exif\0\0" + bytes(65_000), 128)
    yield "JPEG with a color profile in 255 parts of which none fits", jpeg_repeated(photo, 0xE2, b"ICC_PROFILE\0\x01\xff" + bytes(60_000), 100)
    yield "JPEG whose EXIF points at itself", jpeg_segment(photo, 0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08")
    yield "animated WebP of 120 frames", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "WebP of 16384x16384 in its head", webp[:20] + b"\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + webp[30:]
    yield "GIF", encoded(image.convert("P"), "GIF")
    yield "BMP", encoded(image, "BMP")
    yield "TIFF", encoded(image, "TIFF")
    yield "SVG", b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
    yield "JPEG that is a ZIP behind", photo + b"PK\x03\x04" + bytes(1000)
    yield "PNG whose inside is a JPEG", b"\x89PNG\r\n\x1a\n" + photo
    yield "JPEG of 15 MB of padding", jpeg_repeated(photo, 0xFE, bytes(65_000), 230)


def jpeg_repeated(jpeg, marker, data, times):
    for _ in range(times):
        jpeg = jpeg_segment(jpeg, marker, data)
    return jpeg


@check("a hostile picture is refused or looked at, within bounds of time and memory, and nothing else happens")
def hostile_pictures(world):
    with world.house() as house:
        client = house.everything()
        person = enroll(world, client, "hostile", world.photos.face("obama.jpg"))
        honest = [("picture", world.photos.whole["obama3.jpg"])]
        for _ in range(4):
            require(client.post("/v1/detect", parts=honest).status == 200, "an honest photo is refused")
        peak, descriptors = house.status("VmHWM"), house.descriptors()
        told, slowest, count = {}, (0.0, ""), 0
        for name, data in pictures(world.photos.face("obama2.jpg"), world.full):
            asked = {
                "detect": lambda: client.post("/v1/detect", parts=[("picture", data)]),
                "verify": lambda: client.post(f"/v1/subjects/{person}/verify", {"probe": base64_of(data)}),
                "faces": lambda: client.post(f"/v1/subjects/{person}/faces", parts=[("photo", data)]),
            }
            for route, ask in asked.items():
                reply = ask()
                count += 1
                fine = (200, 201, 400, 413, 422)
                require(reply.status in fine, f"{name} to {route}: {reply.status} {reply.body[:200]}")
                slowest = max(slowest, (reply.seconds, f"{name} to {route}"))
                if route == "detect":
                    told[name] = reply
        for name, reply in told.items():
            # What cannot be a picture is none.
            if name != TAKEN and any(word in name for word in ("random", "nothing", "65535", "30000", "7000x7000", "0x0", "SVG", "BMP", "TIFF", "GIF")):
                require(reply.status == 422 and reply.code == "picture_invalid", f"{name}: {reply.status} {reply.body[:200]}")
        require(slowest[0] <= MOST_SECONDS, f"{slowest[1]} took {slowest[0]:.1f} s")
        grown = house.status("VmHWM") - peak
        require(grown <= MOST_KIB, f"the peak grew by {grown} KiB")
        require(house.descriptors() <= descriptors + 4, "descriptors are left open")
        house.healthy()
        # The control: an honest picture is looked at as before.
        require(len(client.post("/v1/detect", parts=honest).json()["faces"]) == 1, "the server no longer sees")
        looked = sum(reply.status == 200 for reply in told.values())
        return (
            f"{count} questions with {len(told)} pictures ({looked} can be looked at), slowest "
            f"{slowest[0]:.2f} s ({slowest[1]}), peak +{max(grown, 0) >> 10} MiB"
        )


def head(path, key, more="", method="POST"):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n{more}".encode()


def sized(path, key, kind, body, more=""):
    return head(path, key, f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n") + body


def bodies(world, key, person):
    """Name, what is sent, which statuses are right (0: the server closes without a word)."""
    face = world.photos.face("obama.jpg")
    text, js, multi = base64_of(face), "application/json", "multipart/form-data"
    verify, detect, subjects = f"/v1/subjects/{person}/verify", "/v1/detect", "/v1/subjects"

    def json_body(name, body, right, path=subjects, kind=js):
        return name, sized(path, key, kind, body if isinstance(body, bytes) else body.encode(), ""), right

    yield json_body("JSON that nests 10,000 deep", '{"id":' + "[" * 10_000 + "]" * 10_000 + "}", {400})
    yield json_body("JSON that nests 100,000 deep and never ends", '{"a":' * 100_000, {400})
    yield json_body("a field that comes twice", '{"id":"a","id":"b"}', {400})
    yield json_body("a field that is not known", '{"id":"a","' + world.canary("field") + '":1}', {400})
    yield json_body("an id with NUL", '{"id":"a\\u0000b"}', {201, 400, 422})
    yield json_body("an id with half a surrogate", '{"id":"\\ud800"}', {400})
    yield json_body("an id that is not UTF-8", b'{"id":"\xff\xfe"}', {400})
    yield json_body("an id of 1 MB", '{"id":"' + "a" * 1_000_000 + '"}', {422})
    yield json_body("a number with 100,000 digits for an id", '{"id":' + "9" * 100_000 + "}", {400})
    yield json_body("1e999999 for a number", '{"scopes":["verify"],"days":1e999999}', {400}, "/v1/keys")
    yield json_body("-1 for a number of days", '{"scopes":["verify"],"days":-1}', {400, 422}, "/v1/keys")
    yield json_body("a million scopes", '{"scopes":[' + '"verify",' * 999_999 + '"verify"]}', {201, 400, 422}, "/v1/keys")
    yield json_body("null", "null", {400})
    yield json_body("a list in place of an object", '["a"]', {400, 201})
    yield json_body("JSON with a byte order mark", b'\xef\xbb\xbf{"id":"a"}', {400})
    yield json_body("JSON in UTF-16", '{"id":"a"}'.encode("utf-16"), {400})
    yield json_body("nothing at all", "", {400})
    yield json_body("two values", '{"id":"x"}{"id":"y"}', {400})
    yield json_body("base64 that is none", '{"probe":"%%%"}', {400}, verify)
    yield json_body("base64 in lines", '{"probe":"' + text[:76] + '\\n' + text[76:] + '"}', {400}, verify)
    yield json_body("both probe and something else", '{"probe":"' + text + '","subject":"x"}', {400}, verify)
    yield json_body("JSON said to be text", '{"id":"a"}', {415}, kind="text/plain")
    yield json_body("JSON said to be XML", '{"id":"a"}', {415}, kind="application/xml")
    yield json_body("a form where JSON is asked for", form([("id", b"a")])[1], {415}, kind=form([])[0])
    yield "no content type", head(subjects, key, "Content-Length: 10\r\n\r\n") + b'{"id":"a"}', {415}

    def form_body(name, body, right, kind=f"{multi}; boundary=b", path=detect):
        return name, sized(path, key, kind, body), right

    part = b'--b\r\nContent-Disposition: form-data; name="picture"\r\n\r\n' + face + b"\r\n"
    yield form_body("a form without boundary", part + b"--b--\r\n", {400}, multi)
    yield form_body("a form with another boundary", part + b"--b--\r\n", {400}, f"{multi}; boundary=c")
    yield form_body("a form with a boundary of 1 MB in the header", part, {400, 431}, f"{multi}; boundary=" + "b" * 1_000_000)
    yield form_body("a form that does not end", part, {200, 400})
    yield form_body("a form cut in a part", part[:5000], {400})
    yield form_body("a part that comes twice", part + part + b"--b--\r\n", {400})
    yield form_body("10,000 parts", part[:60] + b"\r\n" + b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 10_000 + b"--b--\r\n", {400})
    yield form_body("a part without name", b"--b\r\n\r\nx\r\n--b--\r\n", {400})
    yield form_body("a part with a head of 1 MB", b"--b\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\nz\r\n--b--\r\n", {400})
    yield form_body("a part whose file name climbs", part.replace(b'name="picture"', b'name="picture"; filename="../../../etc/passwd"') + b"--b--\r\n", {200})
    yield form_body("a form inside a form", b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n", {400})
    yield form_body("random bytes for a form", random.Random(6).randbytes(100_000), {400})

    large = 17 << 20
    yield "a body beyond the limit, announced", head(detect, key, f"Content-Type: {js}\r\nContent-Length: {large}\r\n\r\n") + b" " * 70_000, {413, 400}
    yield "a body beyond the limit, sent", sized(detect, key, js, b" " * large), {413, 0}
    yield "a form beyond the limit, sent", sized(detect, key, f"{multi}; boundary=b", part[:60] + bytes(large)), {413, 400, 0}
    yield "a body of 2^63 bytes, announced", head(detect, key, f"Content-Type: {js}\r\nContent-Length: {2**63}\r\n\r\n") + b"{", {400, 413}
    yield "a body of 2^70 bytes, announced", head(detect, key, f"Content-Type: {js}\r\nContent-Length: {2**70}\r\n\r\n"), {400}
    yield "a body of -1 bytes", head(detect, key, f"Content-Type: {js}\r\nContent-Length: -1\r\n\r\n"), {400}
    yield "two lengths that differ", head(detect, key, f"Content-Type: {js}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n") + b"{}", {400}
    chunked = f"Content-Type: {js}\r\nTransfer-Encoding: chunked\r\n"
    # A length beside chunks: RFC 9112 lets a server refuse, or read the chunks and close.
    yield "a length and chunks", head(subjects, key, f"{chunked}Content-Length: 3\r\n\r\n") + b"0\r\n\r\n", {400}
    yield "chunks that never end", head(detect, key, f"{chunked}\r\n") + b"5\r\n{\"a\":\r\n", {400}
    yield "chunks of a wrong size", head(detect, key, f"{chunked}\r\n") + b"zz\r\n{}\r\n0\r\n\r\n", {400}
    yield "a chunk of 2^64 bytes", head(detect, key, f"{chunked}\r\n") + b"FFFFFFFFFFFFFFFF\r\n{", {400}
    yield "chunks beyond the limit", head(detect, key, f"{chunked}\r\n") + (b"100000\r\n" + bytes(1 << 20) + b"\r\n") * 17 + b"0\r\n\r\n", {413, 0}
    yield "a chunk with an extension of 1 MB", head(detect, key, f"{chunked}\r\n") + b"1;" + b"x" * 1_000_000 + b"\r\n{\r\n0\r\n\r\n", {400, 0}
    yield "a body that is compressed", sized(subjects, key, js, zlib.compress(b'{"id":"a"}'), "Content-Encoding: deflate\r\n"), {400, 415}

    yield "10,000 headers", head("/healthz", key, "".join(f"X-{n}: y\r\n" for n in range(10_000)) + "\r\n", "GET"), {431, 400}
    yield "a header of 1 MB", head("/healthz", key, "X: " + "y" * 1_000_000 + "\r\n\r\n", "GET"), {431, 400}
    yield "a path of 1 MB", b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431, 400}
    yield "a query of 60 KB", head("/v1/subjects?after=" + "a" * 60_000, key, "\r\n", "GET"), {400, 414}
    yield "a path that climbs", head("/v1/../../etc/passwd", key, "\r\n", "GET"), {404}
    yield "a path with an encoded slash", head("/v1/subjects/%2e%2e%2f%2e%2e%2fkeys", key, "\r\n", "GET"), {404, 422}
    yield "a path with encoded NUL", head("/v1/subjects/%00", key, "\r\n", "GET"), {400, 404, 422}
    yield "a path that is not UTF-8", head("/v1/subjects/%ff%fe", key, "\r\n", "GET"), {400}
    yield "a holder part that is none", sized(subjects, key, js, b'{"id":"h"}', "Countenance-Holder: zz\r\n"), {400}
    yield "two keys", sized(subjects, key, js, b'{"id":"h"}', f"Authorization: Bearer {key}\r\n"), {401}
    yield "another scheme", b"GET /v1/keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic YTpi\r\n\r\n", {401}
    yield "no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), {400, 0}
    yield "HTTP/2 without being asked", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100), {400, 505, 0}
    yield "HTTP/0.9", b"GET /\r\n", {400, 0}
    yield "a header without end", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: y", {400, 0}
    yield "a header with NUL", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n", {400}
    yield "a header folded over lines", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n", {400}
    yield "a space before the colon", b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", {400}
    yield "a method that is none", b"G\xc3\x84T /healthz HTTP/1.1\r\nHost: x\r\n\r\n", {400}
    yield "a method of 1 MB", b"G" * 1_000_000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405, 431, 0}
    yield "CONNECT", b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n", {404, 405, 400}
    yield "a whole address to somewhere else", head("http://169.254.169.254/v1/keys", "", "\r\n", "GET"), {401, 404}


@check("a body, header or path that is malformed, oversized or lying gets a clear refusal, and never 500")
def hostile_bodies(world):
    with world.house() as house:
        client = house.everything()
        person = enroll(world, client, "bodies", world.photos.face("obama.jpg"))
        descriptors, count, wrong = house.descriptors(), 0, []
        for name, sent, right in bodies(world, client.key, person):
            answer = raw(house.address, sent, seconds=30)
            status = None if answer is None else status_of(answer)
            count += 1
            if status not in right:
                wrong.append(f"{name}: {status}, expected {sorted(right)}: {(answer or b'')[-300:]}")
            elif status >= 400 and b"Internal" in answer:
                wrong.append(f"{name}: {answer[-300:]}")
            house.healthy()
        require(not wrong, lambda: "\n".join(wrong))
        left = house.settle(house.descriptors, descriptors + 4)
        require(left <= descriptors + 4, f"{left} descriptors are open, {descriptors} before")
        # The controls: well-formed ones of the same shapes are taken.
        face = world.photos.face("obama.jpg")
        kind, body = form([("picture", face)])
        require(status_of(raw(house.address, sized("/v1/detect", client.key, kind, body))) == 200, "a good form is refused")
        name = world.canary("good").encode()
        body = b'{"id":"' + name + b'"}'
        require(status_of(raw(house.address, sized("/v1/subjects", client.key, "application/json", body))) == 201, "good JSON is refused")
        reply = Client(house.address, client.key).get(f"/v1/subjects/{name.decode()}")
        require(reply.status == 200, "what was added is not there")
        add(world, client, "after")
        return f"{count} requests"
