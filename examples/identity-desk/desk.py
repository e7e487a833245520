"""A desk that checks identities: takes a picture of a document, has the live person held against its portrait, checks the result.

python examples/identity-desk/desk.py --key-file vault.admin-key
"""

from __future__ import annotations

import argparse
import html
import secrets
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from countenance import Countenance, CountenanceError, ResultChecker, ResultInvalid

MOST_BYTES = 8 << 20
CAUSES = {
    "no_face": "There is no portrait to be seen.",
    "several_faces": "There are two faces as large: show one document alone.",
    "zone_not_trusted": "The zone at its lower edge is not clear, not right, or the document has expired.",
}


@dataclass
class Case:
    """An application. A real desk keeps it in its database; of the document there is nothing to keep."""

    number: str
    """Attempts are counted on it: the same for each try of one applicant."""
    told: str = "Nothing was shown yet."
    session: str = ""
    nonce: str = ""
    link: str = ""
    identified: bool | None = None


class Desk:
    def __init__(self, client: Countenance, capture: str, address: str, strict: bool) -> None:
        self.client, self.capture, self.address, self.strict = client, capture, address, strict
        self.results = ResultChecker(client.jwks, audience=address)
        self.cases: dict[str, Case] = {}
        self.one_at_a_time = threading.Lock()

    def case(self) -> Case:
        made = Case(f"case-{secrets.token_hex(4)}")
        self.cases[made.number] = made
        return made

    def show(self, case: Case, picture: bytes) -> None:
        """A picture of a document: from here on it is the server's, and gone there once it was looked at."""
        with self.one_at_a_time:
            if case.identified is not None:
                return
            nonce = secrets.token_urlsafe(16)
            looked = self.client.open_document(
                picture,
                case=case.number,
                audience=self.address,
                nonce=nonce,
                way_out=f"{self.address}/counter",
                strict=self.strict,
            )
            checks = looked.checks
            read = f"zone {checks.zone}, check digits {checks.check_digits}"
            if looked.session is None:
                cause = CAUSES.get(looked.cause or "", f"The picture does not do: {looked.cause}.")
                case.told, case.link = f"{cause} Take it again. ({read})", ""
                return
            case.session, case.nonce = looked.session.id, nonce
            case.link = f"{self.capture}/capture#{looked.session.id}.{looked.session.token}"
            case.told = f"The document was read: {read}. Now show that it is you."

    def look(self, case: Case) -> str:
        """Where a case stands; decides it when there is a result, once."""
        with self.one_at_a_time:
            if not case.session or case.identified is not None:
                return case.told
            session = self.client.show_session(case.session)
            if session.result is None:
                if session.state in ("canceled", "expired"):
                    case.session, case.link, case.told = "", "", f"The check is {session.state}. Show the document again."
                return case.told
            case.session, case.link = "", ""
            try:
                result = self.results.check(session.result, nonce=case.nonce, kind="document")
            except ResultInvalid as error:
                case.told = f"Not identified: the result does not hold ({error.fault})."
                return case.told
            checks = result.document
            assert checks is not None, "a result of this kind has them"
            if result.outcome == "recapture":
                case.told = "The pictures were too poor. Show the document again."
                return case.told
            # The outcome is about the face. What the zone is worth is decided here.
            # One that states no date of expiry has None there, which is not in date.
            # Whether zone and portrait are of one document is known where they are on one page.
            trusted = (checks.zone, checks.check_digits, checks.portrait) == ("clear", "passed", "page") and checks.expired is False
            if result.outcome == "accept" and (trusted or not self.strict):
                case.identified = True
                case.told = "Identified" + (", with a zone that is right." if trusted else ": the face alone. The zone says nothing.")
            else:
                case.told = "Not identified. Show the document again, or come to the counter."
            return case.told


SCRIPT = """
const input = document.querySelector("input");
input.onchange = async () => {
  document.querySelector("output").textContent = "One moment";
  await fetch(location.pathname, { method: "POST", body: input.files[0] });
  location.reload();
};
"""


class Pages(BaseHTTPRequestHandler):
    desk: Desk

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            return self.page("Open an account", "<form method=post action=/cases><button>Begin</button></form>")
        if path == "/counter":
            return self.page("At the counter", "<p>Bring your document. A person looks at it, and no camera at you.</p>")
        case = self.desk.cases.get(unquote(path.removeprefix("/cases/")))
        if case is None:
            return self.page("Nothing here", "", 404)
        try:
            told = self.desk.look(case)
        except CountenanceError as error:
            told = f"Not known yet: {error}"
        body = f"<p>{html.escape(told)}</p>"
        if case.identified is None:
            if case.link:
                body += f'<p><a href="{html.escape(case.link)}" target=_blank rel=noopener>Show that it is you</a></p>'
            body += "<p><label>A picture of your document <input type=file accept=image/jpeg,image/png,image/webp></label> <output></output></p>"
            body += f"<p><a href=''>Look again</a></p><p><a href=/counter>Without a camera</a></p><script>{SCRIPT}</script>"
        self.page(f"Your {case.number}", body)

    def do_POST(self) -> None:
        # Another page must not open cases in the name of whoever looks at it.
        if self.headers.get("Origin") != self.desk.address:
            return self.page("Nothing here", "", 404)
        if self.path == "/cases":
            self.send_response(303)
            self.send_header("Location", f"/cases/{quote(self.desk.case().number)}")
            self.end_headers()
            return
        case = self.desk.cases.get(unquote(self.path.removeprefix("/cases/")))
        length = int(self.headers.get("Content-Length") or 0)
        if case is None or not 0 < length <= MOST_BYTES:
            return self.page("Nothing here", "", 404)
        try:
            self.desk.show(case, self.rfile.read(length))
        except CountenanceError as error:
            case.told = f"That does not do: {error}"
        self.page("Looked at", "")

    def page(self, title: str, body: str, status: int = 200) -> None:
        text = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{body}"
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Addresses name cases: nothing is logged."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:7300", help="the server, as browsers reach it, too")
    parser.add_argument("--key-file", required=True, help="a key with the scope sessions")
    parser.add_argument("--lenient", action="store_true", help="take documents whose zone is not clear, right and in date")
    parser.add_argument("--port", type=int, default=8081)
    given = parser.parse_args()
    with Countenance(given.url, key_file=given.key_file) as client:
        server = ThreadingHTTPServer(("127.0.0.1", given.port), Pages)
        address = f"http://localhost:{server.server_address[1]}"
        Pages.desk = Desk(client, given.url, address, not given.lenient)
        print(f"open {address}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
